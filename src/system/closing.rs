//! Whether a runtime is shutting down, where every call can look without owning anything.
//!
//! A counter of owners would be one cache line that all calls of a runtime share. So the flags stay
//! for as long as the process lives, and a runtime that is gone leaves its own to the next one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::system::process::steadily;

/// Whether the runtime that this was taken from is shutting down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closing(&'static Flag);

/// A flag of a runtime's own.
#[derive(Debug)]
pub(crate) struct Lease(Closing);

#[derive(Debug)]
struct Flag {
    raised: AtomicBool,
    leased: AtomicBool,
    next: OnceLock<Box<Flag>>,
}

impl Flag {
    const fn new(leased: bool) -> Self {
        let (raised, leased) = (AtomicBool::new(false), AtomicBool::new(leased));
        Self { raised, leased, next: OnceLock::new() }
    }
}

/// Never leased, and so never raised.
static FIRST: Flag = Flag::new(true);

impl Closing {
    /// Also for an answer that decides whether to begin: in one order with what counts that.
    #[inline(always)]
    pub(crate) fn is_so(self) -> bool {
        self.0.raised.load(SeqCst)
    }
}

impl Default for Closing {
    /// Of no runtime.
    fn default() -> Self {
        Self(&FIRST)
    }
}

impl Lease {
    pub(crate) fn take() -> Self {
        // A fork in the midst of it would wait for ever when it takes one of its own.
        steadily(|| {
            let mut at = &FIRST;
            while at.leased.swap(true, SeqCst) {
                at = at.next.get_or_init(|| Box::new(Flag::new(false)));
            }
            at.raised.store(false, SeqCst);
            Self(Closing(at))
        })
    }

    pub(crate) fn closing(&self) -> Closing {
        self.0
    }

    pub(crate) fn raise(&self) {
        self.0.0.raised.store(true, SeqCst);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.0.leased.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_has_its_own_and_leaves_it_to_the_next() {
        let (a, b) = (Lease::take(), Lease::take());
        a.raise();
        assert!(a.closing().is_so() && !b.closing().is_so() && !Closing::default().is_so());
        let closing = a.closing();
        drop(a);
        let next: Vec<Lease> = (0..100).map(|_| Lease::take()).collect();
        assert!(next.iter().all(|it| !it.closing().is_so()));
        next.iter().for_each(Lease::raise);
        // Of a runtime that is gone: somebody's, never nobody's.
        assert!(closing.is_so() && !b.closing().is_so());
    }
}
