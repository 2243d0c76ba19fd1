//! Places for instances that are alive, of which there are so many.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{
    AtomicU32, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::engine::workers::Workers;
use crate::error::{Code, Error, Result};
use crate::system::lanes::{Lanes, Near, Spread};

/// So many places, and how long an instance waits for one.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Free>,
    lanes: Spread<Lane>,
    max: u32,
    wait: Duration,
    /// The setting that says how many there are.
    setting: &'static str,
}

/// The places that are free, but for those that lanes keep.
#[derive(Debug)]
struct Free {
    places: Semaphore,
    waiting: AtomicUsize,
    /// Locked while places go from lanes to `places`: they are nowhere meanwhile.
    moving: Mutex<()>,
}

/// Places that came free here, kept for the next that is taken here.
#[derive(Debug)]
struct Lane {
    kept: AtomicU32,
    free: Arc<Free>,
}

/// How many places a lane keeps at most.
const MOST_KEPT: u32 = 64;

/// Places that are taken, until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    places: u32,
    lane: Near<Lane>,
}

impl Free {
    fn moving(&self) -> MutexGuard<'_, ()> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn take(&self, places: u32) -> bool {
        let left = |kept: u32| kept.checked_sub(places);
        self.kept.load(Relaxed) >= places && self.kept.fetch_update(SeqCst, Relaxed, left).is_ok()
    }

    fn put(&self, places: u32) {
        let is_wanted = || self.free.waiting.load(SeqCst) > 0;
        if is_wanted() || self.kept.load(Relaxed).saturating_add(places) > MOST_KEPT {
            self.free.places.add_permits(places as usize);
            return;
        }
        self.kept.fetch_add(places, SeqCst);
        // Once more: who began to wait meanwhile has not seen it, or is seen here.
        if is_wanted() {
            let _moving = self.free.moving();
            self.give_up();
        }
    }

    /// Keeps none, while [`Free::moving`] is locked.
    fn give_up(&self) {
        match self.kept.swap(0, SeqCst) {
            0 => {}
            kept => self.free.places.add_permits(kept as usize),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lane.put(self.places);
    }
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
    pub(crate) fn new(lanes: &Lanes, setting: &'static str, max: u32, wait: Duration) -> Self {
        let (places, waiting) = (Semaphore::new(max as usize), AtomicUsize::new(0));
        let free = Arc::new(Free { places, waiting, moving: Mutex::default() });
        let lane = || Lane { kept: AtomicU32::new(0), free: free.clone() };
        let lanes = Spread::new(lanes, lane);
        Self { free, lanes, max, wait, setting }
    }

    /// Whether others wait for a place than the calls that `own` counts.
    pub(crate) fn is_wanted_by_others(&self, own: &AtomicUsize) -> bool {
        self.free.waiting.load(SeqCst) > own.load(SeqCst)
    }

    #[inline]
    fn try_take(&self, places: u32) -> Option<Permit> {
        let lane = self.lanes.here();
        match lane.take(places) || self.has_free(places) {
            true => Some(Permit { places, lane: lane.clone() }),
            false => None,
        }
    }

    /// Whether there are `places`, wherever, which are taken then.
    #[cold]
    fn has_free(&self, places: u32) -> bool {
        let take = || match self.free.places.try_acquire_many(places) {
            Ok(taken) => {
                taken.forget();
                true
            }
            Err(_) => false,
        };
        take() || {
            let _moving = self.free.moving();
            self.lanes.all().for_each(Lane::give_up);
            take()
        }
    }

    /// `places`, without waiting; `spare` gives way to that.
    pub(crate) fn take_now(&self, places: u32, spare: &dyn Spare) -> Option<Permit> {
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
    ) -> Result<Permit> {
        if let Some(slot) = self.try_take(places) {
            return Ok(slot);
        }
        // Before looking: who keeps an instance, or places, looks at this after it, and one of both
        // sees the other.
        let _waits = Waits::new(&self.free.waiting);
        let _own = own.map(Waits::new);
        loop {
            if let Some(slot) = self.try_take(places) {
                return Ok(slot);
            }
            if !spare.give_way() {
                break;
            }
        }
        // The thread that drives the call need not be in the context of the reactor.
        let reactor = workers.reactor();
        let entered = reactor.enter();
        let acquired = self.free.places.acquire_many(places);
        let mut slot = pin!(tokio::time::timeout(self.wait, acquired));
        drop(entered);
        let slot = poll_fn(|context| {
            let _entered = reactor.enter();
            slot.as_mut().poll(context)
        });
        match slot.await {
            Ok(Ok(taken)) => {
                taken.forget();
                Ok(Permit { places, lane: self.lanes.here().clone() })
            }
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
