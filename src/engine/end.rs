//! The end of a runtime while the host still has handles of it.
//!
//! New calls and loads are refused from the first moment. A thread of its own then waits until
//! those in flight have ended, which were cancelled; has components and instances give up what they
//! keep of the host's; and ends all other threads. The thread that shuts down waits for that one.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use super::services::Services;
use super::shutdown::{State, stage};
use crate::error::{Code, Error, Result};
use crate::system::thread;

/// How long the thread that waits for calls sleeps between two looks, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(5));

impl Services {
    /// As [`Runtime::shutdown`](crate::Runtime::shutdown).
    pub(crate) fn shutdown(&self, timeout: Option<Duration>) -> Result<()> {
        self.check_process()?;
        if thread::is_within_callback() {
            let problem = "a callback cannot wait for the end of all callbacks";
            return Err(Error::new(Code::Busy, problem));
        }
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let it = self.ending();
        let mut state = it.lock();
        loop {
            match &mut *state {
                State::Open => *state = self.begin()?,
                State::Ending(_) => {}
                State::Ended(thread) => {
                    if let Some(thread) = thread.take() {
                        // It has nothing left to do, and could not say why it panicked.
                        let _ = thread.join();
                    }
                    return Ok(());
                }
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            state = match left {
                None => it.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Err(self.late(timeout.unwrap_or_default())),
                Some(left) => {
                    let woken = it.changed.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Refuses what comes from now on, and starts the thread that ends the rest.
    fn begin(&self) -> Result<State> {
        let services = self.clone();
        let builder = Builder::new().name("wasmcell-shutdown".into());
        let thread = thread::spawn(builder, move || {
            // Locked by the thread that starts it, until nothing begins any more.
            drop(services.ending().lock());
            services.log().clone().within(|| services.end());
            let it = services.ending();
            let mut state = it.lock();
            if let State::Ending(thread) = std::mem::replace(&mut *state, State::Ended(None)) {
                *state = State::Ended(Some(thread));
            }
            it.changed.notify_all();
        });
        let thread = thread.map_err(|error| {
            Error::new(Code::Io, format_args!("starting a thread to shut down: {error}"))
        })?;
        self.ending().gate.close();
        self.ticker().cancellations().deliver();
        Ok(State::Ending(thread))
    }

    fn end(&self) {
        let it = self.ending();
        let mut look = LOOKS.0;
        while self.observer().counters().in_flight() > 0
            || it.gate.tasks() > 0
            || it.gate.loads() > 0
        {
            // Each time: one that was driven may stand still by now.
            it.gate.interrupt();
            sleep(look);
            look = LOOKS.1.min(look * 2);
        }
        self.loads().end();
        it.stage.store(stage::OBJECTS, SeqCst);
        it.gate.revoke();
        it.stage.store(stage::LOG, SeqCst);
        self.log().close();
        it.stage.store(stage::THREADS, SeqCst);
        self.workers().end();
        self.commons().end();
        self.ticker().end();
    }

    /// Names what still runs.
    #[cold]
    fn late(&self, timeout: Duration) -> Error {
        let it = self.ending();
        let running = match it.stage.load(SeqCst) {
            stage::CALLS => self.running(),
            stage::OBJECTS => "a destructor or finalizer of the host's".into(),
            stage::LOG => "the log callback".into(),
            _ => "threads of the library".into(),
        };
        let ms = timeout.as_millis();
        Error::new(Code::Timeout, format_args!("still running after {ms} ms: {running}"))
    }

    fn running(&self) -> String {
        let gate = &self.ending().gate;
        let (tasks, completing) = (gate.tasks(), gate.completing());
        // Some may be left of which nobody waits for the outcome.
        let loads = gate.loads().max(self.loads().stats().running);
        let tasks = tasks.saturating_sub(completing);
        let calls = self.observer().counters().in_flight().saturating_sub(tasks);
        let all = [
            (calls, "blocking call"),
            (tasks, "asynchronous call"),
            (completing, "completion callback"),
            (loads, "load"),
        ];
        let named = all.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {what}{plural}")
        });
        let named = named.collect::<Vec<_>>().join(", ");
        // A guest ends within two ticks.
        match calls + tasks > 0 {
            true => format!("{named}, in callbacks of the host's that do not return"),
            false => named,
        }
    }
}
