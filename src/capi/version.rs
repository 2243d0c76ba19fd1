use std::ffi::c_char;

use super::boundary::{guard, out_value, text};
use super::error::runtime_error_t;
use crate::abi;
use crate::features::proposals::PROPOSALS;
use crate::features::{self, FEATURES};

/// The experimental interfaces `wasmcloud:messaging/{producer,request-reply,types}@0.3.0`;
/// by name `wasmcloud-messaging-v3`.
pub const RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3: u64 = 1;
/// The experimental interface `wasmcloud:identity/store@0.0.1`; by name
/// `workload-identity-interface`.
pub const RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE: u64 = 2;
/// The experimental interfaces `wrpc:rpc/...@0.1.0`; by name `rpc-interface`.
pub const RUNTIME_FEATURE_RPC_INTERFACE: u64 = 4;

/// The proposal of exceptions, with `try_table` and `exnref`: for runtime_builder_proposals().
pub const RUNTIME_PROPOSAL_EXCEPTIONS: u64 = 1;
/// The proposal of garbage collection, with structs, arrays and casts.
pub const RUNTIME_PROPOSAL_GC: u64 = 2;
/// The proposal of memories and tables with addresses of 64 bits.
pub const RUNTIME_PROPOSAL_MEMORY64: u64 = 4;

const _: () = {
    let [exceptions, gc, memory64] = PROPOSALS;
    assert!(exceptions.bit == RUNTIME_PROPOSAL_EXCEPTIONS);
    assert!(gc.bit == RUNTIME_PROPOSAL_GC);
    assert!(memory64.bit == RUNTIME_PROPOSAL_MEMORY64);
    let [messaging, identity, rpc] = FEATURES;
    assert!(messaging.bit == RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3);
    assert!(identity.bit == RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE);
    assert!(rpc.bit == RUNTIME_FEATURE_RPC_INTERFACE);
};

/// Tells the ABI number of the library that is loaded.
///
/// It differs from RUNTIME_ABI_VERSION only if a program loads a library it was not built for;
/// bindings compare the two once at start. It is also the number in the SONAME.
///
/// @return The library's RUNTIME_ABI_VERSION.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_abi_version() -> u32 {
    abi::NUMBER
}

/// Tells the version of the library that is loaded.
///
/// @return Such as `0.1.0`, NUL-terminated and static.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Tells the version of Wasmtime inside the library.
///
/// Security advisories name it, and runtime_component_deserialize() takes what the same version
/// wrote.
///
/// @return Such as `48.0.8`, NUL-terminated and static.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_wasmtime_version() -> *const c_char {
    concat!(env!("WASMCELL_WASMTIME_VERSION"), "\0").as_ptr().cast()
}

/// Counts the experimental features that the library knows.
///
/// With runtime_feature_name() and runtime_feature_bit(), lists them for a `--help`.
///
/// @return How many there are; the RUNTIME_FEATURE_ constants are those of this header.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_feature_count() -> usize {
    FEATURES.len()
}

/// Tells the name of an experimental feature.
///
/// @param index  Which one, from 0.
///
/// @return In lower case with dashes, NUL-terminated and static; NULL if `index` is not less
///         than runtime_feature_count().
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_feature_name(index: usize) -> *const c_char {
    FEATURES.get(index).map_or(std::ptr::null(), |feature| feature.c_name.as_ptr())
}

/// Tells the bit of an experimental feature.
///
/// @param index  Which one, from 0.
///
/// @return The bit, as for runtime_builder_experimental_features(); 0 if `index` is not less
///         than runtime_feature_count().
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_feature_bit(index: usize) -> u64 {
    FEATURES.get(index).map_or(0, |feature| feature.bit)
}

/// Turns names of experimental features into a set of bits.
///
/// @param names              Names separated by commas, in any case, with dashes or underscores.
///                           Borrowed for the call; may be NULL if `names_len` is 0.
/// @param names_len          Length of `names`; no names are the empty set.
/// @param[out] features_out  Receives the set, owned by the caller. Set to 0 on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `names` is not UTF-8 or has an unknown name, or if
///         `features_out` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_feature_parse(
    names: *const c_char,
    names_len: usize,
    features_out: *mut u64,
) -> *mut runtime_error_t {
    guard("runtime_feature_parse", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, names) =
            unsafe { (out_value(features_out, "features_out")?, text(names, names_len, "names")?) };
        *out = features::parse(names)?;
        Ok(())
    })
}
