use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use super::boundary::{Out, guard, release};
use super::error::runtime_error_t;
use crate::error::Error;
use crate::output::{Output, Stream};

/// What the guest of a call printed. See runtime_call_options_t.
///
/// The caller owns it and releases it with runtime_output_free(), also while a call writes
/// to it. It holds the output of one call, since a call that it is given to empties it first; or of
/// several, by runtime_output_collect(). It belongs to no runtime. While a call that it was given
/// to is in flight only that call may use it; otherwise any number of threads may read it at once.
///
/// @since 0.1
pub struct runtime_output_t(pub(super) Arc<Output>);

/// Makes an output that holds nothing yet.
///
/// @param cap       How many bytes of stdout to keep, and how many of stderr. The guest can print
///                  more, which is dropped.
/// @param[out] out  Receives the output, owned by the caller: release it with
///                  runtime_output_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL or `cap` is more than there can be.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_new(
    cap: u64,
    out: *mut *mut runtime_output_t,
) -> *mut runtime_error_t {
    guard("runtime_output_new", || {
        // SAFETY: the header obliges callers to pass a live, unaliased pointer.
        let out = unsafe { Out::new(out, "out")? };
        let cap = isize::try_from(cap).ok().and_then(|cap| usize::try_from(cap).ok());
        let too_much = || Error::invalid("cap", "is more bytes than there can be");
        out.set(runtime_output_t(Arc::new(Output::new(cap.ok_or_else(too_much)?))));
        Ok(())
    })
}

/// Releases an output.
///
/// @param output  The output, owned; NULL is allowed and does nothing. Calls in flight go on.
///
/// @threadsafe Yes, for different outputs.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_output_free(output: Option<Box<runtime_output_t>>) {
    release("runtime_output_free", output);
}

/// Sets whether an output collects what several calls print, such as the start of an instance and
/// the calls in it. Without, each call that it is given to empties it first.
///
/// Empties it, so that a host that collects may begin anew. What the output keeps of each stream is
/// `cap` of runtime_output_new() for all calls together.
///
/// @param output    The output, borrowed for the call; NULL is allowed and does nothing.
/// @param collects  Default false.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_collect(output: *mut runtime_output_t, collects: bool) {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    if let Some(output) = unsafe { output.as_ref() } {
        output.0.collect(collects);
    }
}

/// What a stream holds; nothing for NULL.
///
/// # Safety
/// `output` is NULL, or points to a live output.
unsafe fn place(output: *const runtime_output_t, stream: Stream) -> (*const u8, usize) {
    // SAFETY: as our own contract; NULL becomes `None`.
    unsafe { output.as_ref() }.map_or((ptr::null(), 0), |it| it.0.place(stream))
}

/// Points to what the guest printed to stdout.
///
/// A NUL byte that the length does not count always follows.
///
/// @param output  The output, borrowed for the call; NULL is allowed.
///
/// @return The first byte, borrowed from `output`: alive until the next call with it, until
///         runtime_output_collect(), or until it is released. NULL if `output` is NULL, and only
///         then.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_stdout(output: *const runtime_output_t) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    unsafe { place(output, Stream::Stdout) }.0.cast()
}

/// Tells how many bytes runtime_output_stdout() points to.
///
/// @param output  The output, borrowed for the call; NULL is allowed.
///
/// @return The length without the NUL that follows; 0 if `output` is NULL.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_stdout_len(output: *const runtime_output_t) -> usize {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    unsafe { place(output, Stream::Stdout) }.1
}

/// Points to what the guest printed to stderr; otherwise as runtime_output_stdout().
///
/// @param output  The output, borrowed for the call; NULL is allowed.
///
/// @return The first byte, borrowed from `output`: alive until the next call with it, until
///         runtime_output_collect(), or until it is released. NULL if `output` is NULL, and only
///         then.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_stderr(output: *const runtime_output_t) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    unsafe { place(output, Stream::Stderr) }.0.cast()
}

/// Tells how many bytes runtime_output_stderr() points to.
///
/// @param output  The output, borrowed for the call; NULL is allowed.
///
/// @return The length without the NUL that follows; 0 if `output` is NULL.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_stderr_len(output: *const runtime_output_t) -> usize {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    unsafe { place(output, Stream::Stderr) }.1
}

/// Tells whether the guest printed more to stdout or to stderr than was kept.
///
/// @param output  The output, borrowed for the call; NULL is allowed.
///
/// @return true if it did; false if not, or if `output` is NULL.
///
/// @threadsafe Yes, while no call with it is in flight.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_output_is_truncated(output: *const runtime_output_t) -> bool {
    // SAFETY: the header obliges callers to pass a live output or NULL.
    unsafe { output.as_ref() }.is_some_and(|it| it.0.is_truncated())
}
