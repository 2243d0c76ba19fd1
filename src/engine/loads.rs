//! Loads: each on a thread of its own with a stack that it knows, few of them at once, and given up
//! when nobody waits any more.
//!
//! What reads and compiles a component is other people's code, recursive in places, and cannot be
//! interrupted everywhere. So the caller waits for the component, for as long as it likes, and the
//! thread does the work. Threads are counted by permits: a load takes one, and those that are free
//! just then as well, and keeps them until its work has ended, wanted or not.

use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::code::artifact::Stop;
use crate::error::{Code, Error, Result};
use crate::system::process::Birthplace;
use crate::system::thread::spawn;

mod wait;

pub(crate) use wait::{LoadLimit, block_on};

/// Stack of a thread that loads: types may lie some thousands deep in each other until the
/// validator says that they must not.
const STACK: usize = 16 << 20;

/// The loads of one runtime.
pub(crate) struct Loads {
    permits: Arc<Semaphore>,
    threads: usize,
    counts: Arc<Counts>,
    birthplace: Birthplace,
}

/// How many loads there are.
#[derive(Debug, Default)]
struct Counts {
    waiting: AtomicU64,
    refused: AtomicU64,
    running: Mutex<Running>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    /// Loads at work, by number, and whether anything waits for them.
    wanted: HashMap<u64, bool>,
    next: u64,
    /// Threads of those that nobody waits for, to be joined.
    given_up: Vec<JoinHandle<()>>,
}

/// What loads are doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadStats {
    /// Loads that wait for a thread.
    pub waiting: u64,
    /// Loads at work, those that nobody waits for included.
    pub running: u64,
    /// Loads at work that nobody waits for.
    pub abandoned: u64,
    /// Loads that a limit refused.
    pub refused: u64,
}

/// What a load's work gets.
pub(crate) struct Means {
    /// How many threads it may use.
    pub threads: usize,
    pub stop: Stop,
}

impl Loads {
    /// At most `threads` compile at once; 0 for as many as there are processors.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        Self {
            permits: Arc::new(Semaphore::new(threads)),
            threads,
            counts: Arc::default(),
            birthplace: Birthplace::here(),
        }
    }

    pub(crate) fn stats(&self) -> LoadStats {
        let running = self.counts.running();
        LoadStats {
            waiting: self.counts.waiting.load(Relaxed),
            running: running.wanted.len() as u64,
            abandoned: running.wanted.values().filter(|wanted| !**wanted).count() as u64,
            refused: self.counts.refused.load(Relaxed),
        }
    }

    /// Counts a load that a limit refused.
    pub(crate) fn count<T>(&self, outcome: &Result<T>) {
        let limits = [Code::ResourceLimit, Code::ComponentTooLarge, Code::MemoryLimit];
        if outcome.as_ref().is_err_and(|error| limits.contains(&error.code())) {
            self.counts.refused.fetch_add(1, Relaxed);
        }
    }

    /// Runs `work` on a thread of its own, once one is free. If this is dropped first, the work is
    /// told to stop.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(Means) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permits = self.permits().await?;
        let stop = Stop::default();
        let means = Means { threads: permits.num_permits(), stop: stop.clone() };
        let (done, outcome) = oneshot::channel();
        let at_work = AtWork::start(self.counts.clone(), permits);
        let number = at_work.number;
        let thread = thread::Builder::new().name("wasmcell-load".into()).stack_size(STACK);
        let body = move || {
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(means)))
                .unwrap_or_else(|payload| Err(Error::panic(&*payload)));
            // What the outcome keeps alive goes with it, or here; only then nothing is left.
            let _ = done.send(outcome);
            drop(at_work);
        };
        let thread = spawn(thread, body)
            .map_err(|error| Error::new(Code::Io, format!("starting a thread: {error}")))?;
        let counts = self.counts.clone();
        let mut wanted = Wanted { stop, thread: Some(thread), counts, number };
        let outcome = outcome.await;
        if let Some(thread) = wanted.thread.take() {
            // It is on its last line.
            let _ = thread.join();
        }
        outcome.unwrap_or_else(|_| Err(Error::new(Code::Panic, "a load ended without an outcome")))
    }

    /// Waits for a permit, and takes all that are free then.
    async fn permits(&self) -> Result<OwnedSemaphorePermit> {
        let _waiting = Waiting::start(&self.counts);
        let closed = |_| Error::new(Code::Panic, "no permits to load");
        let mut permits = self.permits.clone().acquire_owned().await.map_err(closed)?;
        while permits.num_permits() < self.threads {
            match self.permits.clone().try_acquire_owned() {
                Ok(another) => permits.merge(another),
                Err(_) => break,
            }
        }
        Ok(permits)
    }

    /// Waits until no load is at work, those included that nobody waits for. None of their threads
    /// are left then. Not on one of these.
    pub(crate) fn end(&self) {
        let mut running = self.counts.running();
        while !running.wanted.is_empty() {
            running = self.counts.ended.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        let given_up = std::mem::take(&mut running.given_up);
        drop(running);
        for thread in given_up {
            let _ = thread.join();
        }
    }
}

impl Drop for Loads {
    fn drop(&mut self) {
        if self.birthplace.is_forked() {
            // Those threads do not exist here.
            std::mem::forget(self.counts.clone());
        }
    }
}

impl Counts {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load that waits for a thread.
struct Waiting<'a>(&'a Counts);

impl<'a> Waiting<'a> {
    fn start(counts: &'a Counts) -> Self {
        counts.waiting.fetch_add(1, Relaxed);
        Self(counts)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// A load's thread at work.
struct AtWork {
    counts: Arc<Counts>,
    number: u64,
    /// Given back before the load counts as ended.
    permits: Option<OwnedSemaphorePermit>,
}

impl AtWork {
    fn start(counts: Arc<Counts>, permits: OwnedSemaphorePermit) -> Self {
        let mut running = counts.running();
        let number = running.next;
        running.next += 1;
        running.wanted.insert(number, true);
        drop(running);
        Self { counts, number, permits: Some(permits) }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.permits = None;
        self.counts.running().wanted.remove(&self.number);
        self.counts.ended.notify_all();
    }
}

/// What waits for a load.
struct Wanted {
    stop: Stop,
    /// `None` once the load has ended.
    thread: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
    number: u64,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.stop.set();
        let mut running = self.counts.running();
        if let Some(wanted) = running.wanted.get_mut(&self.number) {
            *wanted = false;
        }
        running.given_up.retain(|thread| !thread.is_finished());
        running.given_up.push(thread);
    }
}
