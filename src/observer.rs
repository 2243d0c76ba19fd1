//! Who is told what a runtime does: that a call begins and ends, that a component is loaded, that a
//! limit denies something. It counts, and writes to the log what a host may want to look into;
//! what else is to be measured or traced hangs here.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::stats::{Counters, Limited};
use crate::system::lanes::{Lanes, Near};

/// One for each runtime. Records go to the log of the runtime that the thread works for, and
/// nowhere if it works for a log's callback, which could go on for ever.
#[derive(Debug)]
pub(crate) struct Observer {
    counters: Counters,
}

/// One, as instances have it: they come and go on all processors.
pub(crate) type NearObserver = Near<Arc<Observer>>;

/// A call that has begun. It ends with what [`end`](Self::end) is told, or by a panic.
pub(crate) struct Observed<O: Deref<Target = Observer>>(Option<O>);

impl Observer {
    pub(crate) fn new(lanes: &Lanes) -> Self {
        Self { counters: Counters::new(lanes) }
    }

    /// What was counted so far.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A component is ready for calls.
    pub(crate) fn loaded(&self, component: &str) {
        tracing::debug!(target: "wasmcell::component", component, "component loaded");
    }

    /// A limit denied a guest something; `why` names it.
    pub(crate) fn denied(&self, what: Limited, why: &dyn fmt::Display) {
        self.counters.denied(what);
        tracing::debug!(target: "wasmcell::limits", "{why}");
    }

    #[inline(always)]
    fn ended(&self, failure: Option<&Error>) {
        match failure {
            None => self.counters.ended(None),
            Some(why) => self.failed(why),
        }
    }

    #[cold]
    fn failed(&self, why: &Error) {
        let code = why.code();
        self.counters.ended(Some(code));
        tracing::debug!(target: "wasmcell::call", ?code, "{why}");
    }
}

impl<O: Deref<Target = Observer>> Observed<O> {
    /// A call begins.
    pub(crate) fn begin(observer: O) -> Self {
        observer.counters.started();
        Self(Some(observer))
    }

    /// The call ends so.
    pub(crate) fn end<T>(mut self, outcome: &Result<T>) {
        if let Some(observer) = self.0.take() {
            observer.ended(outcome.as_ref().err());
        }
    }
}

impl<O: Deref<Target = Observer>> Drop for Observed<O> {
    fn drop(&mut self) {
        if let Some(observer) = self.0.take() {
            observer.counters.ended(Some(crate::error::Code::Panic));
        }
    }
}
