use std::sync::Arc;

use tokio::sync::oneshot::Sender;

use crate::capi::boundary::{quietly, release, slice, take};
use crate::capi::error::runtime_error_t;
use crate::error::Result;
use crate::host::HostType;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{Copied, Reply, copy_results};
use crate::system::process::Kept;
use crate::types::FunctionType;

/// The answer that a host function still owes. See runtime_call_defer().
///
/// The host function that receives it owns it, and passes it on to runtime_reply_complete(), or
/// releases it with runtime_reply_free(). Any thread may do so, at any time: also when the call is
/// over, the callback's `user_data` has been released, or nothing is left of the runtime.
///
/// @since 0.1
pub struct runtime_reply_t {
    /// In a fork it is left alone: what waits for it is in the parent process, and cannot be told.
    answer: Kept<Sender<Result<Box<dyn Reply>>>>,
    of: Origin,
}

impl runtime_reply_t {
    pub(super) fn new(answer: Sender<Result<Box<dyn Reply>>>, of: Origin) -> Self {
        Self { answer: Kept::new(answer), of }
    }
}

/// What there is to know about the function that a guest called.
#[derive(Clone)]
pub(super) struct Origin {
    pub ty: Arc<FunctionType>,
    /// The types of the host's resources, if the function takes or gives any resources.
    pub types: Option<Arc<[HostType]>>,
}

/// An answer on its way to a guest. If it never gets there, the resources in it are dropped.
pub(super) struct Owned {
    copied: Copied,
    of: Origin,
}

impl Owned {
    /// A copy of `results`, with everything they point to.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` and `INVALID_ARGUMENT` name the place.
    ///
    /// # Safety
    /// The pointers in `results` are live.
    pub(super) unsafe fn copy(results: &[runtime_value_t], of: Origin) -> Result<Self> {
        // SAFETY: the caller's promise is ours.
        let copied = unsafe { copy_results(results, &of.ty)? };
        Ok(Self { copied, of })
    }
}

// SAFETY: the copy owns everything its values point to.
unsafe impl Reply for Owned {
    fn values(&self) -> &[runtime_value_t] {
        self.copied.results.values()
    }

    fn delivered(&mut self) {
        // Nobody's code must run from here on, where the guest's handles are at hand.
        self.copied.owned.clear();
    }

    fn keep(self: Box<Self>) -> Result<Box<dyn Reply>> {
        Ok(self)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        for (ty, handle) in self.copied.owned.drain(..) {
            let Ok(rep) = u32::try_from(handle) else { continue };
            let known = self.of.types.as_deref().unwrap_or_default();
            known.iter().for_each(|known| known.drop_if(&ty, rep));
        }
    }
}

/// Answers for a host function that deferred its answer, and the guest goes on.
///
/// Returns at once. If the call is over by then, because it was cancelled or ran out of time, the
/// answer goes nowhere, and the destructors of the owned resources of the host in it run.
///
/// @param reply        The reply, owned, and gone afterwards. NULL is allowed; `error` is released
///                     all the same.
/// @param results      The results, as a callback fills them in, copied with everything they point
///                     to; may be NULL if `results_len` is 0. Not looked at if `error` is not NULL.
///                     What is wrong with them is an error of the guest's caller.
/// @param results_len  1, or 0 if the function gives nothing.
/// @param error        Why there are no results, owned by the library from here on, as if the
///                     callback had returned it; NULL if there are.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_reply_complete(
    reply: *mut runtime_reply_t,
    results: *const runtime_value_t,
    results_len: usize,
    error: *mut runtime_error_t,
) {
    quietly("runtime_reply_complete", || {
        // SAFETY: the header obliges callers to pass a reply and an error of their own, or NULL.
        let (reply, error) = unsafe { (take(reply), take(error)) };
        let Some(reply) = reply else { return };
        let runtime_reply_t { answer, of } = *reply;
        let owned = match error {
            Some(error) => Err(error.into()),
            // SAFETY: the header obliges callers to pass values whose pointers are live.
            None => unsafe {
                slice(results, results_len, "results").and_then(|it| Owned::copy(it, of))
            },
        };
        let owned = owned.map(|owned| -> Box<dyn Reply> { Box::new(owned) });
        // Nobody waits if the call is over.
        if let Some(answer) = Kept::take(answer) {
            let _ = answer.send(owned);
        }
    });
}

/// Gives up on an answer: the guest's call ends with RUNTIME_ERROR_HOST.
///
/// @param reply  The reply, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different replies.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_reply_free(reply: Option<Box<runtime_reply_t>>) {
    release("runtime_reply_free", reply);
}
