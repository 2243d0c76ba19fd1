//! One request and its response, in a guest that stands still unless its host wants something.

use std::fmt;
use std::ptr::from_ref;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak, mpsc};
use std::task::Poll;

use bytes::Bytes;
use tokio::task::AbortHandle;

use super::beginning::Beginning;
use super::handler::Handler;
use super::head::{self, Fields, Request, ResponseHead};
use super::input::{End, PIECE};
use super::piece::Piece;
use super::running::Running;
use crate::call::CallOptions;
use crate::component::Component;
use crate::engine::shutdown::{Entry, Revoke};
use crate::error::{Code, Error, Result};
use crate::system::process::Kept;

/// One request and its response. One thread uses it at a time.
#[derive(Clone)]
pub struct Exchange(Arc<Kept<Inner>>);

struct Inner {
    running: Mutex<Running>,
    watcher: AbortHandle,
    _entry: Entry,
}

impl Revoke for Kept<Inner> {
    fn revoke(&self) {
        self.interrupt();
    }

    /// One that is driven sees for itself that it is over.
    fn interrupt(&self) {
        if let Some(mut running) = self.standing() {
            running.cancel();
        }
    }
}

impl Inner {
    /// What no thread drives just now.
    fn standing(&self) -> Option<MutexGuard<'_, Running>> {
        match self.running.try_lock() {
            Ok(running) => Some(running),
            Err(TryLockError::Poisoned(running)) => Some(running.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// Gives a guest up that stands still when its time is over: its host may wait for a client that
/// never comes back.
fn watch(exchange: Weak<Kept<Inner>>, running: &Running, component: &Component) -> AbortHandle {
    let (over, services) = (running.call().over(), component.runtime().services());
    let (party, tick) = (from_ref(component.policy()).addr(), services.settings().epoch_tick);
    // The end of an instance is the host's code, too.
    let hosts = services.commons().hosts().desk(party);
    let watch = async move {
        let why = over.await;
        loop {
            let (tell, told) = mpsc::channel();
            let (exchange, why) = (exchange.clone(), why.clone());
            let done = hosts.end(move || {
                let is_over = exchange.upgrade().is_none_or(|it| {
                    it.standing().map(|mut running| running.give_up(why)).is_some()
                });
                let _ = tell.send(is_over);
            });
            done.await;
            if told.try_recv() == Ok(true) {
                return;
            }
            // It is driven, or there was no thread.
            tokio::time::sleep(tick).await;
        }
    };
    services.workers().deadlines().spawn(services.log().follow(watch)).abort_handle()
}

impl Exchange {
    /// Begins to have `handler` handle a request, of which nothing runs yet. `options` hold for all
    /// of it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if that is no request, `UNSUPPORTED` for a component that was loaded for
    /// blocking calls only, `SHUTDOWN`, `FORKED`.
    pub fn open(
        handler: &Handler,
        request: Request,
        body: Beginning,
        options: &CallOptions,
    ) -> Result<Self> {
        let services = handler.component().runtime().services();
        services.check_process()?;
        let _pass = services.gate().load()?;
        let running = Running::begin(handler, request, body, options)?;
        let make = |weak: &Weak<Kept<Inner>>| {
            let _entry = services.gate().keep(weak.clone());
            let watcher = watch(weak.clone(), &running, handler.component());
            Kept::new(Inner { running: Mutex::new(running), watcher, _entry })
        };
        Ok(Self(Arc::new_cyclic(make)))
    }

    /// The response without its body, as soon as the guest gives it; `None` if it wants to read
    /// more of the request before, which the host has to write.
    ///
    /// # Errors
    /// What the guest ended with, if it has; `HTTP` if it has without an answer, or with one that
    /// is none.
    pub fn response(&self) -> Result<Option<Arc<ResponseHead>>> {
        let mut running = self.lock()?;
        if let Some(head) = running.head() {
            return Ok(Some(head));
        }
        running.drive(|sides, _| sides.answer().map_or(Poll::Pending, Poll::Ready))
    }

    /// The next piece of the response's body. Nothing more is taken from the guest before the next
    /// is asked for.
    ///
    /// # Errors
    /// As [`response`](Self::response), also after many pieces: then what was read is not all.
    pub fn read(&self) -> Result<Piece> {
        if self.response()?.is_none() {
            return Ok(Piece::NotYet);
        }
        let next = self.lock()?.drive(|sides, context| sides.next(context))?;
        Ok(next.unwrap_or(Piece::NotYet))
    }

    /// What follows the response's body, once its end was read.
    ///
    /// # Errors
    /// `BUSY` while the exchange is used by another thread.
    pub fn trailers(&self) -> Result<Option<Fields>> {
        Ok(self.lock()?.trailers().cloned())
    }

    /// Writes to the request's body, and waits until there is room for that: less than everything
    /// if the guest reads no more, or if the host has to read before it goes on.
    ///
    /// # Errors
    /// What the guest ended with; `INVALID_ARGUMENT` if nothing was to follow.
    pub fn write(&self, data: &[u8]) -> Result<usize> {
        let mut running = self.lock()?;
        running.check_writable()?;
        if !running.input().may_have(data.len()) {
            running.leave();
            return Err(other_length());
        }
        let mut taken = 0;
        while taken < data.len() {
            let has_room = running.drive(|sides, context| sides.has_room(context))?;
            if has_room != Some(true) {
                break;
            }
            let rest = data.get(taken..).unwrap_or_default();
            let piece = rest.get(..PIECE.min(rest.len())).unwrap_or_default();
            running.input().put(Bytes::copy_from_slice(piece));
            taken += piece.len();
        }
        Ok(taken)
    }

    /// Ends the request's body, with trailers if there are any.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if nothing was to follow.
    pub fn finish(&self, mut trailers: Fields) -> Result<()> {
        let mut running = self.lock()?;
        running.check_writable()?;
        head::leave_trailers(&mut trailers);
        match running.finish(End::Proper((!trailers.is_empty()).then_some(trailers))) {
            true => Ok(()),
            false => Err(other_length()),
        }
    }

    /// Waits until the guest has ended, and discards what it writes until then and was not read.
    ///
    /// # Errors
    /// What it ended with.
    pub fn end(&self) -> Result<()> {
        let mut running = self.lock()?;
        running.drive(|sides, context| {
            // Read by nobody: what was to come of the request as well.
            sides.leave();
            sides.discard(context);
            sides.ended().cloned().map_or(Poll::Pending, Poll::Ready)
        })?;
        Ok(())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Running>> {
        // In a fork nobody gives it back who has it locked.
        Kept::birthplace(&self.0).check()?;
        let busy = || Error::new(Code::Busy, "the exchange is used by another thread");
        self.0.standing().ok_or_else(busy)
    }
}

#[cold]
fn other_length() -> Error {
    Error::invalid("data", "the body has another length than the request's `content-length`")
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
