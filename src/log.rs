//! Log records on their way to the host: one subscriber a runtime, never a global one.
//!
//! The host's callback must not run on a guest's fiber (see [`crate::host`]), so records are held
//! back while a call is polled. It may call the library; tracing cannot switch subscribers within a
//! record, and records about a callback could go on for ever, so those are left out.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::instrument::{WithDispatch, WithSubscriber};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

/// Receives (level, target, message).
pub type LogFn = dyn Fn(Level, &str, &str) + Send + Sync;

#[derive(Clone)]
pub(crate) struct LogSettings {
    pub level: Level,
    pub write: Arc<LogFn>,
}

thread_local! {
    /// Whether this thread is inside a callback.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

impl LogSettings {
    fn tell(&self, level: Level, target: &str, line: &str) {
        struct Done;
        impl Drop for Done {
            fn drop(&mut self) {
                TELLING.set(false);
            }
        }
        if !TELLING.replace(true) {
            let _done = Done;
            (self.write)(level, target, line);
        }
    }
}

/// How many records are held back at most.
const HELD: usize = 1000;

/// Where one runtime's records go.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<Ways>);

#[derive(Clone)]
struct Ways {
    /// At once.
    direct: Dispatch,
    /// Into `held`.
    holding: Dispatch,
    held: Arc<Held>,
}

/// Records that wait for a native stack.
struct Held {
    settings: LogSettings,
    records: Mutex<Vec<(Level, &'static str, String)>>,
}

impl Held {
    fn push(&self, level: Level, target: &'static str, line: String) {
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
            let held = Arc::new(Held { settings: settings.clone(), records: Mutex::default() });
            let bridge = |held| Dispatch::new(Bridge { settings: settings.clone(), held });
            Ways { direct: bridge(None), holding: bridge(Some(held.clone())), held }
        }))
    }

    /// Runs `body` with this runtime's records going to its host.
    pub(crate) fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(ways) if !TELLING.get() => dispatcher::with_default(&ways.direct, body),
            _ => body(),
        }
    }

    /// Runs `body`, in which a fiber may run, and only then hands over the records of it.
    pub(crate) fn holding_back<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(ways) if !TELLING.get() => {
                let done = dispatcher::with_default(&ways.holding, body);
                ways.held.release();
                done
            }
            _ => body(),
        }
    }

    /// `task`, with this runtime's records going to its host wherever it runs.
    pub(crate) fn follow<F: Future>(&self, task: F) -> WithDispatch<F> {
        let direct = self.0.as_ref().map(|ways| ways.direct.clone());
        task.with_subscriber(direct.unwrap_or_else(Dispatch::none))
    }
}

struct Bridge {
    settings: LogSettings,
    held: Option<Arc<Held>>,
}

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.settings.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.settings.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        let (level, target) = (*metadata.level(), metadata.target());
        match &self.held {
            Some(held) => held.push(level, target, line.0),
            None => self.settings.tell(level, target, &line.0),
        }
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
