use std::ffi::c_char;

use super::runtime_component_t;
use crate::capi::boundary::{self, Out, borrow, guard, guard_keeping, out_value};
use crate::capi::bytes::runtime_bytes_t;
use crate::capi::error::runtime_error_t;
use crate::capi::options::{call_options, runtime_call_options_t};
use crate::capi::pending::{Completion, runtime_completion_t};

/// Calls an exported function in a fresh instance, with text in and out.
///
/// For tools, tests and tinkering; see runtime_function_call_text().
///
/// @param component  The component, borrowed for the call.
/// @param text       The call with the function's name, such as `greet("world")`. Borrowed for
///                   the call.
/// @param text_len   Length of `text`.
/// @param options    How to call, borrowed for the call; NULL means defaults.
/// @param[out] out   Receives the result as text, owned by the caller: release it with
///                   runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
///                   failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component`, `text` or `out` is NULL, if `text` is not
///         a call, or if `options` is unusable,
///         RUNTIME_ERROR_NOT_FOUND if the component exports no such function,
///         and as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_call_text(
    component: *const runtime_component_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_component_call_text", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component, options, call) = unsafe {
            let out = Out::new(out, "out")?;
            // Cloned, since a host function may free it.
            let component = borrow(component, "component")?.0.clone();
            (out, component, call_options(options)?, boundary::text(text, text_len, "text")?)
        };
        out.set(component.call_text(call, &options)?.into());
        Ok(())
    })
}

/// Starts a call of an exported function in a fresh instance with text in and out, on the runtime's
/// workers.
///
/// As runtime_component_call_text() and runtime_function_call_text_async().
///
/// @param component   The component, borrowed until it returns.
/// @param text        The call with the function's name, such as `greet("world")`. Copied.
/// @param text_len    Length of `text`.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, a string. Otherwise an
///         error owned by the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `text` is NULL, or if `text` is not a
///         call,
///         RUNTIME_ERROR_NOT_FOUND if the component exports no such function,
///         and as for runtime_function_call_text_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_call_text_async(
    component: *const runtime_component_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_component_call_text_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, component, mut options, call) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let component = borrow(component, "component")?.0.clone();
            let options = call_options(options)?;
            (completion, component, options, boundary::text(text, text_len, "text")?)
        };
        let report = options.take_report();
        completion.start(report, |done| component.call_text_async(call, &options, done))
    })
}

/// Runs a command: a component that exports `run` of wasi:cli, as programs with a `main` do.
///
/// It runs in a fresh instance, on the calling thread. Arguments, environment and streams come
/// from the runtime_sandbox_t that it was loaded with. Exiting with a status other than 0 is not
/// an error of this function; trapping is.
///
/// @param component        The component, borrowed for the call.
/// @param options          How to call, borrowed for the call; NULL means defaults.
/// @param[out] status_out  Receives the status, from 0 to 255; owned by the caller. Programs built
///                         for WASI before 0.2.12 have 0 and 1 only. Set to 0 on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `status_out` is NULL, or if `options`
///         is unusable,
///         RUNTIME_ERROR_NOT_FOUND if the component is not a command,
///         and as for runtime_function_call(), except RUNTIME_ERROR_EXIT.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_run(
    component: *const runtime_component_t,
    options: *const runtime_call_options_t,
    status_out: *mut i32,
) -> *mut runtime_error_t {
    guard("runtime_component_run", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (status, component, options) = unsafe {
            let status = out_value(status_out, "status_out")?;
            // Cloned, since a host function may free it.
            let component = borrow(component, "component")?.0.clone();
            (status, component, call_options(options)?)
        };
        *status = component.run(&options)?;
        Ok(())
    })
}

/// Starts a command on the runtime's workers.
///
/// As runtime_component_run() and runtime_function_call_async().
///
/// @param component   The component, borrowed until it returns.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, the status as an s32 from 0
///         to 255. Otherwise an error owned by the caller, nothing was started, and `callback` is
///         not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` is NULL,
///         RUNTIME_ERROR_NOT_FOUND if the component is not a command,
///         and as for runtime_function_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_run_async(
    component: *const runtime_component_t,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_component_run_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, component, mut options) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let component = borrow(component, "component")?.0.clone();
            (completion, component, call_options(options)?)
        };
        let report = options.take_report();
        completion.start(report, |done| component.run_async(&options, done))
    })
}
