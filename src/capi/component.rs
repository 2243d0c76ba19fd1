use std::ffi::c_char;
use std::path::Path;

use super::boundary::{Out, borrow, guard_roomy, release, share, slice, text};
use super::bytes::runtime_bytes_t;
use super::error::runtime_error_t;
use super::runtime::runtime_t;
use crate::component::Component;

mod command;
mod linking;
mod loading;
mod options;
mod reflection;
mod shared;

use options::{component_options, runtime_component_options_t};

/// A component, compiled and linked once.
///
/// The caller owns it and releases it with runtime_component_free(). It keeps what it
/// needs of its runtime, so it may be freed before or after it. Any number of threads may use it
/// at once.
///
/// @since 0.1
#[derive(Clone)]
pub struct runtime_component_t(pub(super) Component);

/// Loads a component from its bytes: compiles it, or takes it from the cache, and links it.
///
/// This is the expensive step: load once, then call as often as you like. WASI 0.2 is linked, so
/// ordinary components load; they find no files, no environment and no network, except what the
/// sandbox in `options` grants.
///
/// The work is done on threads of the library, whose number runtime_builder_max_compile_threads()
/// bounds, while this one waits. When the load is cancelled, or late by `timeout_ms`, this
/// function returns within two ticks, and the threads end as soon as the compiler can be stopped:
/// until then runtime_stats() counts the load as abandoned, and it keeps what it needs of the
/// runtime alive. What loading a component may cost at most, for its size, is up to
/// runtime_builder_max_compile_cost().
///
/// @param runtime    Where to load it. Borrowed for the call; the component keeps what it needs,
///                   so either may be freed first.
/// @param bytes      The binary, or WebAssembly text. Borrowed for the call.
/// @param bytes_len  Length of `bytes`.
/// @param options    How to load, borrowed for the call; NULL means defaults.
/// @param[out] out   Receives the component, owned by the caller: release it with
///                   runtime_component_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `out` is NULL, or if `options`
///         is unusable,
///         RUNTIME_ERROR_COMPONENT_TOO_LARGE if `bytes_len` is above
///         runtime_builder_max_component_size(), or for text runtime_builder_max_text_size(),
///         RUNTIME_ERROR_SIGNATURE if the runtime requires a signature that `bytes` lacks,
///         RUNTIME_ERROR_COMPILE if `bytes` is not a valid component,
///         RUNTIME_ERROR_UNSUPPORTED if it uses a proposal that is off: see PROPOSALS,
///         RUNTIME_ERROR_LINK if nothing provides one of its imports,
///         RUNTIME_ERROR_IO if a directory of the sandbox cannot be opened,
///         RUNTIME_ERROR_MEMORY_LIMIT or RUNTIME_ERROR_RESOURCE_LIMIT if it needs more than the
///         runtime allows,
///         RUNTIME_ERROR_TIMEOUT or RUNTIME_ERROR_CANCELLED as `options` ask for,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_new(
    runtime: *const runtime_t,
    bytes: *const u8,
    bytes_len: usize,
    options: *const runtime_component_options_t,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_new", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime, bytes, options) = unsafe {
            let out = Out::new(out, "out")?;
            let runtime = borrow(runtime, "runtime")?;
            (out, runtime, slice(bytes, bytes_len, "bytes")?, component_options(options)?)
        };
        out.set(runtime_component_t(Component::new(&runtime.0, bytes, &options)?));
        Ok(())
    })
}

/// Loads a component from a file.
///
/// As reading the file and calling runtime_component_new() would; but a file that is too large is
/// not read.
///
/// @param runtime   Where to load it. Borrowed for the call; the component keeps what it needs,
///                  so either may be freed first.
/// @param path      Path of the file, UTF-8. Borrowed for the call.
/// @param path_len  Length of `path`.
/// @param options   How to load, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the component, owned by the caller: release it with
///                  runtime_component_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `path` or `out` is NULL, if `path` is not
///         UTF-8, or if `options` is unusable,
///         RUNTIME_ERROR_IO if the file cannot be read,
///         and as for runtime_component_new().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_from_file(
    runtime: *const runtime_t,
    path: *const c_char,
    path_len: usize,
    options: *const runtime_component_options_t,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_from_file", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime, path, options) = unsafe {
            let out = Out::new(out, "out")?;
            let runtime = borrow(runtime, "runtime")?;
            (out, runtime, text(path, path_len, "path")?, component_options(options)?)
        };
        out.set(runtime_component_t(Component::from_file(&runtime.0, Path::new(path), &options)?));
        Ok(())
    })
}

/// Releases a component.
///
/// @param component  The component, owned; NULL is allowed and does nothing. Functions of it, and
///                   calls in flight, go on.
///
/// @threadsafe Yes, for different handles.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_component_free(component: Option<Box<runtime_component_t>>) {
    release("runtime_component_free", component);
}

/// Makes another handle to the same component.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
///
/// @return The handle, owned by the caller: release it with runtime_component_free(), in any
///         order with the first. NULL if `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_clone(
    component: *const runtime_component_t,
) -> *mut runtime_component_t {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    unsafe { share(component) }
}

/// Gives a component's compiled code, for runtime_component_deserialize().
///
/// Loading compiled code takes microseconds instead of seconds. It depends on this version of the
/// library, on the kind of processor, and on the runtime's settings.
///
/// @param component  The component, borrowed for the call.
/// @param[out] out   Receives the bytes, owned by the caller: release them with
///                   runtime_bytes_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
///         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for it.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_serialize(
    component: *const runtime_component_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_serialize", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component) = unsafe { (Out::new(out, "out")?, borrow(component, "component")?) };
        out.set(component.0.serialize()?.into());
        Ok(())
    })
}

/// Loads a component from its compiled code.
///
/// WARNING: the bytes are machine code, and this function trusts them. Anyone who can choose or
/// change them runs any code in your process, outside every sandbox and limit of this library;
/// no check here prevents that. Pass only what runtime_component_serialize() gave you, if nobody
/// else has been able to write to it since. For all other bytes use runtime_component_new().
///
/// @param runtime    Where to load it. Borrowed for the call; the component keeps what it needs,
///                   so either may be freed first.
/// @param bytes      What runtime_component_serialize() gave. Borrowed for the call.
/// @param bytes_len  Length of `bytes`.
/// @param options    How to load, borrowed for the call; NULL means defaults.
/// @param[out] out   Receives the component, owned by the caller: release it with
///                   runtime_component_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `out` is NULL, or if `options`
///         is unusable,
///         RUNTIME_ERROR_COMPILE if `bytes` comes from another version, processor or settings, or
///         is not a compiled component at all,
///         RUNTIME_ERROR_SIGNATURE if the runtime requires signatures, which compiled code does
///         not carry,
///         and as for runtime_component_new().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_deserialize(
    runtime: *const runtime_t,
    bytes: *const u8,
    bytes_len: usize,
    options: *const runtime_component_options_t,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_deserialize", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime, bytes, options) = unsafe {
            let out = Out::new(out, "out")?;
            let runtime = borrow(runtime, "runtime")?;
            (out, runtime, slice(bytes, bytes_len, "bytes")?, component_options(options)?)
        };
        // SAFETY: the header obliges callers to pass what `serialize` gave, and says what
        // happens otherwise.
        let component = unsafe { Component::deserialize(&runtime.0, bytes, &options)? };
        out.set(runtime_component_t(component));
        Ok(())
    })
}
