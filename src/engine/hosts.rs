//! Threads on which asynchronous calls run the host's functions, and end when they are late.
//!
//! Functions may block, so they run on none of the workers, where they would hold up other guests.
//! There are not as many threads as calls: a guest that calls the host again and again must not
//! take the threads that the process may have.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::engine::offload::{Answer, Desk, Offload};

/// As much as a main thread usually has.
const STACK: usize = 8 << 20;

/// The threads of one runtime.
pub(crate) struct Hosts {
    threads: Offload,
    ends: Offload,
    busy: Arc<AtomicU64>,
}

/// Where the calls of one component have the host's functions run.
#[derive(Clone)]
pub(crate) struct HostDesk {
    threads: Desk,
    ends: Desk,
    party: usize,
    busy: Arc<AtomicU64>,
}

impl Hosts {
    /// At most `max` threads for functions, and `ends` for the ends of calls.
    pub(crate) fn new(max: usize, ends: usize) -> Self {
        let threads = Offload::new("wasmcell-host", max, STACK);
        let ends = Offload::new("wasmcell-deadline", ends, STACK);
        Self { threads, ends, busy: Arc::default() }
    }

    /// For the component that `party` stands for.
    pub(crate) fn desk(&self, party: usize) -> HostDesk {
        let (threads, ends) = (self.threads.desk(), self.ends.desk());
        HostDesk { threads, ends, party, busy: self.busy.clone() }
    }

    /// Functions that run or wait for a thread.
    pub(crate) fn busy(&self) -> u64 {
        self.busy.load(Relaxed)
    }

    /// Ends the threads, for good, as soon as they are done with what they do.
    pub(crate) fn end(&self) {
        self.threads.close();
        self.ends.close();
        self.threads.wait(None);
        self.ends.wait(None);
    }
}

impl HostDesk {
    /// Has `work` done. The answer is `None` if there is no thread for it.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) -> Answer<()> {
        let busy = Busy::new(&self.busy);
        self.threads.run(self.party, move || {
            work();
            drop(busy);
        })
    }

    /// Has the end of a late call done. The answer is `None` if there is no thread for it.
    pub(crate) fn end(&self, work: impl FnOnce() + Send + 'static) -> Answer<()> {
        self.ends.run(self.party, work)
    }
}

/// Counts for as long as it lives.
struct Busy(Arc<AtomicU64>);

impl Busy {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
