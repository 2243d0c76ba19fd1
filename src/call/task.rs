//! One asynchronous call: a worker runs it, and another thread ends it when its time is up.
//!
//! A worker that finds the time to look at the clock would not do: with many guests that compute,
//! a call may wait its turn for long. So the call is kept where it can be taken away.

use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::cancel::Cancellations;
use crate::engine::deadline::Deadline;
use crate::engine::hosts::HostDesk;
use crate::engine::offload::Answer;
use crate::engine::shutdown::Pass;
use crate::engine::{Services, WeakServices};
use crate::error::{Code, Error, Result};
use crate::host::Mailbox;
use crate::observer::{Observed, Observer};
use crate::system::log::Log;
use crate::system::signals::Open;
use crate::system::thread::{self, Inside};

type Body<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;
type Done<T> = Box<dyn FnOnce(Result<T>) + Send>;
type Outcome<T> = (Done<T>, Observed<Arc<Observer>>);

/// An asynchronous call, shared by the worker that runs it and the watcher of its deadline.
struct Task<T> {
    /// The call itself; `None` once it is over. Locked while it or a function of the host runs.
    body: Mutex<Option<Body<T>>>,
    /// A function of the host that the guest waits for.
    asked: Mutex<Option<Answer<()>>>,
    hosts: HostDesk,
    log: Log,
    done: Mutex<Option<Outcome<T>>>,
    deadline: Deadline,
    mailbox: Arc<Mailbox>,
    reactor: Handle,
    cancellations: Arc<Cancellations>,
    deadlines: Handle,
    workers: Handle,
    services: WeakServices,
    tick: Duration,
    /// Whether signals of traps may be blocked, and have to be let through.
    opens_masks: bool,
    watcher: OnceLock<AbortHandle>,
    /// Whether the call ended by itself, and needs no watcher.
    has_ended: AtomicBool,
    /// Last: when it goes, nothing is left of the call.
    pass: Pass,
}

/// Starts `body`, for the component that `party` stands for; its outcome goes to `done`, exactly
/// once.
pub(crate) fn start<T: Send + 'static>(
    services: &Services,
    party: usize,
    deadline: Deadline,
    mailbox: Arc<Mailbox>,
    pass: Pass,
    body: impl Future<Output = Result<T>> + Send + 'static,
    done: impl FnOnce(Result<T>) + Send + 'static,
) -> Result<()> {
    let threads = services.workers();
    let (workers, deadlines) = (threads.workers(), threads.deadlines());
    let reactor = threads.reactor().clone();
    let observed = Observed::begin(services.observer().clone());
    services.ticker().wake();
    let task = Arc::new(Task {
        body: Mutex::new(Some(Box::pin(body))),
        asked: Mutex::new(None),
        hosts: services.commons().hosts().desk(party),
        log: services.log().clone(),
        done: Mutex::new(Some((Box::new(done), observed))),
        deadline,
        mailbox,
        reactor,
        deadlines: deadlines.clone(),
        workers: workers.clone(),
        services: services.downgrade(),
        tick: services.settings().epoch_tick,
        opens_masks: services.settings().opens_masks(),
        cancellations: services.ticker().cancellations().clone(),
        watcher: OnceLock::new(),
        has_ended: AtomicBool::new(false),
        pass,
    });
    let worker = task.clone().run(services.clone());
    let worker = workers.spawn(services.log().follow(worker)).abort_handle();
    let watcher = task.clone().watch(worker);
    let watcher = deadlines.spawn(services.log().follow(watcher)).abort_handle();
    let watcher = task.watcher.get_or_init(|| watcher);
    if task.has_ended.load(SeqCst) {
        watcher.abort();
    }
    Ok(())
}

impl<T: Send + 'static> Task<T> {
    /// Runs the call on a worker, unless it is taken away.
    async fn run(self: Arc<Self>, services: Services) {
        let poll = |context: &mut Context<'_>| {
            let polled = panic::catch_unwind(AssertUnwindSafe(|| self.poll(context)));
            polled.unwrap_or_else(|_| {
                *self.body() = None;
                Poll::Ready(Some(Err(Error::new(Code::Panic, "the call panicked"))))
            })
        };
        let Some(mut outcome) = poll_fn(poll).await else { return };
        self.has_ended.store(true, SeqCst);
        if let Some(watcher) = self.watcher.get() {
            watcher.abort();
        }
        if outcome.is_err() && self.mailbox.has_letter() {
            let mailbox = self.mailbox.clone();
            self.at_end(move || mailbox.discard()).await;
        }
        if !self.mailbox.tells_host() {
            self.mailbox.finish();
        } else {
            let task = self.clone();
            // Where there are timers.
            let finished = self.deadlines.spawn(async move { task.finish(task.over()).await });
            if let Ok(Err(late)) = finished.await
                && outcome.is_ok()
            {
                outcome = Err(late);
            }
        }
        // The host may free its last object in there: what keeps the runtime alive goes first.
        drop(services);
        self.deliver(outcome);
    }

    /// Ends when the time of the call is over, with what it then ends by.
    async fn over(&self) -> Error {
        let deadline = self.deadline.as_ref();
        let cancelled = self.cancellations.wait(deadline.cancel);
        match tokio::time::timeout_at(deadline.at().into(), cancelled).await {
            Ok(()) => deadline.cancelled(),
            Err(_) => deadline.timed_out(),
        }
    }

    /// Has callbacks called for what the guest has printed and nobody was told yet. When `over`
    /// ends and no thread is free for them, it is left out.
    ///
    /// # Errors
    /// What `over` says.
    async fn finish(self: &Arc<Self>, over: impl Future<Output = Error>) -> Result<()> {
        let task = self.clone();
        let mut finished = self.hosts.run(move || task.on_host_thread(Mailbox::finish));
        let mut over = pin!(over);
        let first = poll_fn(|context| match Pin::new(&mut finished).poll(context) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => over.as_mut().poll(context).map(Err),
        });
        let done = match first.await {
            Ok(done) => done,
            // A callback that runs returns before the call is over.
            Err(why) => loop {
                if finished.give_up() {
                    return Err(why);
                }
                if let Ok(done) = tokio::time::timeout(self.tick, &mut finished).await {
                    break done;
                }
            },
        };
        if done.is_none() {
            self.mailbox.finish();
        }
        Ok(())
    }

    fn poll(self: &Arc<Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let _inside = Inside::ours();
        loop {
            if ready!(self.poll_host(context)).is_none() {
                *self.body() = None;
                return Poll::Ready(Some(Err(self.unanswered())));
            }
            let mut body = self.body();
            let Some(call) = body.as_mut() else { return Poll::Ready(None) };
            if let Err(error) = self.deadline.as_ref().check() {
                *body = None;
                return Poll::Ready(Some(Err(error)));
            }
            // What completions of other calls did to the mask stays with the thread.
            let _open = Open::here(self.opens_masks);
            let polled = {
                let _reactor = self.reactor.enter();
                self.log.within(|| call.as_mut().poll(context))
            };
            if let Poll::Ready(outcome) = polled {
                *body = None;
                return Poll::Ready(Some(outcome));
            }
            if !self.mailbox.has_request() {
                return Poll::Pending;
            }
            self.ask();
        }
    }

    /// Has the function of the host run that the guest asks for.
    fn ask(self: &Arc<Self>) {
        let task = self.clone();
        let answer = self.hosts.run(move || {
            // Locked, so that the call is not taken away before the function has returned.
            let body = task.body();
            if body.is_some() {
                task.on_host_thread(Mailbox::serve_for_another_thread);
            }
        });
        *self.asked() = Some(answer);
    }

    /// Whether the function of the host is done that the guest asked for last; `None` if it never
    /// will be.
    fn poll_host(&self, context: &mut Context<'_>) -> Poll<Option<()>> {
        let mut asked = self.asked();
        let Some(answer) = asked.as_mut() else { return Poll::Ready(Some(())) };
        let done = ready!(Pin::new(answer).poll(context));
        *asked = None;
        Poll::Ready(done)
    }

    /// Why what the guest asked for was not done.
    fn unanswered(&self) -> Error {
        match self.mailbox.has_request() {
            true => Error::new(Code::Io, "there is no thread for the host's function"),
            false => Error::new(Code::Panic, "the host's function did not return"),
        }
    }

    fn on_host_thread(&self, work: impl FnOnce(&Mailbox)) {
        let _inside = Inside::ours();
        self.log.within(|| work(&self.mailbox));
    }

    /// Takes the call away from its worker when it is cancelled or late.
    async fn watch(self: Arc<Self>, worker: AbortHandle) {
        let error = self.over().await;
        let body = loop {
            match self.body.try_lock() {
                Ok(mut body) => break body.take(),
                Err(TryLockError::Poisoned(body)) => break body.into_inner().take(),
                // It runs right now, and sees for itself at its next tick that it is over.
                Err(TryLockError::WouldBlock) => {}
            }
            tokio::time::sleep(self.tick).await;
        };
        let Some(body) = body else { return };
        // As long as the instance is there, so is the runtime; from here on it has to be kept.
        let services = self.services.upgrade();
        worker.abort();
        // It waits for a thread no longer.
        drop(self.asked().take());
        let mailbox = self.mailbox.clone();
        let give_up = move || {
            drop(body);
            mailbox.discard();
        };
        self.at_end(give_up).await;
        if self.mailbox.tells_host() {
            let _ = self.finish(std::future::ready(error.clone())).await;
        } else {
            self.mailbox.finish();
        }
        let task = self.clone();
        let deliver = move || {
            // As in `run`.
            drop(services);
            task.deliver(Err(error));
        };
        self.at_end(deliver).await;
    }

    /// Does `work` where it may block, as the host's callbacks and the end of an instance may, and
    /// where wasmtime has all that it needs to leave a guest's stack: it cannot get that within a
    /// drop. Without such a thread a worker does it: those have run guests.
    async fn at_end(&self, work: impl FnOnce() + Send + 'static) {
        let work = Arc::new(Mutex::new(Some(work)));
        let here = work.clone();
        let done = self.hosts.end(move || {
            if panic::catch_unwind(wasmtime::Engine::tls_eager_initialize).is_ok() {
                once(&here);
            }
        });
        if done.await.is_none() || work.lock().is_ok_and(|work| work.is_some()) {
            let _ = self.workers.spawn(async move { once(&work) }).await;
        }
    }

    fn body(&self) -> MutexGuard<'_, Option<Body<T>>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Option<Answer<()>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what nobody has done yet.
fn once(work: &Mutex<Option<impl FnOnce()>>) {
    let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
}

impl<T> Task<T> {
    fn deliver(&self, outcome: Result<T>) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((done, observed)) = done {
            observed.end(&outcome);
            thread::standard();
            self.pass.complete(|| done(outcome));
        }
    }
}

impl<T> Drop for Task<T> {
    /// Delivers also when the call panicked.
    fn drop(&mut self) {
        self.deliver(Err(Error::new(Code::Panic, "the call ended without an outcome")));
    }
}
