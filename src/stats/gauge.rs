//! A level and the highest it has been, which threads of all processors move at once.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread;

use crate::system::lanes::{Lanes, Spread};

/// A level and the highest it has been. What goes is kept for what comes next on the same
/// processor, so that calls that come and go write to no line of others.
#[derive(Debug)]
pub(super) struct Gauge {
    /// What there is, and what is kept.
    now: AtomicU64,
    peak: AtomicU64,
    /// How often somebody has begun to take back what is kept, and was done.
    begun: AtomicU64,
    swept: AtomicU64,
    kept: Spread<AtomicU64>,
    /// How much each lane keeps at most.
    most: u64,
}

/// How often somebody looks for a moment in which nobody moves what is kept.
const MOST_LOOKS: u32 = 1000;

/// What a look found.
struct Found {
    now: u64,
    /// Whether nobody moved what is kept meanwhile.
    is_exact: bool,
}

impl Gauge {
    pub(super) fn new(lanes: &Lanes, most: u64) -> Self {
        let (now, peak, begun, swept) = Default::default();
        Self { now, peak, begun, swept, kept: Spread::new(lanes, AtomicU64::default), most }
    }

    pub(super) fn add(&self, amount: u64) {
        self.add_within(amount, u64::MAX);
    }

    /// Adds, unless that makes it more than `max`.
    pub(super) fn add_within(&self, amount: u64, max: u64) -> bool {
        // What is kept was within `max` before.
        if take(self.kept.here(), amount) {
            return true;
        }
        let now = self.now.fetch_add(amount, Relaxed).saturating_add(amount);
        now <= self.peak.load(Relaxed) && now <= max || self.settle(now, amount, max)
    }

    /// Whether there is as much as it seemed when `amount` was added, which made it `then`.
    #[cold]
    fn settle(&self, then: u64, amount: u64, max: u64) -> bool {
        self.begun.fetch_add(1, SeqCst);
        let mut swept = 0;
        for kept in self.kept.all() {
            let kept = kept.swap(0, SeqCst);
            self.now.fetch_sub(kept, SeqCst);
            swept += kept;
        }
        self.swept.fetch_add(1, SeqCst);
        // Others may have added since, and be too many: of several, the first are not refused.
        let least = self.now.load(SeqCst).min(then.saturating_sub(swept));
        if least > max {
            self.now.fetch_sub(amount, Relaxed);
            return false;
        }
        self.peak.fetch_max(least, Relaxed);
        true
    }

    pub(super) fn sub(&self, amount: u64) {
        let kept = self.kept.here();
        match kept.load(Relaxed).saturating_add(amount) <= self.most {
            true => kept.fetch_add(amount, Relaxed),
            false => self.now.fetch_sub(amount, Relaxed),
        };
    }

    /// What there is. Not exactly, if somebody moves what is kept each time that this looks: who
    /// did so when the process was forked, or has less priority, never comes to an end.
    pub(super) fn now(&self) -> u64 {
        let mut found = self.look();
        for _ in 1..MOST_LOOKS {
            if found.is_exact {
                break;
            }
            thread::yield_now();
            found = self.look();
        }
        found.now
    }

    fn look(&self) -> Found {
        let (done, begun) = (self.swept.load(SeqCst), self.begun.load(SeqCst));
        let kept: u64 = self.kept.all().map(|kept| kept.load(SeqCst)).sum();
        let now = self.now.load(SeqCst).saturating_sub(kept);
        Found { now, is_exact: done == begun && self.begun.load(SeqCst) == begun }
    }

    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }
}

/// Takes `amount` of what is kept, if there is so much.
fn take(kept: &AtomicU64, amount: u64) -> bool {
    let left = |kept: u64| kept.checked_sub(amount);
    kept.load(Relaxed) >= amount && kept.fetch_update(Relaxed, Relaxed, left).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_what_there_was_at_once() {
        let gauge = Gauge::new(&Lanes::of_this_process(), 100);
        for _ in 0..10 {
            gauge.add(7);
            gauge.sub(7);
        }
        assert_eq!((gauge.now(), gauge.peak()), (0, 7));
        gauge.add(5);
        gauge.add(5);
        assert_eq!((gauge.now(), gauge.peak()), (10, 10));
        gauge.sub(10);
        gauge.add(1000);
        gauge.sub(1000);
        assert_eq!((gauge.now(), gauge.peak()), (0, 1000));
    }

    #[test]
    fn what_is_kept_counts_for_no_limit() {
        let gauge = Gauge::new(&Lanes::of_this_process(), 100);
        assert!(gauge.add_within(6, 10) && !gauge.add_within(5, 10));
        gauge.sub(6);
        assert!(gauge.add_within(10, 10) && !gauge.add_within(1, 10));
        assert_eq!((gauge.now(), gauge.peak()), (10, 10));
    }

    /// As in a fork: the thread that had begun did not come along.
    #[test]
    fn nobody_waits_for_who_never_comes_to_an_end() {
        let gauge = Gauge::new(&Lanes::of_this_process(), 100);
        gauge.add(7);
        gauge.begun.fetch_add(1, SeqCst);
        assert_eq!(gauge.now(), 7);
    }

    #[test]
    fn threads_lose_nothing_and_never_have_too_much() {
        let (gauge, max) = (Gauge::new(&Lanes::of_this_process(), 64), 100);
        std::thread::scope(|scope| {
            for thread in 1..=8_u64 {
                let gauge = &gauge;
                scope.spawn(move || {
                    for round in 0..20_000 {
                        let amount = (thread * 7 + round) % 40 + 1;
                        if gauge.add_within(amount, max) {
                            gauge.sub(amount);
                        }
                    }
                });
            }
        });
        assert_eq!(gauge.now(), 0);
        assert!(gauge.peak() <= max && gauge.peak() >= 40);
        assert!(gauge.add_within(max, max));
    }
}
