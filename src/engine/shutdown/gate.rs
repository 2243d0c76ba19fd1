//! What of a runtime is under way or kept by the host, apart from blocking calls, which are counted
//! where statistics are.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::error::{Code, Error, Result};
use crate::system::closing::{Closing, Lease};

/// Lets things begin for as long as the runtime is open, and knows which of them have not ended.
pub(crate) struct Gate {
    lease: Lease,
    /// Loads, and instances that are being made.
    loads: AtomicU64,
    /// Asynchronous calls, until their callbacks have returned and nothing is left of them.
    tasks: AtomicU64,
    /// Of these, those whose callback runs.
    completing: AtomicU64,
    kept: Mutex<Kept>,
}

/// What the host has handles of, and keeps something of the host's.
#[derive(Default)]
struct Kept {
    all: Vec<Option<Weak<dyn Revoke>>>,
    free: Vec<usize>,
}

/// Gives up what it keeps of the host's, when nothing uses it any more.
pub(crate) trait Revoke: Send + Sync {
    fn revoke(&self);

    /// Ends a call that stands still, which nothing else would end: the runtime waits for it.
    fn interrupt(&self) {}
}

/// While it lives, it counts as under way.
pub(crate) struct Pass {
    gate: Arc<Gate>,
    of: fn(&Gate) -> &AtomicU64,
}

/// While it lives, something is known to be kept.
pub(crate) struct Entry {
    gate: Arc<Gate>,
    place: usize,
}

impl Gate {
    pub(in crate::engine) fn new() -> Self {
        Self {
            lease: Lease::take(),
            loads: AtomicU64::new(0),
            tasks: AtomicU64::new(0),
            completing: AtomicU64::new(0),
            kept: Mutex::default(),
        }
    }

    pub(crate) fn closing(&self) -> Closing {
        self.lease.closing()
    }

    pub(in crate::engine) fn close(&self) {
        self.lease.raise();
    }

    /// Refuses to begin something.
    ///
    /// # Errors
    /// `SHUTDOWN`.
    #[inline(always)]
    pub(crate) fn check(&self) -> Result<()> {
        match self.closing().is_so() {
            true => Err(closed()),
            false => Ok(()),
        }
    }

    /// For something that makes what the host can keep.
    ///
    /// # Errors
    /// `SHUTDOWN`.
    pub(crate) fn load(self: &Arc<Self>) -> Result<Pass> {
        self.pass(|it| &it.loads)
    }

    /// For an asynchronous call.
    ///
    /// # Errors
    /// `SHUTDOWN`.
    pub(crate) fn task(self: &Arc<Self>) -> Result<Pass> {
        self.pass(|it| &it.tasks)
    }

    fn pass(self: &Arc<Self>, of: fn(&Self) -> &AtomicU64) -> Result<Pass> {
        self.check()?;
        of(self).fetch_add(1, SeqCst);
        let pass = Pass { gate: self.clone(), of };
        // Once more, now that it is counted: a shutdown sees the count, or this sees the shutdown.
        self.check()?;
        Ok(pass)
    }

    pub(in crate::engine) fn loads(&self) -> u64 {
        self.loads.load(SeqCst)
    }

    pub(in crate::engine) fn tasks(&self) -> u64 {
        self.tasks.load(SeqCst)
    }

    pub(in crate::engine) fn completing(&self) -> u64 {
        self.completing.load(SeqCst)
    }

    /// Knows of something that is kept.
    pub(crate) fn keep(self: &Arc<Self>, it: Weak<dyn Revoke>) -> Entry {
        let mut kept = self.kept();
        let place = kept.free.pop().unwrap_or(kept.all.len());
        match kept.all.get_mut(place) {
            Some(free) => *free = Some(it),
            None => kept.all.push(Some(it)),
        }
        Entry { gate: self.clone(), place }
    }

    /// Has all that is kept give up what is the host's.
    pub(in crate::engine) fn revoke(&self) {
        self.each(|it| it.revoke());
    }

    /// Has calls end that stand still.
    pub(in crate::engine) fn interrupt(&self) {
        self.each(|it| it.interrupt());
    }

    fn each(&self, body: impl Fn(&dyn Revoke)) {
        let all: Vec<_> = self.kept().all.iter().flatten().cloned().collect();
        for it in all {
            if let Some(it) = it.upgrade() {
                body(&*it);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing begins any more.
#[cold]
pub(crate) fn closed() -> Error {
    Error::new(Code::Shutdown, "the runtime was shut down")
}

impl Pass {
    /// Runs the callback of the call.
    pub(crate) fn complete(&self, callback: impl FnOnce()) {
        let _completing = Completing::new(&self.gate);
        callback();
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        (self.of)(&self.gate).fetch_sub(1, SeqCst);
    }
}

struct Completing<'a>(&'a Gate);

impl<'a> Completing<'a> {
    fn new(gate: &'a Gate) -> Self {
        gate.completing.fetch_add(1, SeqCst);
        Self(gate)
    }
}

impl Drop for Completing<'_> {
    fn drop(&mut self) {
        self.0.completing.fetch_sub(1, SeqCst);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut kept = self.gate.kept();
        let gone = kept.all.get_mut(self.place).and_then(Option::take);
        kept.free.push(self.place);
        drop(kept);
        drop(gone);
    }
}
