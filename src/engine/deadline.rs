//! One call's deadline and cancellation: armed on entry, gone on exit.

use std::time::{Duration, Instant};

use crate::cancel::CancelToken;
use crate::error::{Code, Error, Result};
use crate::system::closing::Closing;

/// The time and the cancellation of one call in flight.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    limit: TimeLimit,
    cancel: Option<CancelToken>,
}

impl Deadline {
    pub(crate) fn as_ref(&self) -> DeadlineRef<'_> {
        DeadlineRef { limit: self.limit, cancel: self.cancel.as_ref() }
    }
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    limit: Duration,
    /// `limit` in whole ticks, at least one.
    rounded: Duration,
}

impl Span {
    pub(crate) fn new(limit: Duration, tick: Duration) -> Self {
        let nanos = |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX).max(1);
        let tick = nanos(tick);
        let rounded = nanos(limit).div_ceil(tick).saturating_mul(tick);
        Self { limit, rounded: Duration::from_nanos(rounded) }
    }
}

/// When a call ends, whether it computes or waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    at: Instant,
    limit: Duration,
    /// Whether its runtime takes the call's time away.
    closing: Closing,
}

impl TimeLimit {
    /// Starts the clock at `now`.
    #[inline(always)]
    pub(crate) fn start(span: Span, now: Instant, closing: Closing) -> Self {
        Self { at: now + span.rounded, limit: span.limit, closing }
    }
}

/// A deadline that borrows its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeadlineRef<'a> {
    pub limit: TimeLimit,
    pub cancel: Option<&'a CancelToken>,
}

impl DeadlineRef<'_> {
    pub(crate) fn to_owned(self) -> Deadline {
        Deadline { limit: self.limit, cancel: self.cancel.cloned() }
    }

    pub(crate) fn at(self) -> Instant {
        self.limit.at
    }

    /// Time left.
    pub(crate) fn remaining(self) -> Duration {
        self.at().saturating_duration_since(Instant::now())
    }

    /// Whether the call may go on.
    pub(crate) fn check(self) -> Result<()> {
        self.check_cancel()?;
        if Instant::now() >= self.at() {
            return Err(self.timed_out());
        }
        Ok(())
    }

    /// Whether nobody has cancelled the call, for one that has just begun.
    pub(crate) fn check_cancel(self) -> Result<()> {
        if self.limit.closing.is_so() || self.cancel.is_some_and(CancelToken::is_triggered) {
            return Err(self.cancelled());
        }
        Ok(())
    }

    pub(crate) fn timed_out(self) -> Error {
        let limit = self.limit.limit.as_millis();
        Error::new(Code::Timeout, format_args!("the call took longer than its limit of {limit} ms"))
    }

    pub(crate) fn cancelled(self) -> Error {
        let problem = match self.limit.closing.is_so() {
            true => "the call was cancelled: its runtime is shutting down",
            false => "the call was cancelled",
        };
        Error::new(Code::Cancelled, problem)
    }
}
