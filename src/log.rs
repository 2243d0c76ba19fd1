//! Log records on their way to the host: one subscriber a runtime, never a global one.
//!
//! The host's callback must not run on a guest's fiber (see [`crate::host`]), and it may use any
//! runtime, while tracing cannot switch subscribers within a record. So records are held back
//! until whatever caused them has returned. Those about a callback could go on for ever, and are
//! left out.

use std::fmt::{self, Write};
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

/// Receives (level, target, message).
pub type LogFn = dyn Fn(Level, &str, &str) + Send + Sync;

#[derive(Clone)]
pub(crate) struct LogSettings {
    pub level: Level,
    pub write: Arc<LogFn>,
    /// Threads that are in the callback.
    pub telling: Arc<Mutex<Vec<ThreadId>>>,
}

impl LogSettings {
    fn tell(&self, level: Level, target: &str, line: &str) {
        let this = thread::current().id();
        self.telling().push(this);
        let _told = Told(self, this);
        (self.write)(level, target, line);
    }

    /// Whether this thread is in the callback.
    fn is_telling(&self) -> bool {
        self.telling().contains(&thread::current().id())
    }

    fn telling(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a thread's time in the callback, also if it panics.
struct Told<'a>(&'a LogSettings, ThreadId);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.telling().retain(|thread| *thread != self.1);
    }
}

/// How many records are held back at most.
const HELD: usize = 1000;

/// Where one runtime's records go.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<Way>);

#[derive(Clone)]
struct Way {
    /// Into `held`.
    dispatch: Dispatch,
    /// The same once more, only to be there. With one subscriber in the process, tracing asks a
    /// thread that has none whether anybody wants a record, and remembers the answer for all.
    _second: Dispatch,
    held: Arc<Held>,
}

/// Records that wait for a native stack.
struct Held {
    settings: LogSettings,
    records: Mutex<Vec<(Level, &'static str, String)>>,
}

impl Held {
    fn push(&self, level: Level, target: &'static str, line: String) {
        if self.settings.is_telling() {
            return;
        }
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        match records.len() {
            HELD => records.push((Level::WARN, module_path!(), "records are left out".into())),
            0..HELD => records.push((level, target, line)),
            _ => {}
        }
    }

    fn release(&self) {
        // Not while the callbacks run: they may make calls, which hold back records of their own.
        let records = {
            let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
            if records.is_empty() || self.settings.is_telling() {
                return;
            }
            mem::take(&mut *records)
        };
        for (level, target, line) in records {
            self.settings.tell(level, target, &line);
        }
    }
}

impl Log {
    pub(crate) fn new(settings: Option<LogSettings>) -> Self {
        Self(settings.map(|settings| {
            let held = Arc::new(Held { settings, records: Mutex::default() });
            let dispatch = || Dispatch::new(Bridge(held.clone()));
            Way { dispatch: dispatch(), _second: dispatch(), held }
        }))
    }

    /// Runs `body`, and then hands over its records.
    pub(crate) fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(way) => {
                let done = dispatcher::with_default(&way.dispatch, body);
                way.held.release();
                done
            }
            // A host function of a runtime with a log uses one without.
            None if dispatcher::has_been_set()
                && dispatcher::get_default(Dispatch::is::<Bridge>) =>
            {
                dispatcher::with_default(&Dispatch::none(), body)
            }
            None => body(),
        }
    }

    /// Hands over the records so far, in the midst of `body`.
    pub(crate) fn release(&self) {
        if let Some(way) = &self.0 {
            way.held.release();
        }
    }

    /// `task`, with this runtime's records going to its host wherever it runs.
    pub(crate) fn follow<F: Future>(&self, task: F) -> impl Future<Output = F::Output> + use<F> {
        let log = self.clone();
        async move {
            let mut task = pin!(task);
            poll_fn(|context| log.within(|| task.as_mut().poll(context))).await
        }
    }
}

/// What wasmtime, WASI and this library say, on its way into what is held back.
struct Bridge(Arc<Held>);

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.0.settings.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.0.settings.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        self.0.push(*metadata.level(), metadata.target(), line.0);
    }

    // Spans are never enabled: the host gets records, not a tree.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A record as one line: the message, then `name=value` for each other field.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{separator}{value:?}"),
            name => write!(self.0, "{separator}{name}={value:?}"),
        };
    }
}
