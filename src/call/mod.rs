//! One call, from entry to exit: on its caller's thread, or on the runtime's workers.
//!
//! What every blocking call goes through is `inline(always)`, here and where it leads: passing
//! structs from function to function through memory took a tenth of what a small call costs.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;

use crate::cancel::CancelToken;
use crate::engine::Services;
use crate::engine::deadline::{DeadlineRef, Span, TimeLimit};
use crate::engine::shutdown::Pass;
use crate::error::{Code, Error, Result};
use crate::host::{Context, HostCall, Mailbox};
use crate::interrupt::Interrupt;
use crate::observer::{Observed, Observer};
use crate::output::Output;
use crate::system::process::Kept;
use crate::system::signals::Open;
use crate::system::stack::Stack;
use crate::system::thread::Inside;

pub(crate) mod executor;
mod options;
mod party;
#[cfg(feature = "http")]
mod paused;
mod policy;
mod task;
mod way;

use executor::Surroundings;
pub use options::{CallOptions, CallReport};
pub(crate) use party::Party;
#[cfg(feature = "http")]
pub(crate) use paused::Paused;
pub(crate) use policy::{Calls, Policy};
pub(crate) use way::Way;

/// What a call is allowed and where it runs, settled before it begins.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub limit: TimeLimit,
    /// The ticks there had been when it began.
    pub ticks: u64,
    /// Fuel it may use, in a runtime with fuel.
    pub fuel: Option<u64>,
    /// Whether it shares its thread with other calls, and so gives way at every tick.
    pub yields: bool,
    pub way: Way,
}

impl Terms {
    /// For a call that shares its thread with others, or else for one on this thread's `stack`.
    #[inline(always)]
    fn settle(
        policy: &Policy,
        options: &CallOptions,
        stack: Option<Stack>,
        now: Instant,
    ) -> Result<Self> {
        let services = &policy.services;
        services.check_process()?;
        services.gate().check()?;
        let settings = services.settings();
        let span = match options.timeout {
            Some(shorter) if shorter < policy.max_time => Span::new(shorter, settings.epoch_tick),
            _ => policy.span,
        };
        let fuel = match (policy.fuel, options.fuel) {
            (None, Some(_)) => {
                return Err(Error::invalid("fuel", "the runtime was built without fuel"));
            }
            (given, wanted) => given.map(|given| wanted.map_or(given, |wanted| wanted.min(given))),
        };
        if let Some(output) = &options.output {
            output.begin();
        }
        let limit = TimeLimit::start(span, now, services.closing());
        let ticks = services.ticker().ticks();
        let has_room = match stack {
            None if policy.blocking_only => {
                let problem = "the component was loaded for blocking calls only";
                return Err(Error::new(Code::Unsupported, problem));
            }
            None => false,
            Some(stack) if policy.calls_directly => {
                stack.check_room(policy.max_stack)?;
                true
            }
            Some(stack) => stack.has_room(policy.max_stack),
        };
        let way = match policy.may_wait || !has_room {
            true => Way::Fiber,
            false => Way::Here,
        };
        Ok(Self { limit, ticks, fuel, yields: stack.is_none(), way })
    }
}

/// What a store needs to know about the call in it.
pub(crate) struct Call {
    pub terms: Terms,
    pub cancel: Option<CancelToken>,
    pub report: Option<Arc<CallReport>>,
    /// What host functions get to see of the caller.
    pub context: Option<Context>,
    /// Where captured output goes.
    pub output: Option<Arc<Output>>,
    /// Whom to ask whether the call may go on.
    pub interrupt: Option<Arc<Interrupt>>,
    /// How many calls it is within that providers serve, itself counted.
    pub level: u32,
    /// What all instances in it have in common, once a provider serves one of them.
    pub party: Option<Arc<Party>>,
}

impl Call {
    fn new(terms: Terms, options: &CallOptions) -> Self {
        let mut call = Self {
            terms,
            cancel: None,
            report: None,
            context: None,
            output: None,
            interrupt: None,
            level: 0,
            party: None,
        };
        call.renew(terms, options);
        call
    }

    /// The next call, in the place of the last one.
    #[inline(always)]
    pub(crate) fn renew(&mut self, terms: Terms, options: &CallOptions) {
        let CallOptions { timeout: _, cancel, fuel: _, report, context, output, interrupt } =
            options;
        self.terms = terms;
        self.cancel = cancel.clone();
        self.report = report.clone();
        self.context = context.clone();
        self.output = output.clone();
        self.interrupt = interrupt.clone();
        self.party = None;
    }

    /// The part of it that a provider serves, `way`. What is left of its time is left to that.
    pub(crate) fn part(&self, way: Way, party: Arc<Party>) -> Self {
        Self {
            terms: Terms { way, ..self.terms },
            cancel: self.cancel.clone(),
            report: None,
            context: self.context.clone(),
            output: self.output.clone(),
            interrupt: self.interrupt.clone(),
            level: self.level + 1,
            party: Some(party),
        }
    }

    /// The call is over: nothing of its host is kept.
    #[inline(always)]
    pub(crate) fn forget(&mut self) {
        self.cancel = None;
        self.report = None;
        self.context = None;
        self.output = None;
        self.interrupt = None;
    }

    pub(crate) fn deadline(&self) -> DeadlineRef<'_> {
        DeadlineRef { limit: self.terms.limit, cancel: self.cancel.as_ref() }
    }

    /// What host functions are told of it.
    pub(crate) fn host_call(&self) -> HostCall {
        HostCall::new(self.deadline(), self.context.clone())
    }
}

/// A call on its caller's thread, between entry and exit.
pub(crate) struct Running<'a> {
    pub terms: Terms,
    pub options: &'a CallOptions,
    services: &'a Services,
    /// Whose timers and sockets the guest may wait for.
    reactor: Option<&'a Handle>,
    mailbox: &'a Mailbox,
    observed: Observed<&'a Observer>,
    _open: Open,
    _inside: Inside,
}

impl<'a> Running<'a> {
    /// Begins a call. This thread serves `mailbox` until it ends.
    ///
    /// # Errors
    /// `FORKED`, `STACK_OVERFLOW`, or options that cannot be met.
    #[inline(always)]
    pub(crate) fn begin(
        policy: &'a Policy,
        options: &'a CallOptions,
        mailbox: &'a Mailbox,
    ) -> Result<Self> {
        let inside = Inside::enter();
        let services = &policy.services;
        inside.check_call(0, services.settings().max_call_depth)?;
        let now = Instant::now();
        let terms = Terms::settle(policy, options, Some(inside.stack), now)?;
        let enters = policy.uses_wasi;
        let reactor = enters.then(|| services.workers().reactor());
        let observed = Observed::begin(&**services.observer());
        // Once more, now that it is counted: a shutdown sees the count, or this sees the shutdown.
        services.gate().check()?;
        services.ticker().wake();
        if let Some(interrupt) = &options.interrupt {
            interrupt.begin(services.ticker().ticks());
        }
        let _open = Open::here(services.settings().opens_masks());
        Ok(Self { terms, options, services, reactor, mailbox, observed, _open, _inside: inside })
    }

    /// Whether the call may go on; asked before the guest is touched.
    ///
    /// # Errors
    /// `CANCELLED`.
    #[inline(always)]
    pub(crate) fn check(&self) -> Result<()> {
        self.deadline().check_cancel()
    }

    fn deadline(&self) -> DeadlineRef<'a> {
        DeadlineRef { limit: self.terms.limit, cancel: self.options.cancel.as_ref() }
    }

    /// Drives a part of the call to its end.
    ///
    /// # Errors
    /// `TIMEOUT` or `CANCELLED`.
    #[inline(always)]
    pub(crate) fn drive<F: Future>(&self, part: Pin<&mut F>) -> Result<F::Output> {
        let around = Surroundings {
            reactor: self.reactor,
            deadline: self.deadline(),
            mailbox: self.mailbox,
            log: self.services.log(),
            ticker: self.services.ticker(),
            interrupt: self.options.interrupt.as_deref(),
            birthplace: self.services.birthplace(),
        };
        executor::block_on(&around, part)
    }

    /// Ends the call.
    #[inline(always)]
    pub(crate) fn end<T>(self, outcome: Result<T>) -> Result<T> {
        self.end_by(outcome, |_| ())
    }

    /// Ends the call by `last`, which may call the host: a shutdown waits for it.
    #[inline(always)]
    pub(crate) fn end_by<T>(self, outcome: Result<T>, last: impl FnOnce(&Result<T>)) -> Result<T> {
        self.mailbox.finish();
        if let Err(error) = &outcome
            && error.code() != Code::Forked
        {
            self.mailbox.discard();
        }
        last(&outcome);
        self.observed.end(&outcome);
        outcome
    }
}

/// Runs `body` on this thread, which serves `mailbox` meanwhile.
///
/// # Errors
/// `TIMEOUT`, `CANCELLED`, as [`Running::begin`], or what `body` says.
pub(crate) fn run<T, F>(
    policy: &Policy,
    options: &CallOptions,
    mailbox: &Mailbox,
    body: impl FnOnce(Call) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    run_by(policy, options, mailbox, body, |_| ())
}

/// As [`run`], with `last` to be done when what the guest printed was told.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_by<T, F>(
    policy: &Policy,
    options: &CallOptions,
    mailbox: &Mailbox,
    body: impl FnOnce(Call) -> F,
    last: impl FnOnce(&Result<T>),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let options = &*policy.complete(options);
    policy.services.log().within(|| {
        let running = Running::begin(policy, options, mailbox)?;
        let call = Call::new(running.terms, options);
        let outcome =
            running.check().and_then(|()| running.drive(pin!(Kept::new(body(call)))).flatten());
        running.end_by(outcome, last)
    })
}

/// Runs `body` on the runtime's workers, then gives the outcome to `done` there: exactly once,
/// unless this function fails.
///
/// # Errors
/// `FORKED`, or options that cannot be met; then `done` is dropped unused.
pub(crate) fn spawn<T, F>(
    policy: &Policy,
    options: &CallOptions,
    mailbox: Arc<Mailbox>,
    pass: Pass,
    body: impl FnOnce(Call) -> F,
    done: impl FnOnce(Result<T>) + Send + 'static,
) -> Result<()>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    if options.interrupt.is_some() {
        let problem = "an asynchronous call has no thread of its caller's; use `cancel`";
        return Err(Error::invalid("options.interrupt", problem));
    }
    let mut options = policy.complete(options);
    if options.interrupt.is_some() {
        // A default, which is for those that have a thread.
        options.to_mut().interrupt = None;
    }
    let options = &*options;
    let call = Call::new(Terms::settle(policy, options, None, Instant::now())?, options);
    let deadline = call.deadline().to_owned();
    let party = std::ptr::from_ref(policy).addr();
    task::start(&policy.services, party, deadline, mailbox, pass, body(call), done)
}
