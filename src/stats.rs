//! What a runtime is doing and has done: counters that calls bump and anybody reads, no locks.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};

use crate::error::Code;
use crate::system::lanes::{Lanes, Spread};

mod gauge;

use gauge::Gauge;

/// A snapshot of a runtime's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls that began.
    pub started: u64,
    /// Calls that gave results.
    pub finished: u64,
    /// Calls that trapped, also by using up their stack or fuel.
    pub trapped: u64,
    /// Calls that ran out of time.
    pub timed_out: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Calls that failed in any other way.
    pub failed: u64,
    /// Instances alive.
    pub instances: u64,
    /// Most instances alive at once.
    pub instances_peak: u64,
    /// Bytes of linear memories and tables alive.
    pub memory: u64,
    /// Most such bytes at once.
    pub memory_peak: u64,
    /// Growths of memories and tables that a limit denied.
    pub denied: u64,
    /// Pool slots for instances in use; 0 without a pool.
    pub pool_slots: u64,
    /// Ticks of the epoch thread.
    pub ticks: u64,
    /// Descriptors that guests hold, and those of granted directories.
    pub descriptors: u64,
    /// Most such descriptors at once.
    pub descriptors_peak: u64,
    /// How often a limit denied a descriptor.
    pub descriptors_denied: u64,
    /// Bytes that streams of guests have read ahead or not yet written.
    pub buffers: u64,
    /// Most such bytes at once.
    pub buffers_peak: u64,
    /// Name look-ups without an answer.
    pub lookups: u64,
    /// How often a limit denied a name look-up.
    pub lookups_denied: u64,
    /// File operations of guests that run or wait for a thread.
    pub file_operations: u64,
    /// How often a directory's limit denied a guest to add to it.
    pub disk_denied: u64,
    /// Bytes that instances have besides memories and tables: globals and the like.
    pub instance_state: u64,
    /// Most such bytes at once.
    pub instance_state_peak: u64,
    /// Functions of the host that asynchronous calls run, or that wait for a thread.
    pub host_functions: u64,
    /// Instances that wait for another call of their component.
    pub resting: u64,
    /// Calls that found such an instance.
    pub reused: u64,
    /// Pools that were made.
    pub pools: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug)]
pub(crate) struct Counters {
    tallies: Spread<Tally>,
    instances: Gauge,
    memory: Gauge,
    state: Gauge,
}

/// What was counted in one lane. A call may begin in one and end in another: only sums have a
/// meaning, and they wrap around.
#[derive(Debug, Default)]
struct Tally {
    started: AtomicU64,
    finished: AtomicU64,
    trapped: AtomicU64,
    timed_out: AtomicU64,
    cancelled: AtomicU64,
    failed: AtomicU64,
    /// For each [`Limited`].
    denied: [AtomicU64; 5],
    resting: AtomicU64,
    reused: AtomicU64,
}

/// What a lane keeps of what is gone: so many instances, and so many bytes.
const KEPT_INSTANCES: u64 = 64;
const KEPT_BYTES: u64 = 64 << 20;

/// What limits deny, as far as it is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// Growth of memories and tables.
    Memory,
    Descriptors,
    Buffers,
    Lookups,
    /// Bytes and names in directories.
    Disk,
}

impl Counters {
    pub(crate) fn new(lanes: &Lanes) -> Self {
        Self {
            tallies: Spread::new(lanes, Tally::default),
            instances: Gauge::new(lanes, KEPT_INSTANCES),
            memory: Gauge::new(lanes, KEPT_BYTES),
            state: Gauge::new(lanes, KEPT_BYTES),
        }
    }

    /// Whether a call is in flight. Never misses one; may see one that ends just now.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight() > 0
    }

    /// How many calls are in flight. May count those that end just now.
    pub(crate) fn in_flight(&self) -> u64 {
        // In this order: a call that starts and ends meanwhile must not hide another.
        let ended = self.sum(|it| {
            let ways = [&it.finished, &it.trapped, &it.timed_out, &it.cancelled, &it.failed];
            ways.into_iter().map(|ended| ended.load(SeqCst)).sum()
        });
        self.sum(|it| it.started.load(SeqCst)).saturating_sub(ended)
    }

    fn sum(&self, of: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies.all().map(of).fold(0, u64::wrapping_add)
    }

    /// Counts a call, which ends some time.
    #[inline]
    pub(crate) fn started(&self) {
        // In one order with the look that `Ticker` takes before it sleeps.
        self.tallies.here().started.fetch_add(1, SeqCst);
    }

    /// Counts how a call ended.
    #[inline]
    pub(crate) fn ended(&self, failure: Option<Code>) {
        let tally = self.tallies.here();
        let counter = match failure {
            None => &tally.finished,
            Some(Code::Timeout) => &tally.timed_out,
            Some(Code::Cancelled) => &tally.cancelled,
            Some(Code::Trap | Code::StackOverflow | Code::Fuel) => &tally.trapped,
            Some(_) => &tally.failed,
        };
        counter.fetch_add(1, Release);
    }

    /// Counts an instance and the state it takes, unless all would have more than `max` then.
    pub(crate) fn instance_started(&self, state: u64, max: u64) -> bool {
        let fits = self.state.add_within(state, max);
        if fits {
            self.instances.add(1);
        }
        fits
    }

    pub(crate) fn instance_ended(&self, state: u64) {
        self.instances.sub(1);
        self.state.sub(state);
    }

    /// An instance waits for its next call.
    pub(crate) fn rests(&self) {
        self.tallies.here().resting.fetch_add(1, Relaxed);
    }

    /// One that waited has a call.
    pub(crate) fn woken(&self) {
        self.ended_resting();
        self.handed_over();
    }

    /// One goes from one call to the next.
    pub(crate) fn handed_over(&self) {
        self.tallies.here().reused.fetch_add(1, Relaxed);
    }

    /// One that waited is given up.
    pub(crate) fn ended_resting(&self) {
        self.tallies.here().resting.fetch_sub(1, Relaxed);
    }

    pub(crate) fn memory_grew(&self, bytes: u64) {
        self.memory.add(bytes);
    }

    pub(crate) fn memory_freed(&self, bytes: u64) {
        self.memory.sub(bytes);
    }

    pub(crate) fn denied(&self, what: Limited) {
        self.tallies.here().denials(what).fetch_add(1, Relaxed);
    }

    /// All counters; what they do not know is 0.
    pub(crate) fn snapshot(&self) -> Stats {
        let sum = |of: fn(&Tally) -> &AtomicU64| self.sum(|it| of(it).load(Relaxed));
        // What began in one lane may have ended in another, which was looked at before.
        let resting = sum(|it| &it.resting);
        let resting = if resting > u64::MAX / 2 { 0 } else { resting };
        let denied = |what| self.sum(|it| it.denials(what).load(Relaxed));
        Stats {
            started: sum(|it| &it.started),
            finished: sum(|it| &it.finished),
            trapped: sum(|it| &it.trapped),
            timed_out: sum(|it| &it.timed_out),
            cancelled: sum(|it| &it.cancelled),
            failed: sum(|it| &it.failed),
            instances: self.instances.now(),
            instances_peak: self.instances.peak(),
            memory: self.memory.now(),
            memory_peak: self.memory.peak(),
            denied: denied(Limited::Memory),
            descriptors_denied: denied(Limited::Descriptors),
            lookups_denied: denied(Limited::Lookups),
            disk_denied: denied(Limited::Disk),
            instance_state: self.state.now(),
            instance_state_peak: self.state.peak(),
            resting,
            reused: sum(|it| &it.reused),
            ..Stats::default()
        }
    }
}

impl Tally {
    fn denials(&self, what: Limited) -> &AtomicU64 {
        let [memory, descriptors, buffers, lookups, disk] = &self.denied;
        match what {
            Limited::Memory => memory,
            Limited::Descriptors => descriptors,
            Limited::Buffers => buffers,
            Limited::Lookups => lookups,
            Limited::Disk => disk,
        }
    }
}
