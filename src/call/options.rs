//! How one call is to be made, and what it used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::host::Context;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// How one call is to be made.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// A shorter time limit than the runtime's own.
    pub timeout: Option<Duration>,
    /// What may cancel the call.
    pub cancel: Option<CancelToken>,
    /// Less fuel than the runtime gives. Without fuel in the runtime, an error.
    pub fuel: Option<u64>,
    /// Where to put what the call used, whether it succeeds or fails.
    pub report: Option<Arc<CallReport>>,
    /// What host functions get to see of the caller.
    pub context: Option<Context>,
    /// Where to put what the guest prints, if its sandbox captures that.
    pub output: Option<Arc<Output>>,
    /// What is asked now and then whether the call may go on. An asynchronous call has no thread
    /// of its caller's to do so.
    pub interrupt: Option<Arc<Interrupt>>,
}

impl CallOptions {
    /// All defaults.
    pub const fn new() -> Self {
        Self {
            timeout: None,
            cancel: None,
            fuel: None,
            report: None,
            context: None,
            output: None,
            interrupt: None,
        }
    }

    /// These, with `defaults` in the place of what they do not say.
    pub(super) fn or(&self, defaults: &Self) -> Self {
        let shared = || defaults.interrupt.as_ref().map(|it| Arc::new(it.another()));
        Self {
            timeout: self.timeout.or(defaults.timeout),
            cancel: self.cancel.as_ref().or(defaults.cancel.as_ref()).cloned(),
            fuel: self.fuel.or(defaults.fuel),
            report: self.report.clone(),
            context: self.context.as_ref().or(defaults.context.as_ref()).cloned(),
            output: self.output.clone(),
            interrupt: self.interrupt.clone().or_else(shared),
        }
    }
}

/// What a call used.
#[derive(Debug, Default)]
pub struct CallReport {
    fuel: AtomicU64,
    taken: AtomicBool,
}

impl CallReport {
    /// Fuel that the call used; 0 in a runtime without fuel.
    pub fn fuel(&self) -> u64 {
        self.fuel.load(Ordering::Relaxed)
    }

    /// Whether the guest took the resources among the arguments that it was to own.
    pub fn taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn set_taken(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_fuel(&self, used: u64) {
        self.fuel.store(used, Ordering::Relaxed);
    }
}
