//! Waiting for a load: until it ends, is cancelled, or has taken too long.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::cancel::{CancelToken, Cancellation, Cancellations};
use crate::engine::Services;
use crate::engine::deadline::{DeadlineRef, Span, TimeLimit};
use crate::engine::parker::Parker;
use crate::error::{Code, Error, Result};
use crate::system::closing::Closing;

/// How long a load is waited for.
#[derive(Clone, Debug)]
pub(crate) struct LoadLimit {
    time: Option<(Duration, TimeLimit)>,
    cancel: Option<CancelToken>,
    cancellations: Arc<Cancellations>,
    closing: Closing,
}

impl LoadLimit {
    /// Starts the clock.
    pub(crate) fn start(
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
        services: &Services,
    ) -> Self {
        let (ticker, closing) = (services.ticker(), services.closing());
        let span = |timeout| Span::new(timeout, ticker.tick());
        let now = Instant::now();
        let limit = |timeout| (timeout, TimeLimit::start(span(timeout), now, closing));
        let time = timeout.map(limit);
        let cancellations = ticker.cancellations().clone();
        Self { time, cancel: cancel.cloned(), cancellations, closing }
    }

    /// Whether the load goes on however long it takes.
    pub(crate) fn is_none(&self) -> bool {
        self.time.is_none() && self.cancel.is_none()
    }

    /// Whether to begin at all.
    ///
    /// # Errors
    /// `CANCELLED`.
    pub(crate) fn check(&self) -> Result<()> {
        match self.cancel.as_ref().is_some_and(CancelToken::is_triggered) {
            true => Err(self.cancelled()),
            false => Ok(()),
        }
    }

    fn cancelled(&self) -> Error {
        let problem = match self.closing.is_so() {
            true => "the load was cancelled: its runtime is shutting down",
            false => "the load was cancelled",
        };
        Error::new(Code::Cancelled, problem)
    }

    fn at(&self) -> Option<Instant> {
        self.time.as_ref().map(|(_, limit)| DeadlineRef { limit: *limit, cancel: None }.at())
    }

    fn timed_out(&self) -> Error {
        let ms = self.time.as_ref().map_or(0, |(timeout, _)| timeout.as_millis());
        let problem = format!("the load took longer than its `timeout_ms` of {ms}");
        Error::new(Code::Timeout, problem)
    }

    fn cancellation(&self) -> Cancellation<'_> {
        self.cancellations.wait(self.cancel.as_ref())
    }

    /// `load`, unless it is cancelled or late. With timers of `reactor`.
    ///
    /// # Errors
    /// `TIMEOUT`, `CANCELLED`, and those of `load`.
    pub(crate) async fn within<T>(
        &self,
        reactor: &Handle,
        load: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let entered = reactor.enter();
        let mut late = pin!(self.at().map(|at| tokio::time::sleep_until(at.into())));
        drop(entered);
        let (mut load, mut cancellation) = (pin!(load), pin!(self.cancellation()));
        poll_fn(|context: &mut Context<'_>| {
            let _entered = reactor.enter();
            if let Poll::Ready(outcome) = load.as_mut().poll(context) {
                return Poll::Ready(outcome);
            }
            if cancellation.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(self.cancelled()));
            }
            match late.as_mut().as_pin_mut().map(|late| late.poll(context)) {
                Some(Poll::Ready(())) => Poll::Ready(Err(self.timed_out())),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

/// Waits for `load` on this thread.
///
/// # Errors
/// `TIMEOUT`, `CANCELLED`, and those of `load`.
pub(crate) fn block_on<T>(limit: &LoadLimit, load: impl Future<Output = Result<T>>) -> Result<T> {
    let (parker, waker) = Parker::here();
    let mut context = Context::from_waker(&waker);
    let (mut load, mut cancellation) = (pin!(load), pin!(limit.cancellation()));
    // A year is for ever.
    let at = limit.at().unwrap_or_else(|| Instant::now() + Duration::from_secs(31_622_400));
    loop {
        if let Poll::Ready(outcome) = load.as_mut().poll(&mut context) {
            return outcome;
        }
        if cancellation.as_mut().poll(&mut context).is_ready() {
            return Err(limit.cancelled());
        }
        if !parker.park_until(at) {
            return Err(limit.timed_out());
        }
    }
}
