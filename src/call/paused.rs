//! A call that stands still between the times at which a thread drives it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::executor::{self, Surroundings};
use super::{Call, CallOptions, Policy, Terms};
use crate::engine::Services;
use crate::engine::deadline::DeadlineRef;
use crate::error::{Code, Error, Result};
use crate::host::{HostCall, Mailbox};
use crate::observer::{Observed, Observer};
use crate::system::signals::Open;
use crate::system::thread::Inside;

/// A call that no thread runs unless somebody asks for something of it. Its time runs on meanwhile.
pub(crate) struct Paused {
    terms: Terms,
    options: CallOptions,
    services: Services,
    mailbox: Arc<Mailbox>,
    /// `None` once it is over.
    observed: Option<Observed<Arc<Observer>>>,
}

impl Paused {
    /// Begins a call.
    ///
    /// # Errors
    /// `FORKED`, `SHUTDOWN`, or options that cannot be met.
    pub(crate) fn begin(
        policy: &Policy,
        options: &CallOptions,
        mailbox: Arc<Mailbox>,
    ) -> Result<(Self, Call)> {
        let options = policy.complete(options).into_owned();
        let services = policy.services.clone();
        let terms = Terms::settle(policy, &options, None, Instant::now())?;
        let observed = Some(Observed::begin(services.observer().clone()));
        // Once more, now that it is counted: a shutdown sees the count, or this sees the shutdown.
        services.gate().check()?;
        services.ticker().wake();
        if let Some(interrupt) = &options.interrupt {
            interrupt.begin(services.ticker().ticks());
        }
        let call = Call::new(terms, &options);
        Ok((Self { terms, options, services, mailbox, observed }, call))
    }

    /// Runs `body` with this thread ready to drive it.
    ///
    /// # Errors
    /// `FORKED`, `STACK_OVERFLOW`, or `UNSUPPORTED` on a thread that is about to end. Another
    /// thread may go on with it.
    pub(crate) fn within<T>(&self, body: impl FnOnce() -> T) -> Result<T> {
        let services = &self.services;
        services.check_process()?;
        let inside = Inside::enter();
        inside.check_call(0, services.settings().max_call_depth)?;
        let _open = Open::here(services.settings().opens_masks());
        Ok(services.log().within(body))
    }

    /// Drives a part of it [`within`](Self::within), until that is done.
    ///
    /// # Errors
    /// `TIMEOUT`, `CANCELLED`, what the host says when it is asked, or `FORKED`; and then the call
    /// is to be given up.
    pub(crate) fn drive<F: Future>(&self, part: Pin<&mut F>) -> Result<F::Output> {
        let services = &self.services;
        self.deadline().check()?;
        let around = Surroundings {
            reactor: Some(services.workers().reactor()),
            deadline: self.deadline(),
            mailbox: &self.mailbox,
            log: services.log(),
            ticker: services.ticker(),
            interrupt: self.options.interrupt.as_deref(),
            birthplace: services.birthplace(),
        };
        executor::block_on(&around, part)
    }

    /// Refuses to go on in a fork.
    ///
    /// # Errors
    /// `FORKED`.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.services.check_process()
    }

    /// Whether the guest asks for a function of the host.
    pub(crate) fn has_request(&self) -> bool {
        self.mailbox.has_request()
    }

    /// What the host is told of it.
    pub(crate) fn host_call(&self) -> HostCall {
        HostCall::new(self.deadline(), self.options.context.clone())
    }

    /// Why it ends if its runtime does.
    pub(crate) fn cancelled(&self) -> Error {
        self.deadline().cancelled()
    }

    /// Ends when its time is over, with what it then ends by: also if no thread drives it.
    pub(crate) fn over(&self) -> impl Future<Output = Error> + Send + use<> {
        let deadline = self.deadline().to_owned();
        let cancellations = self.services.ticker().cancellations().clone();
        async move {
            let deadline = deadline.as_ref();
            let cancelled = cancellations.wait(deadline.cancel);
            match tokio::time::timeout_at(deadline.at().into(), cancelled).await {
                Ok(()) => deadline.cancelled(),
                Err(_) => deadline.timed_out(),
            }
        }
    }

    /// It is over, and what ran in it is gone.
    pub(crate) fn end<T>(&mut self, outcome: &Result<T>) {
        let Some(observed) = self.observed.take() else { return };
        self.mailbox.finish();
        if outcome.as_ref().is_err_and(|error| error.code() != Code::Forked) {
            self.mailbox.discard();
        }
        observed.end(outcome);
    }

    fn deadline(&self) -> DeadlineRef<'_> {
        DeadlineRef { limit: self.terms.limit, cancel: self.options.cancel.as_ref() }
    }
}
