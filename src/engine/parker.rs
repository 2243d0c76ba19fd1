//! Waiting on a thread of the host's.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Instant;

/// Wakes the thread that drives a call. By a lock of its own, not the thread's token: a thread that
/// is about to end has none.
pub(crate) struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    pub(crate) fn here() -> (Arc<Self>, Waker) {
        let parker = Arc::new(Self { woken: Mutex::new(false), changed: Condvar::new() });
        (parker.clone(), Waker::from(parker))
    }

    /// Waits for a wake-up; false if `deadline` comes first.
    pub(crate) fn park_until(&self, deadline: Instant) -> bool {
        let mut woken = self.lock();
        while !mem::take(&mut *woken) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(woken, left);
            woken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.lock() = true;
        self.changed.notify_one();
    }
}
