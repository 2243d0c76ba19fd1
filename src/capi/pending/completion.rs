use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::progress::{Pending, Progress, Work, runtime_pending_t};
use crate::capi::boundary::{SizeTagged, overlay};
use crate::capi::callback::{UserData, runtime_finalizer_t};
use crate::capi::component::runtime_component_t;
use crate::capi::error::runtime_error_t;
use crate::capi::instance::runtime_instance_t;
use crate::capi::options::Report;
use crate::capi::value::runtime_values_t;
use crate::component::Component;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::marshal::Results;
use crate::system::process::Kept;

/// Receives the outcome of an asynchronous call.
///
/// Runs exactly once for each call that was started, on a worker thread of the runtime, when the
/// call has ended; several may run at once. It holds up other calls on the same workers, so it must
/// not block for long. It may call any function of this library: release every handle, the
/// runtime's last included, and start calls. Must not unwind.
///
/// @param user_data  What was passed with the callback. Borrowed for the call.
/// @param results    The results, owned by the callback: release them with
///                   runtime_values_free(). NULL if the call failed.
/// @param error      Why the call failed, as runtime_function_call() would have returned it; owned
///                   by the callback: release it with runtime_error_free(). NULL if `results` is
///                   not, and only then.
///
/// @since 0.1
pub type runtime_completion_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        results: *mut runtime_values_t,
        error: *mut runtime_error_t,
    ),
>;

/// What is to happen when an asynchronous call ends. It needs `callback`, `pending_out` or both.
///
/// Initialise with RUNTIME_COMPLETION_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_completion_t {
    /// sizeof(runtime_completion_t), as the caller was compiled.
    pub struct_size: usize,
    /// Receives the outcome. NULL, the default, leaves it for runtime_pending_wait(). Not called if
    /// starting the call fails.
    pub callback: runtime_completion_fn_t,
    /// Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL.
    pub user_data: *mut c_void,
    /// Runs once with `user_data`: after `callback`, or when starting the call fails. NULL if
    /// there is nothing to release.
    pub finalizer: runtime_finalizer_t,
    /// Receives the call, for runtime_pending_wait(); owned by the caller, who releases it with
    /// runtime_pending_free(). It is there before `callback` runs. Set to NULL on failure. NULL,
    /// the default, if nobody waits.
    pub pending_out: *mut *mut runtime_pending_t,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_completion_t {}

/// Receives the outcome of an asynchronous load.
///
/// As runtime_completion_fn_t for a call: it runs exactly once for each load that was started, on a
/// worker thread of the runtime, must not block for long and must not unwind, and may call any
/// function of this library.
///
/// @param user_data  What was passed with the callback. Borrowed for the call.
/// @param component  The component, owned by the callback: release it with
///                   runtime_component_free(). NULL if the load failed.
/// @param error      Why the load failed, as runtime_component_new() would have returned it; owned
///                   by the callback: release it with runtime_error_free(). NULL if `component` is
///                   not, and only then.
///
/// @since 0.1
pub type runtime_component_completion_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        component: *mut runtime_component_t,
        error: *mut runtime_error_t,
    ),
>;

/// What is to happen when an asynchronous load ends. It needs `callback`, `pending_out` or both.
///
/// Initialise with RUNTIME_COMPONENT_COMPLETION_INIT. Fields are only ever appended, so a program
/// built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_component_completion_t {
    /// sizeof(runtime_component_completion_t), as the caller was compiled.
    pub struct_size: usize,
    /// Receives the outcome. NULL, the default, leaves it for runtime_pending_wait_component().
    /// Not called if starting the load fails.
    pub callback: runtime_component_completion_fn_t,
    /// Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL.
    pub user_data: *mut c_void,
    /// Runs once with `user_data`: after `callback`, or when starting the load fails. NULL if
    /// there is nothing to release.
    pub finalizer: runtime_finalizer_t,
    /// Receives the load, for runtime_pending_wait_component(); owned by the caller, who releases
    /// it with runtime_pending_free(). It is there before `callback` runs. Set to NULL on failure.
    /// NULL, the default, if nobody waits.
    pub pending_out: *mut *mut runtime_pending_t,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_component_completion_t {}

/// Receives the outcome of runtime_instance_new_async().
///
/// As runtime_completion_fn_t for a call: it runs exactly once for each instance that was started,
/// on a worker thread of the runtime, must not block for long and must not unwind, and may call any
/// function of this library.
///
/// @param user_data  What was passed with the callback. Borrowed for the call.
/// @param instance   The instance, owned by the callback: release it with runtime_instance_free().
///                   NULL if it could not be made.
/// @param error      Why, as runtime_instance_new() would have returned it; owned by the callback:
///                   release it with runtime_error_free(). NULL if `instance` is not, and only
///                   then.
///
/// @since 0.1
pub type runtime_instance_completion_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        instance: *mut runtime_instance_t,
        error: *mut runtime_error_t,
    ),
>;

/// What is to happen when an instance has been made. It needs `callback`, `pending_out` or both.
///
/// Initialise with RUNTIME_INSTANCE_COMPLETION_INIT. Fields are only ever appended, so a program
/// built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_instance_completion_t {
    /// sizeof(runtime_instance_completion_t), as the caller was compiled.
    pub struct_size: usize,
    /// Receives the outcome. NULL, the default, leaves it for runtime_pending_wait_instance(). Not
    /// called if starting fails.
    pub callback: runtime_instance_completion_fn_t,
    /// Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL.
    pub user_data: *mut c_void,
    /// Runs once with `user_data`: after `callback`, or when starting fails. NULL if there is
    /// nothing to release.
    pub finalizer: runtime_finalizer_t,
    /// Receives what is on its way, for runtime_pending_wait_instance(); owned by the caller, who
    /// releases it with runtime_pending_free(). It is there before `callback` runs. Set to NULL on
    /// failure. NULL, the default, if nobody waits.
    pub pending_out: *mut *mut runtime_pending_t,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_instance_completion_t {}

/// What comes of asynchronous work, and how C gets it.
pub(in crate::capi) trait Outcome: Sized + Send + 'static {
    /// What the caller says it wants.
    type Wanted: SizeTagged;
    /// What C owns then.
    type Raw;
    const DEFAULTS: Self::Wanted;

    fn parts(wanted: &Self::Wanted) -> Parts<Self>;
    fn into_raw(self) -> Result<*mut Self::Raw>;
    fn work(pending: Arc<Kept<Pending<Self>>>) -> Work;
}

type Callback<T> =
    Option<unsafe extern "C" fn(*mut c_void, *mut <T as Outcome>::Raw, *mut runtime_error_t)>;

/// The fields of [`Outcome::Wanted`].
pub(in crate::capi) struct Parts<T: Outcome> {
    callback: Callback<T>,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
    pending_out: *mut *mut runtime_pending_t,
}

impl Outcome for Results {
    type Wanted = runtime_completion_t;
    type Raw = runtime_values_t;
    const DEFAULTS: runtime_completion_t = runtime_completion_t {
        struct_size: size_of::<runtime_completion_t>(),
        callback: None,
        user_data: ptr::null_mut(),
        finalizer: None,
        pending_out: ptr::null_mut(),
    };

    fn parts(it: &runtime_completion_t) -> Parts<Self> {
        Parts {
            callback: it.callback,
            user_data: it.user_data,
            finalizer: it.finalizer,
            pending_out: it.pending_out,
        }
    }

    fn into_raw(self) -> Result<*mut runtime_values_t> {
        runtime_values_t::new(self)
    }

    fn work(pending: Arc<Kept<Pending<Self>>>) -> Work {
        Work::Call(pending)
    }
}

impl Outcome for Component {
    type Wanted = runtime_component_completion_t;
    type Raw = runtime_component_t;
    const DEFAULTS: runtime_component_completion_t = runtime_component_completion_t {
        struct_size: size_of::<runtime_component_completion_t>(),
        callback: None,
        user_data: ptr::null_mut(),
        finalizer: None,
        pending_out: ptr::null_mut(),
    };

    fn parts(it: &runtime_component_completion_t) -> Parts<Self> {
        Parts {
            callback: it.callback,
            user_data: it.user_data,
            finalizer: it.finalizer,
            pending_out: it.pending_out,
        }
    }

    fn into_raw(self) -> Result<*mut runtime_component_t> {
        Ok(Box::into_raw(Box::new(runtime_component_t(self))))
    }

    fn work(pending: Arc<Kept<Pending<Self>>>) -> Work {
        Work::Load(pending)
    }
}

impl Outcome for Instance {
    type Wanted = runtime_instance_completion_t;
    type Raw = runtime_instance_t;
    const DEFAULTS: runtime_instance_completion_t = runtime_instance_completion_t {
        struct_size: size_of::<runtime_instance_completion_t>(),
        callback: None,
        user_data: ptr::null_mut(),
        finalizer: None,
        pending_out: ptr::null_mut(),
    };

    fn parts(it: &runtime_instance_completion_t) -> Parts<Self> {
        Parts {
            callback: it.callback,
            user_data: it.user_data,
            finalizer: it.finalizer,
            pending_out: it.pending_out,
        }
    }

    fn into_raw(self) -> Result<*mut runtime_instance_t> {
        Ok(Box::into_raw(Box::new(runtime_instance_t(self))))
    }

    fn work(pending: Arc<Kept<Pending<Self>>>) -> Work {
        Work::Instance(pending)
    }
}

/// What is to happen when a call or a load ends.
///
/// Made before any other argument is looked at, so that the finalizer runs whatever they are.
pub(in crate::capi) struct Completion<T: Outcome> {
    delivery: Delivery<T>,
    /// NULL if nobody waits.
    pending_out: *mut *mut runtime_pending_t,
}

/// The part of a [`Completion`] that goes along with the call.
struct Delivery<T: Outcome> {
    callback: Callback<T>,
    user: UserData,
    pending: Option<Arc<Kept<Pending<T>>>>,
}

impl<T: Outcome> Completion<T> {
    /// Reads what a caller wants.
    ///
    /// # Safety
    /// `completion` is NULL, or points to as many readable bytes as the `size_t` at its start says;
    /// its `pending_out` is NULL, or writable until a call was started.
    pub(in crate::capi) unsafe fn new(completion: *const T::Wanted) -> Result<Self> {
        let mut it = T::DEFAULTS;
        // SAFETY: as our own contract.
        let read = unsafe { overlay(completion, &mut it, "completion") };
        let it = T::parts(&it);
        let user = UserData::new(it.user_data, it.finalizer);
        let pending = (!it.pending_out.is_null()).then(|| Arc::new(Kept::new(Pending::new())));
        if pending.is_some() {
            // SAFETY: as our own contract.
            unsafe { it.pending_out.write(ptr::null_mut()) };
        }
        read?;
        if completion.is_null() {
            return Err(Error::invalid("completion", "is NULL"));
        }
        if it.callback.is_none() && pending.is_none() {
            return Err(Error::invalid("completion", "has neither callback nor pending_out"));
        }
        let delivery = Delivery { callback: it.callback, user, pending };
        Ok(Self { delivery, pending_out: it.pending_out })
    }

    /// Starts a call by `start`, which passes on what to do with its outcome.
    pub(in crate::capi) fn start(
        self,
        report: Option<Report>,
        start: impl FnOnce(Done<T>) -> Result<()>,
    ) -> Result<()> {
        let Self { delivery, pending_out } = self;
        let work = delivery.pending.clone().map(T::work);
        let pending = work.map(|it| Box::into_raw(Box::new(runtime_pending_t(it))));
        if let Some(pending) = pending {
            // SAFETY: not NULL since there is a `Pending`, and writable, as `new`'s caller vouched.
            unsafe { pending_out.write(pending) };
        }
        let started = start(Box::new(move |outcome: Result<T>| {
            drop(report);
            delivery.deliver(outcome);
        }));
        // From here on the callback may have run and released everything, unless this failed.
        if let (Err(_), Some(pending)) = (&started, pending) {
            // SAFETY: no callback ran, so `pending_out` is as it was, and `pending` is still ours.
            unsafe {
                pending_out.write(ptr::null_mut());
                drop(Box::from_raw(pending));
            }
        }
        started
    }
}

/// What is to be done with an outcome.
pub(in crate::capi) type Done<T> = Box<dyn FnOnce(Result<T>) + Send>;

impl<T: Outcome> Delivery<T> {
    /// Hands the outcome over: to the callback, or else to the thread that waits.
    fn deliver(self, outcome: Result<T>) {
        let Self { callback, user, pending } = self;
        let progress = match callback {
            None => Progress::Ended(outcome),
            Some(callback) => {
                if let Some(pending) = &pending {
                    pending.call();
                }
                let (mut given, mut error) = (ptr::null_mut(), ptr::null_mut());
                match outcome.and_then(T::into_raw) {
                    Ok(it) => given = it,
                    Err(it) => error = Box::into_raw(Box::new(it.into())),
                }
                // SAFETY: the header obliges callers to pass a function of this type that does not
                // unwind, with the `user_data` it expects.
                unsafe { callback(user.get(), given, error) };
                Progress::Called
            }
        };
        drop(user);
        if let Some(pending) = pending {
            pending.end(progress);
        }
    }
}
