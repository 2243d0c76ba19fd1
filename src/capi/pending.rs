use std::ffi::c_char;

use super::boundary::{self, Out, borrow, guard, guard_keeping, release, slice};
use super::component::runtime_component_t;
use super::error::runtime_error_t;
use super::function::runtime_function_t;
use super::instance::runtime_instance_t;
use super::options::{call_options, runtime_call_options_t};
use super::value::runtime_values_t;
use crate::error::Error;
use crate::marshal::keep_args;
use crate::marshal::layout::runtime_value_t;
use crate::system::process::Kept;

mod completion;
mod progress;

pub(super) use completion::{
    Completion, runtime_completion_t, runtime_component_completion_t, runtime_instance_completion_t,
};
use progress::{Work, runtime_pending_t};

/// Starts a call of a function in a fresh instance, on the runtime's workers.
///
/// Returns at once; any number of calls may be on their way, and one that waits takes no thread.
/// Arguments are checked and copied before it returns. In all else the call is as one by
/// runtime_function_call(). Only the token in `options` cancels it: releasing the function, the
/// component, the runtime or the pending call leaves it alone.
///
/// @param function    The function, borrowed until it returns.
/// @param args        The arguments in order, copied with everything they point to; may be NULL if
///                    `args_len` is 0.
/// @param args_len    Number of arguments.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered. Otherwise an error owned by
///         the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `completion` is NULL, if `completion`
///         has neither `callback` nor `pending_out`, if `options` is unusable, or if a value is
///         malformed,
///         RUNTIME_ERROR_TYPE_MISMATCH if the arguments are not of the function's type,
///         RUNTIME_ERROR_UNSUPPORTED if the function's type has values that this version cannot
///         pass, or a resource of the guest in its result, or if its component was loaded for
///         blocking calls only,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_call_async(
    function: *const runtime_function_t,
    args: *const runtime_value_t,
    args_len: usize,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_function_call_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values whose
        // pointers are live as well.
        let (completion, function, mut options, args) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let function = borrow(function, "function")?.function.clone();
            let options = call_options(options)?;
            let args = keep_args(
                slice(args, args_len, "args")?,
                function.signature(),
                &mut function.handles(),
            )?;
            (completion, function, options, args)
        };
        let report = options.take_report();
        completion.start(report, |done| function.call_async(args, &options, done))
    })
}

/// Starts a call of a function in a fresh instance with text in and out, on the runtime's workers.
///
/// As runtime_function_call_text() and runtime_function_call_async().
///
/// @param function    The function, borrowed until it returns.
/// @param text        The call with or without the function's name, such as `greet("world")` or
///                    `("world")`. Copied.
/// @param text_len    Length of `text`.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, a string, which is `()` if
///         the function gives nothing; it is written when the guest is done, and the call's limit
///         on time does not count that. Otherwise an error owned by the caller, nothing was
///         started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `text` is NULL, or if `text` is not a
///         call of this function,
///         and as for runtime_function_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_call_text_async(
    function: *const runtime_function_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_function_call_text_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, function, mut options, call) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let function = borrow(function, "function")?.function.clone();
            let options = call_options(options)?;
            (completion, function, options, boundary::text(text, text_len, "text")?)
        };
        let report = options.take_report();
        completion.start(report, |done| function.call_text_async(call, &options, done))
    })
}

/// Releases an asynchronous call or load.
///
/// @param pending  The call or load, owned; NULL is allowed and does nothing. What is on its way
///                 goes on, and its callback is called; without one its outcome is lost: resources
///                 of the host that a guest gave back in it are dropped by their destructors.
///
/// @threadsafe Yes, while no other thread waits with the same handle.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_pending_free(pending: Option<Box<runtime_pending_t>>) {
    release("runtime_pending_free", pending);
}

/// Waits for the end of an asynchronous call and takes its outcome.
///
/// Of several waits one is given the outcome. If the call has a callback, that has the outcome, and
/// every wait ends when callback and finalizer have returned, with NULL for error and results.
///
/// @param pending     The call, borrowed for the call.
/// @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
/// @param[out] out    Receives the results, owned by the caller: release them with
///                    runtime_values_free(). Set to NULL on failure.
///
/// @return NULL if the call gave results or has a callback, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is not a
///         call,
///         RUNTIME_ERROR_TIMEOUT if the call goes on; unlike a call that itself ran out of time, it
///         is not done then, as runtime_pending_is_done() tells,
///         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
///         RUNTIME_ERROR_BUSY from within the call's own callback,
///         RUNTIME_ERROR_FORKED in a fork of the process that started the call,
///         and why the call failed, as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_pending_wait(
    pending: *const runtime_pending_t,
    timeout_ms: u64,
    out: *mut *mut runtime_values_t,
) -> *mut runtime_error_t {
    guard("runtime_pending_wait", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, pending) = unsafe { (Out::new(out, "out")?, borrow(pending, "pending")?) };
        let Work::Call(call) = &pending.0 else { return Err(stranger(&pending.0)) };
        Kept::birthplace(call).check()?;
        if let Some(results) = call.wait(timeout_ms)? {
            out.give(runtime_values_t::new(results)?);
        }
        Ok(())
    })
}

/// Waits for the end of an asynchronous load and takes the component.
///
/// As runtime_pending_wait() for a call: of several waits one is given the outcome, and if the load
/// has a callback, every wait ends when callback and finalizer have returned, with NULL for error
/// and component.
///
/// @param pending     The load, borrowed for the call.
/// @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
/// @param[out] out    Receives the component, owned by the caller: release it with
///                    runtime_component_free(). Set to NULL on failure.
///
/// @return NULL if the load gave a component or has a callback, otherwise an error owned by the
///         caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is not a
///         load,
///         RUNTIME_ERROR_TIMEOUT if the load goes on; unlike a load that itself ran out of time, it
///         is not done then, as runtime_pending_is_done() tells,
///         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
///         RUNTIME_ERROR_BUSY from within the load's own callback,
///         RUNTIME_ERROR_FORKED in a fork of the process that started the load,
///         and why the load failed, as for runtime_component_new().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_pending_wait_component(
    pending: *const runtime_pending_t,
    timeout_ms: u64,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard("runtime_pending_wait_component", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, pending) = unsafe { (Out::new(out, "out")?, borrow(pending, "pending")?) };
        let Work::Load(load) = &pending.0 else { return Err(stranger(&pending.0)) };
        Kept::birthplace(load).check()?;
        if let Some(component) = load.wait(timeout_ms)? {
            out.set(runtime_component_t(component));
        }
        Ok(())
    })
}

/// Waits for an instance that runtime_instance_new_async() started, and takes it.
///
/// As runtime_pending_wait() for a call: of several waits one is given the outcome, and if there is
/// a callback, every wait ends when callback and finalizer have returned, with NULL for error and
/// instance.
///
/// @param pending     The instance on its way, borrowed for the call.
/// @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
/// @param[out] out    Receives the instance, owned by the caller: release it with
///                    runtime_instance_free(). Set to NULL on failure.
///
/// @return NULL if there is an instance or a callback, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is a call
///         or a load,
///         RUNTIME_ERROR_TIMEOUT if it goes on; it is not done then, as runtime_pending_is_done()
///         tells,
///         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
///         RUNTIME_ERROR_BUSY from within its own callback,
///         RUNTIME_ERROR_FORKED in a fork of the process that started it,
///         and why it could not be made, as for runtime_instance_new().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_pending_wait_instance(
    pending: *const runtime_pending_t,
    timeout_ms: u64,
    out: *mut *mut runtime_instance_t,
) -> *mut runtime_error_t {
    guard("runtime_pending_wait_instance", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, pending) = unsafe { (Out::new(out, "out")?, borrow(pending, "pending")?) };
        let Work::Instance(made) = &pending.0 else { return Err(stranger(&pending.0)) };
        Kept::birthplace(made).check()?;
        if let Some(instance) = made.wait(timeout_ms)? {
            out.set(runtime_instance_t(instance));
        }
        Ok(())
    })
}

/// The error of waiting for something else by the wrong function.
fn stranger(work: &Work) -> Error {
    let problem = match work {
        Work::Call(_) => "is a call, which runtime_pending_wait() waits for",
        Work::Load(_) => "is a load, which runtime_pending_wait_component() waits for",
        Work::Instance(_) => "is an instance, which runtime_pending_wait_instance() waits for",
    };
    Error::invalid("pending", problem)
}

/// Tells whether an asynchronous call or load has ended, or an instance been made.
///
/// @param pending  The call or load, borrowed for the call; NULL is allowed.
///
/// @return true once it has ended and its callback and finalizer, if any, have returned;
///         false before, or if `pending` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_pending_is_done(pending: *const runtime_pending_t) -> bool {
    // SAFETY: the header obliges callers to pass a live call or NULL.
    unsafe { pending.as_ref() }.is_some_and(|it| match &it.0 {
        Work::Call(call) => call.is_done(),
        Work::Load(load) => load.is_done(),
        Work::Instance(instance) => instance.is_done(),
    })
}
