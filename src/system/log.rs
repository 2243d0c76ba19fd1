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
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

use crate::system::process::Birthplace;
use crate::system::thread;
use crate::text::{Cut, cut};

/// Receives (level, target, message).
pub type LogFn = dyn Fn(Level, &str, &str) + Send + Sync;

#[derive(Clone)]
pub(crate) struct LogSettings {
    pub level: Level,
    pub write: Arc<LogFn>,
    /// Threads that are in the callback.
    telling: Arc<Mutex<Vec<usize>>>,
    birthplace: Birthplace,
}

impl LogSettings {
    pub(crate) fn new(level: Level, write: Arc<LogFn>) -> Self {
        Self { level, write, telling: Arc::default(), birthplace: Birthplace::here() }
    }
}

/// The callback, as far as one runtime calls it.
struct Mouth {
    /// `None` once the runtime is silent.
    write: Mutex<Option<Arc<LogFn>>>,
    /// Threads that are about to use it, or do.
    busy: AtomicUsize,
    /// Threads that are in the callback, of whatever runtime.
    telling: Arc<Mutex<Vec<usize>>>,
    birthplace: Birthplace,
}

impl From<LogSettings> for Mouth {
    /// For a runtime of this process, which may be a fork of the builder's.
    fn from(settings: LogSettings) -> Self {
        let LogSettings { write, telling, birthplace, .. } = settings;
        let (telling, birthplace) = match birthplace.is_forked() {
            true => (Arc::default(), Birthplace::here()),
            false => (telling, birthplace),
        };
        Self { write: Mutex::new(Some(write)), busy: AtomicUsize::new(0), telling, birthplace }
    }
}

impl Mouth {
    fn tell(&self, level: Level, target: &str, line: &str) {
        let _told = Told::new(self);
        if let Some(write) = self.write() {
            write(level, target, line);
        }
    }

    fn write(&self) -> Option<Arc<LogFn>> {
        self.birthplace.lock(&self.write).and_then(|write| write.clone())
    }

    /// Whether this thread is in the callback.
    fn is_telling(&self) -> bool {
        self.tellers(|all| all.contains(&thread::id())).unwrap_or(true)
    }

    /// Looks at the threads in the callback; `None` in a fork where that cannot be done.
    fn tellers<R>(&self, look: impl FnOnce(&mut Vec<usize>) -> R) -> Option<R> {
        self.birthplace.lock(&self.telling).map(|mut all| look(&mut all))
    }

    /// Calls nobody any more, and waits for threads that are in the callback.
    fn close(&self) {
        let write = self.write.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(write);
        while self.busy.load(SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Ends a thread's time in the callback, also if it panics.
struct Told<'a>(&'a Mouth, usize);

impl<'a> Told<'a> {
    fn new(mouth: &'a Mouth) -> Self {
        let this = thread::id();
        mouth.busy.fetch_add(1, SeqCst);
        mouth.tellers(|all| all.push(this));
        Self(mouth, this)
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.tellers(|all| all.retain(|thread| *thread != self.1));
        self.0.busy.fetch_sub(1, SeqCst);
    }
}

/// Most bytes of a record's text. A mark follows where that is not all.
pub(crate) const MAX_RECORD: usize = 64 << 10;

/// How much of what a guest says about where it was, so that there is room for what happened.
const CONTEXT: usize = 4 << 10;

/// How many records are held back at most, and how many bytes of text in them.
const HELD: usize = 1000;
const HELD_TEXT: usize = 1 << 20;

/// Where one runtime's records go.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<Route>);

#[derive(Clone)]
struct Route {
    /// Into `backlog`.
    dispatch: Dispatch,
    /// A second one that gets nothing. With one subscriber in the process, tracing asks a
    /// thread that has none whether anybody wants a record, and remembers the answer for all.
    _second: Dispatch,
    backlog: Arc<Backlog>,
}

/// Records that wait for a native stack.
struct Backlog {
    level: Level,
    mouth: Mouth,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    all: Vec<(Level, &'static str, String)>,
    /// Bytes of text in them.
    text: usize,
    /// Whether one did not fit, which the last one says.
    full: bool,
}

impl Backlog {
    fn push(&self, level: Level, target: &'static str, line: String) {
        if self.mouth.is_telling() {
            return;
        }
        let Some(mut records) = self.mouth.birthplace.lock(&self.records) else { return };
        if records.full {
            return;
        }
        records.text += line.len();
        records.full = records.all.len() >= HELD || records.text > HELD_TEXT;
        let record = match records.full {
            true => (Level::WARN, module_path!(), "records are left out".into()),
            false => (level, target, line),
        };
        records.all.push(record);
    }

    fn release(&self) {
        // Not while the callbacks run: they may make calls, which hold back records of their own.
        let records = {
            let records = self.mouth.birthplace.lock(&self.records);
            let Some(mut records) = records else { return };
            if records.all.is_empty() || self.mouth.is_telling() {
                return;
            }
            mem::take(&mut *records)
        };
        for (level, target, line) in records.all {
            self.mouth.tell(level, target, &line);
        }
    }
}

impl Log {
    pub(crate) fn new(settings: Option<LogSettings>) -> Self {
        Self(settings.map(|settings| {
            let (level, records) = (settings.level, Mutex::default());
            let backlog = Arc::new(Backlog { level, mouth: settings.into(), records });
            let dispatch = || Dispatch::new(Bridge(backlog.clone()));
            Route { dispatch: dispatch(), _second: dispatch(), backlog }
        }))
    }

    /// Runs `body`, and then hands over its records.
    pub(crate) fn within<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(route) => {
                let done = dispatcher::with_default(&route.dispatch, body);
                route.backlog.release();
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

    /// The log for a thread that works for this one, and says nothing about a callback either.
    pub(crate) fn for_helper(&self) -> Self {
        match &self.0 {
            Some(route) if route.backlog.mouth.is_telling() => Self(None),
            _ => self.clone(),
        }
    }

    /// Runs `body`; the thread that waits for it hands over its records.
    pub(crate) fn gather<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(route) => dispatcher::with_default(&route.dispatch, body),
            None => body(),
        }
    }

    /// Hands over the records so far, in the midst of `body`.
    pub(crate) fn release(&self) {
        if let Some(route) = &self.0 {
            route.backlog.release();
        }
    }

    /// The callback, if it wants records of `level`; for as long as a call lasts.
    pub(crate) fn writer(&self, level: Level) -> Option<Arc<LogFn>> {
        let backlog = &self.0.as_ref()?.backlog;
        (level <= backlog.level).then(|| backlog.mouth.write()).flatten()
    }

    /// Gives up the callback. Nobody is in it afterwards.
    pub(crate) fn close(&self) {
        if let Some(route) = &self.0 {
            route.backlog.mouth.close();
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
struct Bridge(Arc<Backlog>);

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.0.level
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.0.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { text: Cut::new(String::new(), MAX_RECORD), separator: "" };
        event.record(&mut line);
        let metadata = event.metadata();
        self.0.push(*metadata.level(), metadata.target(), line.text.into_inner());
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
struct Line {
    text: Cut<String>,
    separator: &'static str,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // It fails once it is full.
        let _ = match field.name() {
            "message" => write!(self.text, "{}{value:?}", self.separator),
            name => write!(self.text, "{}{name}={value:?}", self.separator),
        };
        self.separator = " ";
    }
}

/// The text of a record that a guest writes, by wasi:logging.
pub(crate) fn of_guest(message: &str, context: &str) -> String {
    match context.is_empty() {
        true => cut(message, MAX_RECORD),
        false => {
            let context = cut(format_args!(" context={context:?}"), CONTEXT);
            cut(message, MAX_RECORD - context.len()) + &context
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guests_write_is_cut() {
        assert_eq!(of_guest("it rains", ""), "it rains");
        assert_eq!(of_guest("it rains", "a\n\"b\""), r#"it rains context="a\n\"b\"""#);
        for (message, context) in [("m", ""), ("m", "c"), ("", "\u{1}"), ("é", "\u{7}é")] {
            let text = of_guest(&message.repeat(1 << 20), &context.repeat(1 << 20));
            assert!(text.len() <= MAX_RECORD + 2 * "…".len() && text.ends_with('…'));
            assert_eq!(text.contains(" context="), !context.is_empty());
        }
    }

    #[test]
    fn records_and_their_fields_are_cut_and_so_is_what_is_held_back() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let write: Arc<LogFn> = Arc::new({
            let seen = seen.clone();
            move |_, _, text: &str| seen.lock().unwrap().push(text.to_owned())
        });
        let log = Log::new(Some(LogSettings::new(Level::INFO, write)));
        log.within(|| {
            for _ in 0..HELD {
                tracing::info!(field = "f".repeat(1 << 20), other = 1, "{}", "m".repeat(100));
            }
        });
        let seen = seen.lock().unwrap();
        let (last, all) = seen.split_last().unwrap();
        assert!(all.iter().all(|text| text.len() == MAX_RECORD + "…".len()));
        assert!(all[0].starts_with("mmm") && all[0].contains(" field=\"fff"));
        assert_eq!((all.len(), &**last), (HELD_TEXT / MAX_RECORD - 1, "records are left out"));
    }
}
