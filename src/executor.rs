//! Drives a call on its caller's thread.
//!
//! Not `tokio::runtime::Runtime::block_on`: that panics on a thread of another tokio runtime, and
//! hosts may be tokio programs. The thread parks between polls, and wakes for the guest's event,
//! for cancellation, and at the deadline.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::runtime::Handle;

use crate::deadline::Deadline;
use crate::error::Result;
use crate::host::Mailbox;

/// Polls `call` on this thread until it is done, cancelled or late. WASI's timers and sockets
/// belong to `workers`.
///
/// # Errors
/// `TIMEOUT` or `CANCELLED`, and then `call` is dropped where it stands; or its own error.
pub(crate) fn block_on<T>(
    workers: &Handle,
    deadline: &Deadline,
    mailbox: &Mailbox,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let _reactor = workers.enter();
    let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parker.clone());
    let mut context = Context::from_waker(&waker);
    let mut call = pin!(call);
    let mut cancellation = pin!(deadline.cancellation());
    loop {
        if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
            return result;
        }
        if mailbox.serve() {
            continue;
        }
        if cancellation.as_mut().poll(&mut context).is_ready() {
            return Err(deadline.cancelled());
        }
        if !parker.park_until(deadline.at()) {
            return Err(deadline.timed_out());
        }
    }
}

/// The same on a worker: `call` until it is done, cancelled or late.
pub(crate) async fn limited<T>(
    deadline: &Deadline,
    mailbox: &Mailbox,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut call = pin!(call);
    let mut cancellation = pin!(deadline.cancellation());
    let mut late = pin!(tokio::time::sleep_until(deadline.at().into()));
    poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = call.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if !mailbox.has_request() {
                break;
            }
            // The host function may block; the worker's other calls go on elsewhere meanwhile.
            tokio::task::block_in_place(|| mailbox.serve());
        }
        if cancellation.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(deadline.cancelled()));
        }
        late.as_mut().poll(context).map(|()| Err(deadline.timed_out()))
    })
    .await
}

/// Wakes the thread that drives a call.
struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Parker {
    /// Waits for a wake-up; false if `deadline` comes first.
    fn park_until(&self, deadline: Instant) -> bool {
        // Somebody else's token may unpark this thread too, hence the flag and the loop.
        while !self.woken.swap(false, Ordering::Acquire) {
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            thread::park_timeout(deadline - now);
        }
        true
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
