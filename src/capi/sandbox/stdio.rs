use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::{own, runtime_sandbox_t};
use crate::capi::boundary::{guard, slice};
use crate::capi::callback::{UserData, runtime_finalizer_t};
use crate::capi::error::runtime_error_t;
use crate::capi::options::CallerContext;
use crate::error::{Error, Result};
use crate::host::HostCall;
use crate::sandbox::{ReadFn, Sandbox, Sink, Source};

/// The callback gets one line at a time, with its line feed. The last line of a call may lack
/// that, and a line of more than 64 KiB comes in pieces.
pub const RUNTIME_WRITE_WHOLE_LINES: u64 = 1;

/// Receives what a guest printed. See runtime_sandbox_stdout_callback().
///
/// Runs on the thread that makes the call, or on one of runtime_builder_host_threads() for an
/// asynchronous one, while the guest waits; several may run at once if there are several calls.
/// The time that it takes counts for the call. Must not unwind. May call any function of this
/// library.
///
/// @param user_data  What was registered. Borrowed for the call.
/// @param context    The `context` in the runtime_call_options_t of the call; NULL if it has none.
/// @param data       The bytes, in the order in which they were printed; not NUL-terminated, and
///                   any bytes, not only UTF-8. Borrowed for the call.
/// @param data_len   Length of `data`; at least 1.
///
/// @since 0.1
pub type runtime_write_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        context: *mut c_void,
        data: *const u8,
        data_len: usize,
    ),
>;

/// Provides what a guest reads from stdin, see runtime_sandbox_stdin_callback(); or of a request's
/// body, see runtime_http_request_t.
///
/// Runs on the thread that makes the call, or on one of runtime_builder_host_threads() for an
/// asynchronous one, while the guest waits; several may run at once if there are several calls. It
/// may wait for input, but nothing else of the call goes on meanwhile, and its deadline is met
/// afterwards. Must not unwind. May call any function of this library.
///
/// @param user_data     What was registered. Borrowed for the call.
/// @param context       The `context` in the runtime_call_options_t of the call; NULL if it has
///                      none.
/// @param buffer        Where to put the bytes. Borrowed for the call.
/// @param capacity      How many there is room for.
/// @param[out] len_out  How many there are; 0, as which it starts, for the end of the input.
///
/// @return NULL on success, otherwise an error that the library owns from here on, such as one from
///         runtime_error_new(): it ends the call, and comes out of it untouched; or else it ends
///         the request's body.
///
/// @since 0.1
pub type runtime_read_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        context: *mut c_void,
        buffer: *mut u8,
        capacity: usize,
        len_out: *mut usize,
    ) -> *mut runtime_error_t,
>;

/// What the caller of `call` attached to it, or NULL.
fn context(call: &HostCall) -> *mut c_void {
    let context = call.context().and_then(|context| context.downcast_ref::<CallerContext>());
    context.map_or(ptr::null_mut(), CallerContext::get)
}

/// The core's view of a callback for output.
fn sink(callback: runtime_write_fn_t, flags: u64, user: UserData) -> Result<Sink> {
    let Some(callback) = callback else {
        return Err(Error::invalid("callback", "is NULL"));
    };
    if flags & !RUNTIME_WRITE_WHOLE_LINES != 0 {
        return Err(Error::invalid("flags", format_args!("has unknown bits: {flags:#x}")));
    }
    let write = move |call: &HostCall, bytes: &[u8]| {
        let context = context(call);
        // SAFETY: the header obliges callers to register a function of this type that does not
        // unwind, with the `user_data` it expects; the bytes live for the call.
        unsafe { callback(user.get(), context, bytes.as_ptr(), bytes.len()) }
    };
    let whole_lines = flags & RUNTIME_WRITE_WHOLE_LINES != 0;
    Ok(Sink::Write { write: Arc::new(write), whole_lines })
}

/// The core's view of a callback for input.
///
/// # Errors
/// `INVALID_ARGUMENT` if there is none.
pub(in crate::capi) fn read_fn(callback: runtime_read_fn_t, user: UserData) -> Result<Arc<ReadFn>> {
    let Some(callback) = callback else {
        return Err(Error::invalid("callback", "is NULL"));
    };
    Ok(Arc::new(move |call: &HostCall, buffer: &mut [u8]| {
        let mut len = 0;
        let (room, context) = (buffer.len(), context(call));
        // SAFETY: the header obliges callers to register a function of this type that does not
        // unwind, with the `user_data` it expects; buffer and length live for the call.
        let error =
            unsafe { callback(user.get(), context, buffer.as_mut_ptr(), room, &raw mut len) };
        if error.is_null() {
            return Ok(len);
        }
        // SAFETY: the header says that the error changes owner, and errors are made by us.
        Err(unsafe { Box::from_raw(error) }.into_error())
    }))
}

/// Sends what the guest prints to a `stream` to `sink`, if there is one.
///
/// # Safety
/// As for [`own`].
unsafe fn send(
    sandbox: *mut runtime_sandbox_t,
    stream: fn(&mut Sandbox, Sink) -> &mut Sandbox,
    sink: Result<Sink>,
) -> Result<()> {
    // SAFETY: as our own contract.
    stream(unsafe { own(sandbox)? }, sink?);
    Ok(())
}

/// Gives the guest these bytes as stdin, in each instance from the start.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param bytes      The bytes. Copied.
/// @param bytes_len  Length of `bytes`; may be 0, in which case `bytes` may be NULL.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `bytes` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdin_bytes(
    sandbox: *mut runtime_sandbox_t,
    bytes: *const u8,
    bytes_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stdin_bytes", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live bytes.
        let (sandbox, bytes) = unsafe { (own(sandbox)?, slice(bytes, bytes_len, "bytes")?) };
        sandbox.stdin(Source::Bytes(bytes.into()));
        Ok(())
    })
}

/// Gives the guest what a callback provides as stdin.
///
/// It is asked when the guest waits for input. Each instance starts where the callback is.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param callback   Provides the bytes.
/// @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
///                   be NULL.
/// @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
///                   `callback` are gone, or when this fails. NULL if there is nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdin_callback(
    sandbox: *mut runtime_sandbox_t,
    callback: runtime_read_fn_t,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    let user = UserData::new(user_data, finalizer);
    guard("runtime_sandbox_stdin_callback", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        let sandbox = unsafe { own(sandbox)? };
        sandbox.stdin(Source::Read(read_fn(callback, user)?));
        Ok(())
    })
}

/// Gives the guest the stdin of this process.
///
/// One instance at a time should have it. Waiting for input ends at the deadline.
///
/// @param sandbox  The sandbox, borrowed for the call.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdin_inherit(
    sandbox: *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stdin_inherit", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        let sandbox = unsafe { own(sandbox)? };
        sandbox.stdin(Source::Inherit);
        Ok(())
    })
}

/// Puts what the guest prints to stdout into the runtime_output_t of the call.
///
/// It is there however the call ends. What a call without one prints is dropped.
///
/// @param sandbox  The sandbox, borrowed for the call.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdout_capture(
    sandbox: *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stdout_capture", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stdout, Ok(Sink::Capture)) }
    })
}

/// Sends what the guest prints to stdout to a callback.
///
/// It gets what was printed as soon as the guest flushes, which most languages do at every line or
/// write, or when 64 KiB are waiting; and what is left when the call ends, however it ends.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param callback   Receives the bytes.
/// @param flags      RUNTIME_WRITE_WHOLE_LINES, or 0.
/// @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
///                   be NULL.
/// @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
///                   `callback` are gone, or when this fails. NULL if there is nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL, or if `flags` has
///         unknown bits.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdout_callback(
    sandbox: *mut runtime_sandbox_t,
    callback: runtime_write_fn_t,
    flags: u64,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    let user = UserData::new(user_data, finalizer);
    guard("runtime_sandbox_stdout_callback", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stdout, sink(callback, flags, user)) }
    })
}

/// Sends what the guest prints to stdout to the stdout of this process.
///
/// Nothing is buffered, so flush what the host has printed itself first. A pipe that is full holds
/// up the call, also beyond its deadline.
///
/// @param sandbox  The sandbox, borrowed for the call.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stdout_inherit(
    sandbox: *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stdout_inherit", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stdout, Ok(Sink::Inherit)) }
    })
}

/// Puts what the guest prints to stderr into the runtime_output_t of the call.
///
/// It is there however the call ends. What a call without one prints is dropped.
///
/// @param sandbox  The sandbox, borrowed for the call.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stderr_capture(
    sandbox: *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stderr_capture", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stderr, Ok(Sink::Capture)) }
    })
}

/// Sends what the guest prints to stderr to a callback.
///
/// It gets what was printed as soon as the guest flushes, which most languages do at every line or
/// write, or when 64 KiB are waiting; and what is left when the call ends, however it ends.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param callback   Receives the bytes.
/// @param flags      RUNTIME_WRITE_WHOLE_LINES, or 0.
/// @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
///                   be NULL.
/// @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
///                   `callback` are gone, or when this fails. NULL if there is nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL, or if `flags` has
///         unknown bits.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stderr_callback(
    sandbox: *mut runtime_sandbox_t,
    callback: runtime_write_fn_t,
    flags: u64,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    let user = UserData::new(user_data, finalizer);
    guard("runtime_sandbox_stderr_callback", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stderr, sink(callback, flags, user)) }
    })
}

/// Sends what the guest prints to stderr to the stderr of this process.
///
/// Nothing is buffered, so flush what the host has printed itself first. A pipe that is full holds
/// up the call, also beyond its deadline.
///
/// @param sandbox  The sandbox, borrowed for the call.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_stderr_inherit(
    sandbox: *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_stderr_inherit", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        unsafe { send(sandbox, Sandbox::stderr, Ok(Sink::Inherit)) }
    })
}
