use std::ffi::c_char;

use super::boundary::{self, Out, borrow, guard, guard_keeping, release, slice};
use super::bytes::runtime_bytes_t;
use super::component::runtime_component_t;
use super::error::runtime_error_t;
use super::function::runtime_function_t;
use super::options::{call_options, runtime_call_options_t};
use super::pending::{Completion, runtime_completion_t};
use super::value::runtime_values_t;
use crate::instance::Instance;
use crate::marshal::Handles;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{check_args, keep_args};
use crate::types::FunctionType;

/// An instance of a component that keeps its state from one call to the next.
///
/// For guests that need it; a call by runtime_function_call() leaves nothing behind. The
/// caller owns it and releases it with runtime_instance_free(). It keeps its component, so it
/// may be freed before or after it, and counts as alive for runtime_builder_max_components(). Any
/// thread may use it, but it takes one call at a time: another one meanwhile is RUNTIME_ERROR_BUSY.
/// Once a call has failed in it, by a trap or a limit or because it was cancelled, the guest may
/// have stopped anywhere, and every later call is RUNTIME_ERROR_POISONED. Time between calls does
/// not count towards any limit.
///
/// @since 0.1
pub struct runtime_instance_t(pub(super) Instance);

/// Makes an instance of a component.
///
/// What the guest does at its start is part of this call, and held to its options and limits.
///
/// @param component  The component, borrowed for the call; the instance keeps its own reference,
///                   so either may be freed first.
/// @param options    How to run the guest's start, borrowed for the call; NULL means defaults.
///                   They do not hold for later calls.
/// @param[out] out   Receives the instance, owned by the caller: release it with
///                   runtime_instance_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL, or if `options` is
///         unusable,
///         and what the guest did or which limit it met, as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_new(
    component: *const runtime_component_t,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_instance_t,
) -> *mut runtime_error_t {
    guard("runtime_instance_new", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component, options) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(component, "component")?, call_options(options)?)
        };
        // Cloned, since a host function may free it.
        let component = component.0.clone();
        out.set(runtime_instance_t(Instance::new(&component, &options)?));
        Ok(())
    })
}

/// Releases an instance.
///
/// @param instance  The instance, owned; NULL is allowed and does nothing. A call in it goes on,
///                  also if another thread made it and waits for it, and the instance ends with
///                  that call.
///
/// @threadsafe Yes, while no other thread begins to use the same handle.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_instance_free(instance: Option<Box<runtime_instance_t>>) {
    release("runtime_instance_free", instance);
}

/// Calls a function in an instance, on the calling thread.
///
/// As runtime_function_call(), except that the guest finds what earlier calls left behind.
///
/// @param instance  The instance, borrowed for the call.
/// @param function  A function of the component that the instance was made of, borrowed for the
///                  call.
/// @param args      The arguments in order, borrowed for the call with everything they point to;
///                  may be NULL if `args_len` is 0.
/// @param args_len  Number of arguments.
/// @param options   How to call, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the results, owned by the caller: release them with
///                  runtime_values_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `instance`, `function` or `out` is NULL, if
///         `function` belongs to another component, if `options` is unusable, or if a value is
///         malformed,
///         RUNTIME_ERROR_BUSY while another call is in the instance,
///         RUNTIME_ERROR_POISONED after a call failed in the instance; the message says how,
///         and as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_call(
    instance: *const runtime_instance_t,
    function: *const runtime_function_t,
    args: *const runtime_value_t,
    args_len: usize,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_values_t,
) -> *mut runtime_error_t {
    guard("runtime_instance_call", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values whose
        // pointers are live as well.
        let (out, instance, function, options, args) = unsafe {
            let out = Out::new(out, "out")?;
            // Cloned, since both may be freed while the call is in it.
            let instance = borrow(instance, "instance")?.0.clone();
            let function = borrow(function, "function")?.0.clone();
            let options = call_options(options)?;
            (out, instance, function, options, slice(args, args_len, "args")?)
        };
        // SAFETY: as above.
        let read =
            |ty: &FunctionType, known: &mut dyn Handles| unsafe { check_args(args, ty, known) };
        out.give(runtime_values_t::new(instance.call(&function, read, &options)?)?);
        Ok(())
    })
}

/// Calls a function in an instance, with text in and out.
///
/// For tools, tests and tinkering; see runtime_function_call_text().
///
/// @param instance  The instance, borrowed for the call.
/// @param function  A function of the component that the instance was made of, borrowed for the
///                  call.
/// @param text      The call with or without the function's name, such as `add(1, 2)` or `(1, 2)`.
///                  Borrowed for the call.
/// @param text_len  Length of `text`.
/// @param options   How to call, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the result as text, owned by the caller: release it with
///                  runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
///                  failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `instance`, `function`, `text` or `out` is NULL, if
///         `text` is not a call of this function, or if `options` is unusable,
///         and as for runtime_instance_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_call_text(
    instance: *const runtime_instance_t,
    function: *const runtime_function_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_instance_call_text", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, instance, function, options, call) = unsafe {
            let out = Out::new(out, "out")?;
            // Cloned, since both may be freed while the call is in it.
            let instance = borrow(instance, "instance")?.0.clone();
            let function = borrow(function, "function")?.0.clone();
            let options = call_options(options)?;
            (out, instance, function, options, boundary::text(text, text_len, "text")?)
        };
        out.set(instance.call_text(&function, call, &options)?.into());
        Ok(())
    })
}

/// Starts a call of a function in an instance, on the runtime's workers.
///
/// As runtime_function_call_async(), except that the guest finds what earlier calls left behind.
/// The instance is busy from here on until the call has ended; the callback may call it again.
///
/// @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
/// @param function    A function of the component that the instance was made of, borrowed until it
///                    returns.
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
///         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` is NULL or if `function` belongs to another
///         component,
///         RUNTIME_ERROR_BUSY while another call is in the instance,
///         RUNTIME_ERROR_POISONED after a call failed in the instance; the message says how,
///         and as for runtime_function_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_call_async(
    instance: *const runtime_instance_t,
    function: *const runtime_function_t,
    args: *const runtime_value_t,
    args_len: usize,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_instance_call_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values whose
        // pointers are live as well.
        let (completion, instance, function, mut options, args) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let instance = borrow(instance, "instance")?.0.clone();
            let function = borrow(function, "function")?.0.clone();
            let options = call_options(options)?;
            (completion, instance, function, options, slice(args, args_len, "args")?)
        };
        // SAFETY: as above.
        let read =
            |ty: &FunctionType, known: &mut dyn Handles| unsafe { keep_args(args, ty, known) };
        let report = options.take_report();
        let start = |done| instance.call_async(&function, read, &options, done);
        completion.start(report, start)
    })
}

/// Tells whether a call failed in an instance, so that it takes no more.
///
/// @param instance  The instance, borrowed for the call; NULL is allowed.
///
/// @return true if so; false if not, or if `instance` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_is_poisoned(instance: *const runtime_instance_t) -> bool {
    // SAFETY: the header obliges callers to pass a live instance or NULL.
    unsafe { instance.as_ref() }.is_some_and(|it| it.0.is_poisoned())
}
