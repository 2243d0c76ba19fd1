//! Places for instances that are alive, of which there are so many.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::workers::Workers;
use crate::error::{Code, Error, Result};

/// So many places, and how long an instance waits for one.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    max: u32,
    wait: Duration,
    /// The setting that says how many there are.
    setting: &'static str,
    waiting: AtomicUsize,
}

/// Instances that are kept for calls to come, and can be done without.
pub(crate) trait Spare: Send + Sync {
    /// Ends one of them, if there is one.
    fn give_way(&self) -> bool;
}

/// All that is spare in a runtime.
#[derive(Default)]
pub(crate) struct Spares(Mutex<Vec<Weak<dyn Spare>>>);

impl Spares {
    pub(crate) fn add(&self, spare: Weak<dyn Spare>) {
        let mut all = self.lock();
        all.retain(|it| it.strong_count() > 0);
        all.push(spare);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<dyn Spare>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare for Spares {
    fn give_way(&self) -> bool {
        // Not while locked: instances end by code of the host.
        let all: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        all.iter().any(|spare| spare.give_way())
    }
}

impl Slots {
    pub(crate) fn new(setting: &'static str, max: u32, wait: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max as usize)),
            max,
            wait,
            setting,
            waiting: AtomicUsize::new(0),
        }
    }

    /// Whether others wait for a place than the calls that `own` counts.
    pub(crate) fn is_wanted_by_others(&self, own: &AtomicUsize) -> bool {
        self.waiting.load(SeqCst) > own.load(SeqCst)
    }

    fn try_take(&self, places: u32) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_many_owned(places).ok()
    }

    /// `places`, without waiting; `spare` gives way to that.
    pub(crate) fn take_now(&self, places: u32, spare: &dyn Spare) -> Option<OwnedSemaphorePermit> {
        loop {
            let taken = self.try_take(places);
            if taken.is_some() || !spare.give_way() {
                return taken;
            }
        }
    }

    /// Waits for `places`, as long as the builder said, and has `spare` give way to that. It counts
    /// in `own` meanwhile.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(crate) async fn take(
        &self,
        places: u32,
        workers: &Workers,
        spare: &dyn Spare,
        own: Option<&AtomicUsize>,
    ) -> Result<OwnedSemaphorePermit> {
        if let Some(slot) = self.try_take(places) {
            return Ok(slot);
        }
        // Before looking: who keeps an instance looks at this after it, and one of both sees the
        // other.
        let _waits = Waits::new(&self.waiting);
        let _own = own.map(Waits::new);
        while spare.give_way() {
            if let Some(slot) = self.try_take(places) {
                return Ok(slot);
            }
        }
        // The thread that drives the call need not be in the context of the reactor.
        let reactor = workers.reactor();
        let entered = reactor.enter();
        let acquired = self.free.clone().acquire_many_owned(places);
        let mut slot = pin!(tokio::time::timeout(self.wait, acquired));
        drop(entered);
        let slot = poll_fn(|context| {
            let _entered = reactor.enter();
            slot.as_mut().poll(context)
        });
        match slot.await {
            Ok(Ok(slot)) => Ok(slot),
            // The semaphore is never closed, so it is the time that ran out.
            Ok(Err(_)) | Err(_) => Err(self.taken(places)),
        }
    }

    fn taken(&self, places: u32) -> Error {
        let Self { max, setting, .. } = self;
        let wait = self.wait.as_millis();
        let problem = match places {
            1 => format!(
                "all {max} instances that `{setting}` allows stayed alive for the {wait} ms that \
                 `instance_wait` allows"
            ),
            _ => format!(
                "an instance with {places} linear memories counts as {places}, and so many of the \
                 {max} that `{setting}` allows were not free within the {wait} ms that \
                 `instance_wait` allows"
            ),
        };
        Error::new(Code::InstanceLimit, problem).met(setting, None, (*max).into())
    }
}

/// Calls of one component that wait for a place, and can do with an instance that is there.
#[derive(Debug, Default)]
pub(crate) struct OwnWaits {
    /// For one of the runtime's.
    pub slots: AtomicUsize,
    /// For one of those that the component may have.
    pub bulkhead: AtomicUsize,
}

/// Counts for as long as it lives.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
