use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::{Pending, Progress, runtime_pending_t};
use crate::capi::boundary::{SizeTagged, overlay};
use crate::capi::callback::{UserData, runtime_finalizer_t};
use crate::capi::error::runtime_error_t;
use crate::capi::function::Report;
use crate::capi::value::runtime_values_t;
use crate::error::{Error, Result};
use crate::marshal::Results;
use crate::process::Kept;

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

const DEFAULTS: runtime_completion_t = runtime_completion_t {
    struct_size: size_of::<runtime_completion_t>(),
    callback: None,
    user_data: ptr::null_mut(),
    finalizer: None,
    pending_out: ptr::null_mut(),
};

/// What is to happen when a call ends.
///
/// Made before any other argument is looked at, so that the finalizer runs whatever they are.
pub(in crate::capi) struct Completion {
    delivery: Delivery,
    /// NULL if nobody waits.
    pending_out: *mut *mut runtime_pending_t,
}

/// The part of a [`Completion`] that goes along with the call.
struct Delivery {
    callback: runtime_completion_fn_t,
    user: UserData,
    pending: Option<Arc<Kept<Pending>>>,
}

impl Completion {
    /// Reads what a caller wants.
    ///
    /// # Safety
    /// `completion` is NULL, or points to as many readable bytes as the `size_t` at its start says;
    /// its `pending_out` is NULL, or writable until a call was started.
    pub(in crate::capi) unsafe fn new(completion: *const runtime_completion_t) -> Result<Self> {
        let mut it = DEFAULTS;
        // SAFETY: as our own contract.
        let read = unsafe { overlay(completion, &mut it, "completion") };
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
        start: impl FnOnce(Done) -> Result<()>,
    ) -> Result<()> {
        let Self { delivery, pending_out } = self;
        let pending =
            delivery.pending.clone().map(|it| Box::into_raw(Box::new(runtime_pending_t(it))));
        if let Some(pending) = pending {
            // SAFETY: not NULL since there is a `Pending`, and writable, as `new`'s caller vouched.
            unsafe { pending_out.write(pending) };
        }
        let started = start(Box::new(move |outcome: Result<Results>| {
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
pub(in crate::capi) type Done = Box<dyn FnOnce(Result<Results>) + Send>;

impl Delivery {
    /// Hands the outcome over: to the callback, or else to whoever waits.
    fn deliver(self, outcome: Result<Results>) {
        let Self { callback, user, pending } = self;
        let progress = match callback {
            None => Progress::Ended(outcome),
            Some(callback) => {
                if let Some(pending) = &pending {
                    pending.call();
                }
                let (mut results, mut error) = (ptr::null_mut(), ptr::null_mut());
                match outcome.and_then(runtime_values_t::new) {
                    Ok(it) => results = it,
                    Err(it) => error = Box::into_raw(Box::new(it.into())),
                }
                // SAFETY: the header obliges callers to pass a function of this type that does not
                // unwind, with the `user_data` it expects.
                unsafe { callback(user.get(), results, error) };
                Progress::Called
            }
        };
        drop(user);
        if let Some(pending) = pending {
            pending.end(progress);
        }
    }
}
