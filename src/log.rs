//! Log records on their way to the host: one subscriber a runtime, never a global one.

use std::fmt::{self, Write};
use std::sync::Arc;

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

/// Where one runtime's records go.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<Dispatch>);

impl Log {
    pub(crate) fn new(settings: Option<LogSettings>) -> Self {
        Self(settings.map(|settings| Dispatch::new(Bridge(settings))))
    }

    /// Runs `body` with this runtime's records going to its host.
    pub(crate) fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(dispatch) => dispatcher::with_default(dispatch, body),
            None => body(),
        }
    }

    /// `task`, with this runtime's records going to its host wherever it runs.
    pub(crate) fn follow<F: Future>(&self, task: F) -> WithDispatch<F> {
        task.with_subscriber(self.0.clone().unwrap_or_else(Dispatch::none))
    }
}

struct Bridge(LogSettings);

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.0.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.0.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let metadata = event.metadata();
        (self.0.write)(*metadata.level(), metadata.target(), &line.0);
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
