use super::boundary::{borrow, guard};
use super::error::runtime_error_t;
use super::instance::runtime_instance_t;
use super::options::{call_options, runtime_call_options_t};

/// Drops a resource of a guest that the host owns, which runs the guest's destructor for it.
///
/// A result of runtime_instance_call() that is owned hands a resource over to the host: the guest
/// keeps it for the host until it is dropped here, or passed to a function that takes it owned.
/// The number is good for that one instance and only until then; any other number is an error. What
/// the host still owns when the instance ends, ends with it, without running its destructor.
///
/// @param instance  The instance that the resource is of, borrowed for the call.
/// @param handle    The number in `of.resource` of the result.
/// @param options   How to run the destructor, borrowed for the call; NULL means defaults.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` is NULL, if `options` is unusable, or if
///         `handle` is of another instance, was dropped or was given away; nothing happened then,
///         RUNTIME_ERROR_BUSY while a call is in the instance,
///         RUNTIME_ERROR_POISONED after a call failed in the instance,
///         and what the guest did or which limit it met, as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_instance_drop_resource(
    instance: *const runtime_instance_t,
    handle: u64,
    options: *const runtime_call_options_t,
) -> *mut runtime_error_t {
    guard("runtime_instance_drop_resource", || {
        // SAFETY: the header obliges callers to pass live pointers.
        let (instance, options) = unsafe {
            // Cloned, since it may be freed while the call is in it.
            (borrow(instance, "instance")?.0.clone(), call_options(options)?)
        };
        instance.drop_resource(handle, &options)
    })
}
