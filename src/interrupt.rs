//! The host's say in a call that is in flight on its thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::Result;

/// Whether the call may go on; an error ends it, and its caller gets that.
pub type InterruptFn = dyn Fn() -> Result<()> + Send + Sync;

/// Asks the host at most once a tick whether a call may go on, on the thread of the call: where
/// the host is used to look for signals, cancelled statements or its own shutdown.
///
/// It may go along with any number of calls, one at a time.
pub struct Interrupt {
    ask: Arc<InterruptFn>,
    /// The tick in which it was asked last.
    asked: AtomicU64,
}

impl Interrupt {
    /// Asks by `ask`.
    pub fn new(ask: impl Fn() -> Result<()> + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), asked: AtomicU64::new(0) }
    }

    /// Asks the same, for another call.
    pub(crate) fn another(&self) -> Self {
        Self { ask: self.ask.clone(), asked: AtomicU64::new(0) }
    }

    /// A call begins in `tick`, which is too early to ask.
    pub(crate) fn begin(&self, tick: u64) {
        self.asked.store(tick, Relaxed);
    }

    /// Asks, unless it was asked in `tick` before.
    ///
    /// # Errors
    /// What the host says; the call is to end with it.
    pub(crate) fn ask(&self, tick: u64) -> Result<()> {
        match self.asked.swap(tick, Relaxed) == tick {
            true => Ok(()),
            false => (self.ask)(),
        }
    }
}
