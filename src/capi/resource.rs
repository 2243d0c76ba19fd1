use std::ffi::c_void;
use std::sync::Arc;

use super::boundary::{borrow, guard};
use super::callback::UserData;
use super::error::runtime_error_t;
use super::function::{call_options, runtime_call_options_t};
use super::instance::runtime_instance_t;
use crate::linker::Destructor;
use crate::thread;

/// Releases a resource of the host that a guest owned.
///
/// Runs once for each time a guest was given the resource to own, by a result of a host function or
/// an argument of a call: when the guest drops it, on the thread of the call that the guest is in,
/// or, if the guest still owns it then, when the guest's instance ends, on the thread that ends it.
/// It does not run for a resource that the guest gave back. Several may run at once, on different
/// threads. Must not unwind. May call any function of this library.
///
/// @param user_data  What was passed with the callback. Borrowed for the call.
/// @param resource   The number that the host chose for the resource; the callback owns what it
///                   stands for.
///
/// @since 0.1
pub type runtime_resource_drop_fn_t =
    Option<unsafe extern "C" fn(user_data: *mut c_void, resource: u32)>;

/// The core's view of a destructor.
pub(super) fn destructor(callback: runtime_resource_drop_fn_t, user: UserData) -> Arc<Destructor> {
    Arc::new(move |resource| {
        if let Some(callback) = callback {
            // SAFETY: the header obliges callers to register a function of this type that does not
            // unwind, with the `user_data` it expects.
            thread::outside(|| unsafe { callback(user.get(), resource) });
        }
    })
}

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
