use std::ffi::c_char;

use super::boundary::{self, Out, borrow, guard, out_value, release, slice};
use super::bytes::runtime_bytes_t;
use super::component::runtime_component_t;
use super::error::runtime_error_t;
use super::function::runtime_function_t;
use super::options::{call_options, runtime_call_options_t};
use super::value::runtime_values_t;
use crate::instance::Instance;
use crate::marshal::Handles;
use crate::marshal::check_args;
use crate::marshal::layout::runtime_value_t;
use crate::types::FunctionType;

mod starting;

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
            let function = borrow(function, "function")?.for_call()?;
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
            let function = borrow(function, "function")?.for_call()?;
            let options = call_options(options)?;
            (out, instance, function, options, boundary::text(text, text_len, "text")?)
        };
        out.set(instance.call_text(&function, call, &options)?.into());
        Ok(())
    })
}

/// Runs a command in an instance, on the calling thread: see runtime_component_run().
///
/// The guest finds what earlier calls left behind, and leaves something behind. A command that ends
/// by exiting, with whatever status, stops in the midst of what it did: every later call in the
/// instance is RUNTIME_ERROR_POISONED then.
///
/// @param instance         The instance, borrowed for the call.
/// @param options          How to call, borrowed for the call; NULL means defaults.
/// @param[out] status_out  Receives the status, from 0 to 255; owned by the caller. Set to 0 on
///                         failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` or `status_out` is NULL, or if `options` is
///         unusable,
///         RUNTIME_ERROR_NOT_FOUND if its component is not a command,
///         and as for runtime_instance_call(), except RUNTIME_ERROR_EXIT.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_run(
    instance: *const runtime_instance_t,
    options: *const runtime_call_options_t,
    status_out: *mut i32,
) -> *mut runtime_error_t {
    guard("runtime_instance_run", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (status, instance, options) = unsafe {
            let status = out_value(status_out, "status_out")?;
            // Cloned, since it may be freed while the call is in it.
            let instance = borrow(instance, "instance")?.0.clone();
            (status, instance, call_options(options)?)
        };
        *status = instance.run(&options)?;
        Ok(())
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
