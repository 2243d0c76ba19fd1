use std::ffi::c_char;

use super::runtime_instance_t;
use crate::capi::boundary::{borrow, guard_keeping, slice, text};
use crate::capi::component::runtime_component_t;
use crate::capi::error::runtime_error_t;
use crate::capi::function::runtime_function_t;
use crate::capi::options::{call_options, runtime_call_options_t};
use crate::capi::pending::{Completion, runtime_completion_t, runtime_instance_completion_t};
use crate::instance::Instance;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{Handles, keep_args};
use crate::types::FunctionType;

/// Starts making an instance, on the runtime's workers.
///
/// As runtime_instance_new() and runtime_function_call_async().
///
/// @param component   The component, borrowed until it returns.
/// @param options     How to run the guest's start, copied; NULL means defaults. They do not hold
///                    for later calls. Its `report` must live until the instance has been made.
/// @param completion  What to do then, copied; its `user_data` is owned by the library from here
///                    on, and released also when starting fails, unless `struct_size` is not set.
///
/// @return NULL if it was started: then the instance, or why there is none, is delivered. Otherwise
///         an error owned by the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` is NULL,
///         and as for runtime_function_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_new_async(
    component: *const runtime_component_t,
    options: *const runtime_call_options_t,
    completion: *const runtime_instance_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_instance_new_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, component, mut options) = unsafe {
            let completion = Completion::<Instance>::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let component = borrow(component, "component")?.0.clone();
            (completion, component, call_options(options)?)
        };
        let report = options.take_report();
        completion.start(report, |done| Instance::new_async(&component, &options, done))
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
            let function = borrow(function, "function")?.function.clone();
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

/// Starts a call of a function in an instance with text in and out, on the runtime's workers.
///
/// As runtime_instance_call_text() and runtime_instance_call_async().
///
/// @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
/// @param function    A function of the component that the instance was made of, borrowed until it
///                    returns.
/// @param text        The call with or without the function's name, such as `add(1, 2)` or
///                    `(1, 2)`. Copied.
/// @param text_len    Length of `text`.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, a string. Otherwise an
///         error owned by the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `text` is NULL or not a call of this function,
///         and as for runtime_instance_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_call_text_async(
    instance: *const runtime_instance_t,
    function: *const runtime_function_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_instance_call_text_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, instance, function, mut options, call) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free both before this function returns.
            let instance = borrow(instance, "instance")?.0.clone();
            let function = borrow(function, "function")?.function.clone();
            let options = call_options(options)?;
            (completion, instance, function, options, self::text(text, text_len, "text")?)
        };
        let report = options.take_report();
        let start = |done| instance.call_text_async(&function, call, &options, done);
        completion.start(report, start)
    })
}

/// Starts to drop a resource of a guest that the host owns, on the runtime's workers.
///
/// As runtime_instance_drop_resource() and runtime_instance_call_async().
///
/// @param instance    The instance that the resource is of, borrowed until it returns.
/// @param handle      The number in `of.resource` of the result.
/// @param options     How to run the destructor, copied; NULL means defaults. Its `report` must
///                    live until the call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, without values. Otherwise
///         an error owned by the caller, nothing was started, and `callback` is not called:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `handle` is of another instance, was dropped or was
///         given away,
///         and as for runtime_instance_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_drop_resource_async(
    instance: *const runtime_instance_t,
    handle: u64,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_instance_drop_resource_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, instance, mut options) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let instance = borrow(instance, "instance")?.0.clone();
            (completion, instance, call_options(options)?)
        };
        let report = options.take_report();
        completion.start(report, |done| instance.drop_resource_async(handle, &options, done))
    })
}

/// Starts a command in an instance, on the runtime's workers.
///
/// As runtime_instance_run() and runtime_instance_call_async().
///
/// @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
/// @param options     How to call, copied; NULL means defaults. Its `report` must live until the
///                    call has ended.
/// @param completion  What to do when the call ends, copied; its `user_data` is owned by the
///                    library from here on, and released also when starting fails, unless
///                    `struct_size` is not set.
///
/// @return NULL if the call was started: then its outcome is delivered, the status as an s32 from 0
///         to 255. Otherwise an error owned by the caller, nothing was started, and `callback` is
///         not called:
///         RUNTIME_ERROR_NOT_FOUND if its component is not a command,
///         and as for runtime_instance_call_async().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_run_async(
    instance: *const runtime_instance_t,
    options: *const runtime_call_options_t,
    completion: *const runtime_completion_t,
) -> *mut runtime_error_t {
    guard_keeping("runtime_instance_run_async", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (completion, instance, mut options) = unsafe {
            let completion = Completion::new(completion)?;
            // Cloned, since the callback may free it before this function returns.
            let instance = borrow(instance, "instance")?.0.clone();
            (completion, instance, call_options(options)?)
        };
        let report = options.take_report();
        completion.start(report, |done| instance.run_async(&options, done))
    })
}
