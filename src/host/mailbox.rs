//! Where a guest on its fiber asks for what has to be done on a native stack.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::call::{Answer, Arguments, HostCall, HostFn};
use crate::error::{Code, Error, Result};
use crate::marshal::{Replied, Reply};
use crate::system::thread;

/// What has something left to do when a call is over.
pub(crate) trait AtEnd: Send + Sync {
    /// Does it. Called on a native stack, however the call ended.
    fn finish(&self);

    /// Whether that calls the host.
    fn tells_host(&self) -> bool;
}

/// Where a guest's request for a host function waits to be served.
#[derive(Default)]
pub(crate) struct Mailbox {
    letter: Mutex<Letter>,
    /// Streams whose callbacks have to be called to the end.
    streams: Mutex<Vec<Arc<dyn AtEnd>>>,
    has_streams: AtomicBool,
}

#[derive(Default)]
enum Letter {
    #[default]
    None,
    Request(Box<dyn FnOnce() -> Answer + Send>),
    /// A request to call this function, which is most of them, without a box.
    Call(Arc<HostFn>, HostCall, Arguments),
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
        let answer = match letter {
            Letter::Call(run, call, args) => thread::outside(move || run(&call, args)),
            Letter::Request(request) => thread::outside(request),
            other => {
                *self.lock() = other;
                return false;
            }
        };
        *self.lock() = Letter::Answer(answer);
        true
    }

    /// As [`serve`](Self::serve), where the guest goes on in another thread: what the host has
    /// answered with is gone by then.
    pub(crate) fn serve_for_another_thread(&self) {
        self.serve();
        let letter = std::mem::take(&mut *self.lock());
        let kept = match letter {
            Letter::Answer(Answer::Now(answer)) => {
                Letter::Answer(Answer::Now(answer.and_then(|reply| reply.keep())))
            }
            other => other,
        };
        *self.lock() = kept;
    }

    /// The call is over: what was asked for and not done is given up, and so is what was answered
    /// and not fetched. Called on a native stack.
    pub(crate) fn discard(&self) {
        let letter = std::mem::take(&mut *self.lock());
        thread::outside(|| drop(letter));
    }

    /// Whether there is something to [`discard`](Self::discard).
    pub(crate) fn has_letter(&self) -> bool {
        !matches!(*self.lock(), Letter::None)
    }

    /// Whether a request waits here.
    pub(crate) fn has_request(&self) -> bool {
        matches!(*self.lock(), Letter::Request(_) | Letter::Call(..))
    }

    /// Asks for `request` to be run on a native stack; the next request may replace it.
    pub(crate) fn post(&self, request: impl FnOnce() + Send + 'static) {
        *self.lock() = Letter::Request(Box::new(move || {
            request();
            Answer::done(Ok(()))
        }));
    }

    /// Whether [`finish`](Self::finish) calls the host.
    pub(crate) fn tells_host(&self) -> bool {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.iter().any(|streams| streams.tells_host())
    }

    /// Has `streams` finished with the call.
    pub(crate) fn attach(&self, streams: Arc<dyn AtEnd>) {
        let mut all = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.iter().any(|known| Arc::ptr_eq(known, &streams)) {
            all.push(streams);
        }
        self.has_streams.store(true, Ordering::Release);
    }

    /// Whether [`finish`](Self::finish) has something to do.
    fn has_streams(&self) -> bool {
        self.has_streams.load(Ordering::Acquire)
    }

    /// Called on a native stack when the call is over, however it ended.
    pub(crate) fn finish(&self) {
        if !self.has_streams() {
            return;
        }
        self.has_streams.store(false, Ordering::Release);
        let streams =
            std::mem::take(&mut *self.streams.lock().unwrap_or_else(PoisonError::into_inner));
        thread::outside(|| streams.iter().for_each(|it| it.finish()));
    }

    /// Asks for `request` to be run on a native stack, and waits for its answer.
    pub(crate) async fn ask(
        &self,
        request: impl FnOnce() -> Answer + Send + 'static,
    ) -> Result<Replied> {
        *self.lock() = Letter::Request(Box::new(request));
        poll_fn(|context| self.answer(context)).await
    }

    /// Asks for `run` to be called on a native stack. Its [`answer`](Self::answer) is to be waited
    /// for.
    pub(crate) fn call(&self, run: Arc<HostFn>, call: HostCall, args: Arguments) {
        *self.lock() = Letter::Call(run, call, args);
    }

    /// The answer to what was asked for last, once it is there.
    ///
    /// An answer that nobody waits for any more stays in here: what the host then wants to do about
    /// it must not run on a fiber that is being given up.
    #[inline(always)]
    pub(crate) fn answer(&self, context: &mut Context<'_>) -> Poll<Result<Replied>> {
        let mut letter = self.lock();
        let Letter::Answer(_) = &*letter else { return Poll::Pending };
        let Letter::Answer(answer) = std::mem::take(&mut *letter) else { return Poll::Pending };
        Poll::Ready(match answer {
            Answer::Now(reply) => reply.map(Replied::Kept),
            Answer::Number(number) => Ok(Replied::Number(number)),
            Answer::Later(mut later) => match Pin::new(&mut later).poll(context) {
                Poll::Ready(answer) => answer.unwrap_or_else(|_| dropped()).map(Replied::Kept),
                Poll::Pending => {
                    *letter = Letter::Answer(Answer::Later(later));
                    return Poll::Pending;
                }
            },
        })
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

/// What becomes of a reply that nobody gives.
pub(crate) fn dropped() -> Result<Box<dyn Reply>> {
    let problem = "the host function dropped its reply without answering";
    Err(Error::new(Code::Host, problem))
}
