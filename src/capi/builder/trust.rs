use std::ffi::c_char;

use super::{runtime_builder_t, set, set_value};
use crate::builder::RuntimeBuilder;
use crate::capi::boundary::{slice, text};

/// Sets whether components must be signed.
///
/// If so, loading a component without an embedded signature by one of the keys given to
/// runtime_builder_trusted_key() is RUNTIME_ERROR_SIGNATURE, whatever caches hold; and
/// runtime_build() fails unless there is such a key.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param require  Default false.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_require_signature(
    builder: *mut runtime_builder_t,
    require: bool,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_require_signature",
            builder,
            require,
            RuntimeBuilder::require_signature,
        );
    }
}

/// Adds a public key whose signatures count.
///
/// See runtime_builder_require_signature(). Keys add up; there are none by default.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param key      The public key in PEM, DER or OpenSSH form. Copied. Anything else is reported
///                 by runtime_build() as `trusted_key`.
/// @param key_len  Length of `key`.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_trusted_key(
    builder: *mut runtime_builder_t,
    key: *const u8,
    key_len: usize,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own and live bytes.
    unsafe {
        set("runtime_builder_trusted_key", builder, |builder| {
            builder.trusted_key(slice(key, key_len, "trusted_key")?);
            Ok(())
        });
    }
}

/// Sets whether a trap's backtrace has source files and lines.
///
/// They come from the guest's own debug information, which is read at each trap, and may then take
/// a tenth of a second beyond the time limit of a call. A component that has more than 16 MiB of
/// it, or whose debug information is damaged, nests functions more than 64 levels deep, has names
/// of more than 16 KiB or would take longer to read, is compiled without, with a warning in the
/// log. Function names are there in any case.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param enable   Default false.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_backtrace_details(
    builder: *mut runtime_builder_t,
    enable: bool,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_backtrace_details",
            builder,
            enable,
            RuntimeBuilder::backtrace_details,
        );
    }
}

/// Adds experimental features, by bit.
///
/// Components may import a feature's interfaces only if it is on.
///
/// @param builder   The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param features  RUNTIME_FEATURE_ constants, united with `|`; default 0. A bit that stands for
///                   nothing is reported by runtime_build().
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_experimental_features(
    builder: *mut runtime_builder_t,
    features: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_experimental_features",
            builder,
            features,
            RuntimeBuilder::experimental_features,
        );
    }
}

/// Adds experimental features, by name.
///
/// As runtime_builder_experimental_features(), for names from a command line or a configuration
/// file.
///
/// @param builder    The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param names      As for runtime_feature_parse(): separated by commas, in any case, with
///                   dashes or underscores. Copied; may be NULL if `names_len` is 0. An unknown
///                   name is reported by runtime_build().
/// @param names_len  Length of `names`.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_experimental_feature_names(
    builder: *mut runtime_builder_t,
    names: *const c_char,
    names_len: usize,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own and a live string.
    unsafe {
        set("runtime_builder_experimental_feature_names", builder, |builder| {
            builder.experimental_feature_names(text(names, names_len, "experimental_features")?);
            Ok(())
        });
    }
}

/// Adds proposals of WebAssembly that guests may use.
///
/// Everything else that wasmtime has on by default is on: SIMD, tail calls, several memories, typed
/// function references and the like. A component that needs one of these proposals is refused with
/// RUNTIME_ERROR_UNSUPPORTED where it is off, and the message names the constant that switches it
/// on. What is not listed here, threads for one, cannot be switched on.
///
/// Exceptions and GC give each instance that uses them a heap besides its memories. That counts
/// like one more linear memory, for `max_linear_memory` and `max_instance_memory`, which say how
/// far it grows; it grows by doubling, and half of it is kept free for the collector. A guest that
/// finds no room in it fails with RUNTIME_ERROR_MEMORY_LIMIT. So that a heap always finds a place,
/// each instance of such a runtime counts for `max_components` once more. A collection goes on to
/// its end, also when the call is cancelled or late meanwhile; it takes about a second for each
/// 1 GiB of heap.
///
/// An exception ends at the border of the component that threw it: the host gets
/// RUNTIME_ERROR_TRAP with RUNTIME_TRAP_UNCAUGHT_EXCEPTION, and another guest that called it traps.
/// One that a guest's own allocator throws, while WASI gives the guest a result, that guest may
/// catch. Memories of 64 bits are bounded as others are; what a component passes through its
/// interface lies in a memory of 32 bits.
///
/// @param builder    The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param proposals  RUNTIME_PROPOSAL_ constants, united with `|`; default 0. A bit that stands for
///                   nothing is reported by runtime_build(). Compiled code is for runtimes with the
///                   same proposals.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_proposals(
    builder: *mut runtime_builder_t,
    proposals: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_proposals", builder, proposals, RuntimeBuilder::proposals);
    }
}

/// Sets the directory where compiled code is kept from one process to the next.
///
/// Compiling is the slow part of loading a component. What lies in the directory is run as
/// machine code, so nobody else may be able to write there: runtime_build() refuses a directory
/// that belongs to another user or that its group or others may write to. Damaged files are
/// compiled again.
///
/// @param builder   The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param path      The directory, as UTF-8; made if it is missing. Copied. Default: none, and
///                  nothing is kept. An unusable directory is reported by runtime_build().
/// @param path_len  Length of `path`.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_cache_directory(
    builder: *mut runtime_builder_t,
    path: *const c_char,
    path_len: usize,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own and a live string.
    unsafe {
        set("runtime_builder_cache_directory", builder, |builder| {
            builder.cache_directory(text(path, path_len, "cache_directory")?);
            Ok(())
        });
    }
}

/// Sets how much compiled code stays in memory although no component uses it.
///
/// Components loaded from the same bytes share their code while one of them lives in any case.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 64 MiB; from 0, which keeps none, to 128 TiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_cache_memory(builder: *mut runtime_builder_t, bytes: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_cache_memory", builder, bytes, RuntimeBuilder::cache_memory);
    }
}
