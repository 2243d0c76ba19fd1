//! One call, from entry to exit: on its caller's thread, or on the runtime's workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::component::Component;
use crate::deadline::{CancelToken, Deadline};
use crate::error::{Error, Result};
use crate::executor;
use crate::host::{Context, Mailbox};
use crate::output::Output;
use crate::stack;
use crate::task;

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
}

/// What a call used.
#[derive(Debug, Default)]
pub struct CallReport {
    fuel: AtomicU64,
}

impl CallReport {
    /// Fuel that the call used; 0 in a runtime without fuel.
    pub fn fuel(&self) -> u64 {
        self.fuel.load(Ordering::Relaxed)
    }

    pub(crate) fn set_fuel(&self, used: u64) {
        self.fuel.store(used, Ordering::Relaxed);
    }
}

/// What a store needs to know about the call in it.
#[derive(Clone)]
pub(crate) struct Call {
    pub deadline: Deadline,
    /// Fuel it may use, in a runtime with fuel.
    pub fuel: Option<u64>,
    pub report: Option<Arc<CallReport>>,
    /// Whether it shares its thread with other calls, and so gives way at every tick.
    pub yields: bool,
    /// Whether the guest has a stack of its own, on which it can be left waiting.
    pub on_fiber: bool,
    /// What host functions get to see of the caller.
    pub context: Option<Context>,
    /// Where captured output goes.
    pub output: Option<Arc<Output>>,
    /// Where the guest's requests for host functions are served.
    pub mailbox: Arc<Mailbox>,
}

impl Call {
    fn arm(component: &Component, options: &CallOptions, yields: bool) -> Result<Self> {
        let runtime = component.runtime();
        runtime.check_process()?;
        let settings = runtime.settings();
        let limit = settings.max_execution_time;
        let limit = options.timeout.map_or(limit, |timeout| timeout.min(limit));
        let fuel = match (settings.fuel, options.fuel) {
            (None, Some(_)) => {
                return Err(Error::invalid("fuel", "the runtime was built without fuel"));
            }
            (given, wanted) => given.map(|given| wanted.map_or(given, |wanted| wanted.min(given))),
        };
        if let Some(output) = &options.output {
            output.clear();
        }
        let deadline = Deadline::arm(limit, settings.epoch_tick, options.cancel.clone());
        let on_fiber = yields || component.may_wait() || !stack::has_room(settings.max_stack);
        Ok(Self {
            deadline,
            fuel,
            report: options.report.clone(),
            yields,
            on_fiber,
            context: options.context.clone(),
            output: options.output.clone(),
            mailbox: Arc::default(),
        })
    }
}

/// Runs `body` on this thread.
///
/// # Errors
/// `TIMEOUT`, `CANCELLED`, `FORKED`, or what `body` says.
pub(crate) fn run<T, F>(
    component: &Component,
    options: &CallOptions,
    body: impl FnOnce(Call) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    stack::check()?;
    let runtime = component.runtime();
    let call = Call::arm(component, options, false)?;
    runtime.log().within(|| {
        let reactor = component.may_wait().then(|| runtime.workers().reactor()).transpose()?;
        let _ticking = runtime.ticker().call();
        let (deadline, mailbox) = (call.deadline.clone(), call.mailbox.clone());
        let counted = runtime.stats().start();
        let outcome = executor::block_on(reactor, &deadline, &mailbox, runtime.log(), body(call));
        counted.end(&outcome);
        mailbox.finish();
        outcome
    })
}

/// Runs `body` on the runtime's workers, then gives the outcome to `done` there: exactly once,
/// unless this function fails.
///
/// # Errors
/// `FORKED`, or options that cannot be met; then `done` is dropped unused.
pub(crate) fn spawn<T, F>(
    component: &Component,
    options: &CallOptions,
    body: impl FnOnce(Call) -> F,
    done: impl FnOnce(Result<T>) + Send + 'static,
) -> Result<()>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let call = Call::arm(component, options, true)?;
    let (deadline, mailbox) = (call.deadline.clone(), call.mailbox.clone());
    task::start(component.runtime(), deadline, mailbox, body(call), done)
}
