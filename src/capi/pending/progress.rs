use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::instance::Instance;
use crate::marshal::Results;
use crate::system::process::Kept;
use crate::system::thread;

/// An asynchronous call, load or instance on its way, or its outcome.
///
/// The caller owns it and releases it with runtime_pending_free(), at any time. What is on its way
/// keeps nothing of the runtime by it; an outcome that nobody took is there until then, and a
/// component or an instance keeps what it always does. It may be freed before or after everything
/// else. Any number of threads may use it at once. In a fork of the process, waiting is
/// RUNTIME_ERROR_FORKED.
///
/// @since 0.1
pub struct runtime_pending_t(pub(super) Work);

/// What is on its way.
pub(in crate::capi) enum Work {
    Call(Arc<Kept<Pending<Results>>>),
    Load(Arc<Kept<Pending<Component>>>),
    Instance(Arc<Kept<Pending<Instance>>>),
}

/// What the caller of an asynchronous call and the worker that runs it share.
pub(in crate::capi) struct Pending<T> {
    progress: Mutex<Progress<T>>,
    changed: Condvar,
    done: AtomicBool,
}

pub(super) enum Progress<T> {
    Running,
    /// That thread runs the callback.
    Calling(usize),
    /// The callback had the outcome.
    Called,
    /// Nobody had the outcome yet.
    Ended(Result<T>),
    /// A wait had it.
    Taken,
}

impl<T> Pending<T> {
    pub(super) fn new() -> Self {
        Self {
            progress: Mutex::new(Progress::Running),
            changed: Condvar::new(),
            done: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress<T>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn call(&self) {
        *self.lock() = Progress::Calling(thread::id());
    }

    pub(super) fn end(&self, progress: Progress<T>) {
        *self.lock() = progress;
        self.done.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// The outcome; `None` if the callback had it.
    pub(super) fn wait(&self, timeout_ms: u64) -> Result<Option<T>> {
        let timeout = (timeout_ms != u64::MAX).then(|| Duration::from_millis(timeout_ms));
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut progress = self.lock();
        loop {
            match &*progress {
                Progress::Calling(by) if *by == thread::id() => {
                    let problem = "the call's own callback cannot wait for its end";
                    return Err(Error::new(Code::Busy, problem));
                }
                Progress::Running | Progress::Calling(_) => {}
                Progress::Called => return Ok(None),
                Progress::Ended(_) | Progress::Taken => break,
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            progress = match left {
                None => self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    let problem = format!("`timeout_ms`: the call goes on after {timeout_ms} ms");
                    return Err(Error::new(Code::Timeout, problem));
                }
                Some(left) => {
                    let woken = self.changed.wait_timeout(progress, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        match mem::replace(&mut *progress, Progress::Taken) {
            Progress::Ended(outcome) => outcome.map(Some),
            _ => Err(Error::new(Code::NotFound, "an earlier wait was given the outcome")),
        }
    }
}
