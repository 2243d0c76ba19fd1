use super::boundary::{Out, contain, guard, release, share};
use super::error::runtime_error_t;
use crate::cancel::CancelToken;

/// Cancels calls: give it to any number of them in runtime_call_options_t, and trigger it.
///
/// The caller owns it and releases it with runtime_cancel_free(). It is sticky: once
/// triggered it stays so, and also cancels the calls that it is given to later. It belongs to no
/// runtime. Calls keep what they need of it, so it may be freed before or after them. Any number
/// of threads may use it at once.
///
/// @since 0.1
#[derive(Clone)]
pub struct runtime_cancel_t(pub(super) CancelToken);

/// Makes a cancel token that has not been triggered.
///
/// @param[out] out  Receives the token, owned by the caller: release it with
///                  runtime_cancel_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_cancel_new(
    out: *mut *mut runtime_cancel_t,
) -> *mut runtime_error_t {
    guard("runtime_cancel_new", || {
        // SAFETY: the header obliges callers to pass a live, unaliased pointer.
        let out = unsafe { Out::new(out, "out")? };
        out.set(runtime_cancel_t(CancelToken::new()));
        Ok(())
    })
}

/// Releases a cancel token.
///
/// @param cancel  The token, owned; NULL is allowed and does nothing. Calls in flight go on, and
///                other handles to the token still cancel them.
///
/// @threadsafe Yes, for different handles.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_cancel_free(cancel: Option<Box<runtime_cancel_t>>) {
    release("runtime_cancel_free", cancel);
}

/// Makes another handle to the same cancel token.
///
/// @param cancel  The token, borrowed for the call; NULL is allowed.
///
/// @return The handle, owned by the caller: release it with runtime_cancel_free(), in any order
///         with the first. NULL if `cancel` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_cancel_clone(
    cancel: *const runtime_cancel_t,
) -> *mut runtime_cancel_t {
    // SAFETY: the header obliges callers to pass a live token or NULL.
    unsafe { share(cancel) }
}

/// Cancels every call that the token was or will be given to.
///
/// Returns at once. The calls end with RUNTIME_ERROR_CANCELLED, at the latest after two ticks of
/// runtime_builder_epoch_tick(), whether the guest computes or waits. No other call notices.
/// Triggering again changes nothing.
///
/// It is async-signal-safe: a signal handler may call it, whatever it interrupts. It takes no lock,
/// allocates nothing, and leaves errno alone.
///
/// @param cancel  The token, borrowed for the call; NULL is allowed and does nothing. A handler
///                must not meet one that is being released.
///
/// @threadsafe Yes, and async-signal-safe.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_cancel_trigger(cancel: *const runtime_cancel_t) {
    // SAFETY: the header obliges callers to pass a live token or NULL.
    let cancel = unsafe { cancel.as_ref() };
    // Not inside the library: it may be a signal handler that calls, on whatever stack.
    let _ = contain("runtime_cancel_trigger", || {
        cancel.into_iter().for_each(|it| it.0.trigger());
        Ok(())
    });
}

/// Tells whether a cancel token was triggered.
///
/// @param cancel  The token, borrowed for the call; NULL is allowed.
///
/// @return true if it was; false if not, or if `cancel` is NULL.
///
/// @threadsafe Yes, and async-signal-safe.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_cancel_is_triggered(cancel: *const runtime_cancel_t) -> bool {
    // SAFETY: the header obliges callers to pass a live token or NULL.
    unsafe { cancel.as_ref() }.is_some_and(|it| it.0.is_triggered())
}
