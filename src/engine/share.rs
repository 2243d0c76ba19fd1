//! What guests hold of something scarce, counted for each instance and for the runtime.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Code, Error};
use crate::observer::Observer;
use crate::stats::Limited;

/// What all instances of a runtime hold of one kind.
#[derive(Debug)]
pub(crate) struct Total {
    kind: Kind,
    max: u64,
    held: AtomicU64,
    peak: AtomicU64,
    observer: Arc<Observer>,
}

/// What is counted, and the settings that limit it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub code: Code,
    pub limited: Limited,
    pub what: &'static str,
    /// For each instance.
    pub setting: &'static str,
    /// For all together.
    pub total: &'static str,
}

/// What one instance may hold.
#[derive(Debug)]
pub(crate) struct Share {
    max: u64,
    held: AtomicU64,
    total: Arc<Total>,
    denial: Arc<Denial>,
}

/// Something that is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    share: Arc<Share>,
    amount: u64,
}

/// The guest may not have what it asked for. Why, its [`Denial`] knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denied;

/// What an instance was denied last: a guest that does without usually gives up by a trap, which
/// then tells its host the cause.
#[derive(Debug, Default)]
pub(crate) struct Denial(Mutex<Option<Error>>);

impl Denial {
    pub(crate) fn remember(&self, why: Error) {
        *self.lock() = Some(why);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Total {
    pub(crate) fn new(kind: Kind, max: u64, observer: &Arc<Observer>) -> Self {
        let (held, peak) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { kind, max, held, peak, observer: observer.clone() }
    }

    /// What an instance may hold of this, at most `max`.
    pub(crate) fn share(self: &Arc<Self>, max: u64, denial: &Arc<Denial>) -> Arc<Share> {
        let (held, total, denial) = (AtomicU64::new(0), self.clone(), denial.clone());
        Arc::new(Share { max, held, total, denial })
    }

    pub(crate) fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }
}

impl Share {
    /// Takes `amount`, if both the instance and the runtime may have that much more.
    pub(crate) fn take(self: &Arc<Self>, amount: u64) -> Result<Held, Denied> {
        let (total, kind) = (&*self.total, self.total.kind);
        let refused = |who: &str, held: &AtomicU64, setting: &'static str, max: u64| {
            let (what, held) = (kind.what, held.load(Relaxed));
            let wanted = format!("{who} {held} {what} and wanted {amount} more");
            let why = Error::new(kind.code, format!("{wanted}; `{setting}` is {max}"));
            let why = why.met(setting, Some(held.saturating_add(amount)), max);
            total.observer.denied(kind.limited, &why);
            self.denial.remember(why);
            Denied
        };
        if !add(&self.held, amount, self.max) {
            return Err(refused("the instance held", &self.held, kind.setting, self.max));
        }
        if !add(&total.held, amount, total.max) {
            self.held.fetch_sub(amount, Relaxed);
            return Err(refused("all instances held", &total.held, kind.total, total.max));
        }
        total.peak.fetch_max(total.held(), Relaxed);
        Ok(Held { share: self.clone(), amount })
    }
}

/// Adds `amount`, unless that makes it more than `max`.
fn add(held: &AtomicU64, amount: u64, max: u64) -> bool {
    let more = |held: u64| held.checked_add(amount).filter(|sum| *sum <= max);
    held.fetch_update(Relaxed, Relaxed, more).is_ok()
}

impl Held {
    /// Keeps only `amount` of it.
    pub(crate) fn shrink(&mut self, amount: u64) {
        let back = self.amount.saturating_sub(amount);
        self.share.held.fetch_sub(back, Relaxed);
        self.share.total.held.fetch_sub(back, Relaxed);
        self.amount -= back;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::lanes::Lanes;

    const THINGS: Kind = Kind {
        code: Code::ResourceLimit,
        limited: Limited::Descriptors,
        what: "things",
        setting: "max_things",
        total: "max_total_things",
    };

    #[test]
    fn both_limits_hold_and_what_is_dropped_comes_back() {
        let observer = Arc::new(Observer::new(&Lanes::single()));
        let total = Arc::new(Total::new(THINGS, 5, &observer));
        let denials = [Arc::<Denial>::default(), Arc::<Denial>::default()];
        let [a, b] = [total.share(3, &denials[0]), total.share(3, &denials[1])];
        let three = a.take(3).unwrap();
        assert!(a.take(1).is_err());
        let why = denials[0].take().unwrap();
        assert_eq!(
            why.message(),
            "the instance held 3 things and wanted 1 more; `max_things` is 3"
        );
        let mut two = b.take(2).unwrap();
        assert!(b.take(1).is_err());
        let why = denials[1].take().unwrap();
        assert!(why.message().ends_with("`max_total_things` is 5"), "{why}");
        two.shrink(1);
        drop(b.take(1).unwrap());
        let denied = observer.counters().snapshot().descriptors_denied;
        assert_eq!((total.held(), total.peak(), denied), (4, 5, 2));
        drop(three);
        drop(two);
        assert_eq!(total.held(), 0);
        assert!(a.take(u64::MAX).is_err() && denials[1].take().is_none());
    }
}
