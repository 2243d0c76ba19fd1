use std::ffi::c_char;
use std::path::PathBuf;

use super::{component_options, runtime_component_options_t};
use crate::capi::boundary::{borrow, guard, slice, text};
use crate::capi::error::runtime_error_t;
use crate::capi::pending::{Completion, runtime_component_completion_t};
use crate::capi::runtime::runtime_t;
use crate::component::{Component, Source};

/// Starts loading a component from its bytes, without waiting for the outcome.
///
/// Returns at once; any number of loads may be on their way, and those beyond
/// runtime_builder_max_compile_threads() wait for their turn. In all else the load is as one by
/// runtime_component_new(). Only the token and the time limit in `options` end it early: releasing
/// the runtime or the pending load leaves it alone.
///
/// @param runtime     Where to load it, borrowed until the function returns; the load keeps what it
///                    needs.
/// @param bytes       The binary, or WebAssembly text. Copied.
/// @param bytes_len   Length of `bytes`.
/// @param options     How to load, copied; NULL means defaults.
/// @param completion  What to do when the load ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the load was started: then its outcome is delivered. Otherwise an error owned by
///         the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `completion` is NULL, if
///         `completion` has neither `callback` nor `pending_out`, or if `options` is unusable,
///         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for the copy,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_new_async(
    runtime: *const runtime_t,
    bytes: *const u8,
    bytes_len: usize,
    options: *const runtime_component_options_t,
    completion: *const runtime_component_completion_t,
) -> *mut runtime_error_t {
    guard("runtime_component_new_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, runtime, bytes, options) = unsafe {
            let completion = Completion::<Component>::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let runtime = borrow(runtime, "runtime")?.0.clone();
            (completion, runtime, slice(bytes, bytes_len, "bytes")?, component_options(options)?)
        };
        let source = Source::copy(bytes)?;
        completion.start(None, |done| Component::load_async(&runtime, source, &options, done))
    })
}

/// Starts loading a component from a file, without waiting for the outcome.
///
/// As runtime_component_new_async(); the file is read on the way.
///
/// @param runtime     Where to load it, borrowed until the function returns; the load keeps what it
///                    needs.
/// @param path        Path of the file, UTF-8. Copied.
/// @param path_len    Length of `path`.
/// @param options     How to load, copied; NULL means defaults.
/// @param completion  What to do when the load ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the load was started: then its outcome is delivered. Otherwise an error owned by
///         the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `path` or `completion` is NULL, if `path`
///         is not UTF-8, if `completion` has neither `callback` nor `pending_out`, or if `options`
///         is unusable,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_from_file_async(
    runtime: *const runtime_t,
    path: *const c_char,
    path_len: usize,
    options: *const runtime_component_options_t,
    completion: *const runtime_component_completion_t,
) -> *mut runtime_error_t {
    guard("runtime_component_from_file_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, runtime, path, options) = unsafe {
            let completion = Completion::<Component>::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let runtime = borrow(runtime, "runtime")?.0.clone();
            (completion, runtime, text(path, path_len, "path")?, component_options(options)?)
        };
        let source = Source::File(PathBuf::from(path));
        completion.start(None, |done| Component::load_async(&runtime, source, &options, done))
    })
}
