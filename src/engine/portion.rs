//! What one instance has of what all guests of a runtime share: how much it may hold, and whose
//! threads do for it what blocks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::Semaphore;

use crate::engine::Settings;
use crate::engine::hosts::Hosts;
use crate::engine::limits::Limits;
use crate::engine::offload::{Answer, Desk, Offload};
use crate::engine::share::{Denial, Denied, Held, Kind, Share, Total};
use crate::engine::workers;
use crate::error::Code;
use crate::observer::Observer;
use crate::stats::{Limited, Stats};

const DESCRIPTORS: Kind = Kind {
    code: Code::DescriptorLimit,
    limited: Limited::Descriptors,
    what: "descriptors",
    setting: "max_descriptors",
    total: "max_total_descriptors",
};

const BUFFERS: Kind = Kind {
    code: Code::ResourceLimit,
    limited: Limited::Buffers,
    what: "bytes in buffers",
    setting: "max_buffers",
    total: "max_total_buffers",
};

const LOOKUPS: Kind = Kind {
    code: Code::LookupLimit,
    limited: Limited::Lookups,
    what: "name look-ups without an answer",
    setting: "max_lookups",
    total: "",
};

/// Bytes of stack of a thread that calls the system and nobody else.
const STACK: usize = 2 << 20;

/// What the instances of a runtime share.
pub(crate) struct Commons {
    descriptors: Arc<Total>,
    buffers: Arc<Total>,
    lookups: Arc<Total>,
    operations: Arc<AtomicU64>,
    observer: Arc<Observer>,
    files: Offload,
    resolvers: Offload,
    hosts: Hosts,
    max_operations: usize,
}

/// A file operation that was asked for, until this is dropped.
struct Operation(Arc<AtomicU64>);

impl Operation {
    fn new(all: &Arc<AtomicU64>) -> Self {
        all.fetch_add(1, Relaxed);
        Self(all.clone())
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What one instance has of it.
pub(crate) struct Portion {
    /// The component, as far as threads are shared.
    party: usize,
    denial: Arc<Denial>,
    descriptors: Arc<Share>,
    buffers: Arc<Share>,
    lookups: Arc<Share>,
    operations: Arc<AtomicU64>,
    turns: Arc<Semaphore>,
    files: Desk,
    resolvers: Desk,
}

impl Commons {
    pub(crate) fn new(settings: &Settings, observer: Arc<Observer>) -> Self {
        let bounds = &settings.bounds;
        let total = |kind, max| Arc::new(Total::new(kind, max, &observer));
        Self {
            descriptors: total(DESCRIPTORS, bounds.total_descriptors()),
            buffers: total(BUFFERS, bounds.max_total_buffers),
            lookups: total(LOOKUPS, u64::MAX),
            operations: Arc::default(),
            files: Offload::new("wasmcell-file", bounds.file_threads, STACK),
            resolvers: Offload::new("wasmcell-lookup", bounds.lookup_threads, STACK),
            hosts: Hosts::new(bounds.host_threads, workers::threads(settings.worker_threads)),
            max_operations: bounds.max_file_operations,
            observer,
        }
    }

    /// For an instance of the component that `party` stands for.
    pub(crate) fn portion(&self, party: usize, limits: &Limits) -> Portion {
        let denial = Arc::default();
        Portion {
            party,
            descriptors: self.descriptors.share(limits.descriptors, &denial),
            buffers: self.buffers.share(limits.buffers, &denial),
            lookups: self.lookups.share(limits.lookups, &denial),
            operations: self.operations.clone(),
            turns: Arc::new(Semaphore::new(self.max_operations)),
            files: self.files.desk(),
            resolvers: self.resolvers.desk(),
            denial,
        }
    }

    /// Descriptors that belong to no instance.
    ///
    /// # Errors
    /// `DESCRIPTOR_LIMIT`.
    pub(crate) fn descriptors(&self, count: u64) -> crate::error::Result<Held> {
        let denial = Arc::default();
        let held = self.descriptors.share(u64::MAX, &denial).take(count);
        held.map_err(|Denied| {
            denial
                .take()
                .unwrap_or_else(|| crate::error::Error::new(DESCRIPTORS.code, DESCRIPTORS.total))
        })
    }

    /// The threads for the host's functions.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Who is told what is denied.
    pub(crate) fn observer(&self) -> &Arc<Observer> {
        &self.observer
    }

    /// Ends the threads, for good, as soon as they are done with what they do.
    pub(crate) fn end(&self) {
        self.files.close();
        self.resolvers.close();
        self.files.wait(None);
        self.resolvers.wait(None);
        self.hosts.end();
    }

    /// Fills in what it knows.
    pub(crate) fn describe(&self, stats: &mut Stats) {
        stats.descriptors = self.descriptors.held();
        stats.descriptors_peak = self.descriptors.peak();
        stats.buffers = self.buffers.held();
        stats.buffers_peak = self.buffers.peak();
        stats.lookups = self.lookups.held();
        stats.file_operations = self.operations.load(Relaxed);
        stats.host_functions = self.hosts.busy();
    }
}

impl Portion {
    /// Why something was refused.
    pub(crate) fn denial(&self) -> &Arc<Denial> {
        &self.denial
    }

    pub(crate) fn descriptors(&self, count: u64) -> Result<Held, Denied> {
        self.descriptors.take(count)
    }

    pub(crate) fn buffer(&self, bytes: usize) -> Result<Held, Denied> {
        self.buffers.take(bytes as u64)
    }

    /// Does a file operation elsewhere. It goes on if nobody waits for it any more.
    ///
    /// # Errors
    /// What it says; or that nobody could do it.
    pub(crate) async fn file<T: Send + 'static>(
        &self,
        operation: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let gone = || io::Error::other("no thread for file operations");
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| gone())?;
        let counted = Operation::new(&self.operations);
        let operation = move || {
            let outcome = operation();
            drop((turn, counted));
            outcome
        };
        self.files.run(self.party, operation).await.ok_or_else(gone)?
    }

    /// Asks the resolver elsewhere.
    pub(crate) fn look_up<T: Send + 'static>(
        &self,
        ask: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Answer<T>, Denied> {
        let held = self.lookups.take(1)?;
        Ok(self.resolvers.run(self.party, move || {
            let answer = ask();
            drop(held);
            answer
        }))
    }
}
