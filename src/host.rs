//! Host functions: from a guest's fiber to the native stack and back.
//!
//! A guest runs on a fiber, a small stack of wasmtime's. Host code must not: a Go callback entered
//! there ends the process, and a C callback finds little room. So the host function's future puts
//! its request into the call's mailbox and waits; whoever drives the call, back on a native stack,
//! serves the request and polls again.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::deadline::{Deadline, DeadlineRef};
use crate::error::{Code, Error, Result};
use crate::handles::HostType;
use crate::marshal::{Reply, Results};
use crate::sandbox::Stdio;
use crate::thread;
use crate::types::FunctionType;
use crate::value::Value;

/// What a host function is told about the call that led to it.
#[derive(Clone)]
pub struct HostCall {
    deadline: Deadline,
    context: Option<Context>,
}

/// What a caller attached to its call for its host functions.
pub type Context = Arc<dyn Any + Send + Sync>;

impl HostCall {
    pub(crate) fn new(deadline: DeadlineRef<'_>, context: Option<Context>) -> Self {
        Self { deadline: deadline.to_owned(), context }
    }

    /// Time left before the call runs out of time.
    pub fn remaining(&self) -> Duration {
        self.deadline.as_ref().remaining()
    }

    /// Whether the call was cancelled or has run out of time: whatever the host function answers,
    /// the guest is stopped soon afterwards.
    pub fn is_cancelled(&self) -> bool {
        self.deadline.as_ref().check().is_err()
    }

    /// What the caller attached to its call.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }
}

impl fmt::Debug for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// What a host function answers.
pub enum Answer {
    /// The results, or why there are none.
    Now(Result<Box<dyn Reply>>),
    /// They come later, from any thread. Dropping the sender is an error.
    Later(oneshot::Receiver<Result<Box<dyn Reply>>>),
}

impl Answer {
    /// No results, or an error.
    pub fn done(result: Result<()>) -> Self {
        Self::Now(result.map(|()| -> Box<dyn Reply> { Box::new(()) }))
    }
}

/// A host function. It runs on the calling thread's own stack, may block, and may call other
/// components.
pub type HostFn = dyn Fn(&HostCall, Arguments) -> Answer + Send + Sync;

/// The arguments of a host function, with the handles in them already looked up.
#[derive(Debug)]
pub struct Arguments {
    /// The values, in which resources are numbers.
    pub values: Results,
    /// The type of the function: what the guest passes and expects.
    pub ty: Arc<FunctionType>,
    /// The types of the host's resources.
    pub(crate) types: Arc<[HostType]>,
}

impl Arguments {
    /// The values, for hosts in Rust.
    ///
    /// # Errors
    /// `UNSUPPORTED` for resources.
    pub fn read(&self) -> Result<Vec<Value>> {
        self.values.to_args(&self.ty)
    }

    /// An answer of `results`, for hosts in Rust.
    pub fn answer(&self, results: &[Value]) -> Answer {
        let results = Results::from_values(results, &self.ty);
        Answer::Now(results.map(|results| -> Box<dyn Reply> { Box::new(results) }))
    }
}

/// Where a guest's request for a host function waits to be served.
#[derive(Default)]
pub(crate) struct Mailbox {
    letter: Mutex<Letter>,
    /// Streams whose callbacks have to be called to the end.
    streams: Mutex<Option<Arc<Stdio>>>,
    has_streams: AtomicBool,
}

#[derive(Default)]
enum Letter {
    #[default]
    None,
    Request(Box<dyn FnOnce() -> Answer + Send>),
    Answer(Answer),
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Letter> {
        self.letter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the request that waits here, if any. Called on a native stack; nothing is locked
    /// while the host function runs.
    pub(crate) fn serve(&self) -> bool {
        let letter = std::mem::take(&mut *self.lock());
        match letter {
            Letter::Request(request) => {
                let answer = thread::outside(request);
                *self.lock() = Letter::Answer(answer);
                true
            }
            other => {
                *self.lock() = other;
                false
            }
        }
    }

    /// Whether a request waits here.
    pub(crate) fn has_request(&self) -> bool {
        matches!(*self.lock(), Letter::Request(_))
    }

    /// Asks for `request` to be run on a native stack; the next request may replace it.
    pub(crate) fn post(&self, request: impl FnOnce() + Send + 'static) {
        *self.lock() = Letter::Request(Box::new(move || {
            request();
            Answer::done(Ok(()))
        }));
    }

    /// Has `streams` finished with the call.
    pub(crate) fn attach(&self, streams: Arc<Stdio>) {
        *self.streams.lock().unwrap_or_else(PoisonError::into_inner) = Some(streams);
        self.has_streams.store(true, Ordering::Release);
    }

    /// Whether [`finish`](Self::finish) has something to do.
    pub(crate) fn has_streams(&self) -> bool {
        self.has_streams.load(Ordering::Acquire)
    }

    /// Called on a native stack when the call is over, however it ended.
    pub(crate) fn finish(&self) {
        if !self.has_streams() {
            return;
        }
        self.has_streams.store(false, Ordering::Release);
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(streams) = streams {
            thread::outside(|| streams.finish());
        }
    }

    /// Asks for `request` to be run on a native stack, and waits for its answer.
    pub(crate) async fn ask(
        &self,
        request: impl FnOnce() -> Answer + Send + 'static,
    ) -> Result<Box<dyn Reply>> {
        *self.lock() = Letter::Request(Box::new(request));
        // An answer that nobody waits for any more stays in here: what the host then wants to do
        // about it must not run on a fiber that is being given up.
        poll_fn(|context| {
            let mut letter = self.lock();
            match std::mem::take(&mut *letter) {
                Letter::Answer(Answer::Now(result)) => return Poll::Ready(result),
                Letter::Answer(Answer::Later(mut later)) => {
                    if let Poll::Ready(answer) = Pin::new(&mut later).poll(context) {
                        return Poll::Ready(answer.unwrap_or_else(|_| dropped()));
                    }
                    *letter = Letter::Answer(Answer::Later(later));
                }
                other => *letter = other,
            }
            Poll::Pending
        })
        .await
    }
}

/// What becomes of a reply that nobody gives.
pub(crate) fn dropped() -> Result<Box<dyn Reply>> {
    let problem = "the host function dropped its reply without answering";
    Err(Error::new(Code::Host, problem))
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}
