//! The guest of an exchange, and what it has in common with its host.

use std::future::poll_fn;
use std::panic;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Method;
use wasmtime::Engine;

use super::beginning::Beginning;
use super::handler::Handler;
use super::head::{Fields, Request, ResponseHead};
use super::input::{End, Input, PIECE, Reader};
use super::output::Output;
use super::piece::Piece;
use crate::call::{CallOptions, Paused};
use crate::component::Component;
use crate::error::{Code, Error, HttpError, Result};
use crate::host::{HostCall, Mailbox};
use crate::sandbox::ReadFn;
use crate::sandbox::http::Answered;
use crate::store::{Live, Session};
use crate::system::process::Kept;
use crate::system::{stack, thread};

/// A guest that handles a request. It gives its instance if that went well.
type Guest = Kept<Pin<Box<dyn Future<Output = Result<Instance>> + Send>>>;

type Instance = Box<Kept<Live>>;

/// A guest, and what drives it.
pub(super) struct Running {
    call: Paused,
    /// `None` once it has ended.
    guest: Option<Guest>,
    sides: Sides,
    component: Component,
}

/// What guest and host have in common.
pub(super) struct Sides {
    input: Arc<Input>,
    /// What provides more of the request's body.
    read: Option<Arc<ReadFn>>,
    /// Whether the host writes that.
    is_written: bool,
    /// Where the guest puts its answer.
    answered: Arc<Mutex<Place>>,
    /// Whether there is an instance.
    is_open: Arc<AtomicBool>,
    method: Method,
    head: Option<Result<Arc<ResponseHead>>>,
    /// Whether the host has seen that.
    is_shown: bool,
    output: Option<Output>,
    ended: Option<Result<()>>,
}

/// Where an answer is put, as long as it is wanted.
#[derive(Default)]
struct Place {
    answer: Option<Answered>,
    is_closed: bool,
}

impl Running {
    pub(super) fn begin(
        handler: &Handler,
        request: Request,
        body: Beginning,
        options: &CallOptions,
    ) -> Result<Self> {
        let Beginning { bytes, has_more, read } = body;
        let is_secure = request.is_secure;
        let left = request.left_after(bytes.len() as u64, has_more)?;
        let end = (!has_more).then_some(End::Proper(None));
        let input = Arc::new(Input::new(bytes, end, left));
        let request = request.complete(Reader(input.clone()))?;
        let method = request.method().clone();
        let (component, mailbox) = (handler.component().clone(), Arc::<Mailbox>::default());
        let (call, start) = Paused::begin(component.policy(), options, mailbox.clone())?;
        let (answered, is_open) = (Arc::<Mutex<Place>>::default(), Arc::<AtomicBool>::default());
        let (handler, place, opened) = (handler.clone(), answered.clone(), is_open.clone());
        let guest = async move {
            let blueprint = handler.component().blueprint();
            let mut session = Session::open(blueprint, start, mailbox).await?;
            opened.store(true, Relaxed);
            let answer = move |answer| {
                let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
                if !place.is_closed {
                    place.answer = Some(answer);
                }
            };
            session.handle(handler.export(), request, is_secure, answer).await?;
            Ok(session.finish())
        };
        let sides = Sides {
            input,
            is_written: has_more && read.is_none(),
            read,
            answered,
            is_open,
            method,
            head: None,
            is_shown: false,
            output: None,
            ended: None,
        };
        Ok(Self { call, guest: Some(Kept::new(Box::pin(guest))), sides, component })
    }

    /// Has the guest go on until `want` has what the host wants, which is asked after each step;
    /// `None` if the guest waits for what the host has to write. One that waits for an instance has
    /// one when this returns, or never: nobody else gets one that it has been given.
    ///
    /// # Errors
    /// What `want` says; or why the guest had to be given up, which is how it has ended then.
    pub(super) fn drive<T>(
        &mut self,
        mut want: impl FnMut(&mut Sides, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Result<Option<T>> {
        let Self { call, guest, sides, .. } = self;
        call.check_process()?;
        let is_over = guest.is_none();
        if is_over || sides.is_open() {
            // What is there is there, whatever time it is.
            match want(sides, &mut Context::from_waker(Waker::noop())) {
                Poll::Ready(found) => return found.map(Some),
                Poll::Pending if is_over => {
                    return Err(Error::new(Code::Panic, "an exchange waits for nobody"));
                }
                Poll::Pending => {}
            }
        }
        let (mut kept, running) = (None, &*call);
        let (found, gone) = running.within(|| {
            let part = poll_fn(|context| {
                loop {
                    sides.input.ask_again();
                    if let Some(it) = guest.as_mut()
                        && let Poll::Ready(outcome) = Pin::new(it).poll(context)
                    {
                        *guest = None;
                        sides.end(outcome.map(|live| kept = Some(live)));
                    }
                    sides.hide(context);
                    if (guest.is_none() || sides.is_open())
                        && let Poll::Ready(found) = want(sides, context)
                    {
                        return Poll::Ready(found.map(Some));
                    }
                    if guest.is_none() || running.has_request() {
                        return Poll::Pending;
                    }
                    if sides.waits_for_host() {
                        return Poll::Ready(Ok(None));
                    }
                    if !sides.fetch(&running.host_call()) {
                        return Poll::Pending;
                    }
                    if let Err(forked) = running.check_process() {
                        return Poll::Ready(Err(forked));
                    }
                }
            });
            match running.drive(pin!(Kept::new(part))) {
                Ok(found) => (found, None),
                Err(error) => (Err(error.clone()), Some(error)),
            }
        })?;
        if let Some(error) = gone
            && sides.ended.is_none()
        {
            sides.end(Err(error));
        }
        self.settle(kept);
        found
    }

    /// Ends the call, if the guest has ended or is to be given up.
    fn settle(&mut self, kept: Option<Instance>) {
        let Self { call, guest, sides, component } = self;
        let Some(outcome) = &sides.ended else { return };
        let gone = guest.take();
        let _ = call.within(move || drop(gone));
        call.end(outcome);
        if let Some(live) = kept {
            component.blueprint().keep(live);
        }
    }

    /// Gives the guest up, unless it has ended.
    pub(super) fn cancel(&mut self) {
        self.give_up(self.call.cancelled());
    }

    /// As [`cancel`](Self::cancel), for another reason.
    pub(super) fn give_up(&mut self, why: Error) {
        let Some(guest) = self.guest.take() else { return };
        let end = || {
            // wasmtime cannot get what it needs for this within a drop.
            let _ = panic::catch_unwind(Engine::tls_eager_initialize);
            drop(guest);
        };
        // Dropped here if it cannot be dropped there.
        let _ = self.call.within(end);
        let outcome = Err(why);
        self.call.end(&outcome);
        self.sides.end(outcome);
    }

    /// What drives the guest.
    pub(super) fn call(&self) -> &Paused {
        &self.call
    }

    /// Refuses to write to a body that is complete, or comes from elsewhere.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub(super) fn check_writable(&self) -> Result<()> {
        match self.sides.is_written {
            true => Ok(()),
            false => Err(Error::invalid("exchange", "nothing follows the body that it began with")),
        }
    }

    /// Ends the request's body; whether its head has announced so little.
    pub(super) fn finish(&mut self, end: End) -> bool {
        self.sides.is_written = false;
        self.sides.input.end(end)
    }

    /// The host writes no more of the request's body, which ends badly.
    pub(super) fn leave(&mut self) {
        self.sides.leave();
    }

    /// Where the request's body goes.
    pub(super) fn input(&self) -> &Input {
        &self.sides.input
    }

    /// The response's head, if the host has seen it before.
    pub(super) fn head(&self) -> Option<Arc<ResponseHead>> {
        let head = self.sides.head.as_ref().filter(|_| self.sides.is_shown)?;
        head.as_ref().ok().cloned()
    }

    /// What follows the response's body.
    pub(super) fn trailers(&self) -> Option<&Fields> {
        self.sides.output.as_ref().and_then(Output::trailers)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.guest.is_some() {
            // Where there is no such thread, here.
            let _ = thread::with_room(stack::KEEPING, || self.cancel());
            self.cancel();
        }
    }
}

impl Sides {
    /// The response's head, once it is known whether there is one.
    pub(super) fn answer(&mut self) -> Option<Result<Arc<ResponseHead>>> {
        self.absorb();
        match (&self.head, &self.ended) {
            // Nobody has seen anything of it: better none than one that is cut off.
            (_, Some(Err(error))) => Some(Err(error.clone())),
            (Some(head), _) => {
                self.is_shown = head.is_ok();
                Some(head.clone())
            }
            (None, Some(Ok(()))) => {
                let problem = "the guest ended without a response";
                Some(Err(Error::http(HttpError::ResponseIncomplete, problem)))
            }
            (None, None) => None,
        }
    }

    /// Whether the guest has an instance, or has had one.
    fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// The guest has ended so. Its instance may go on, but has nothing to do with this any more.
    fn end(&mut self, outcome: Result<()>) {
        self.absorb();
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.input.close();
        if let Some(output) = &mut self.output {
            output.close(Some(&outcome));
        }
        self.ended = Some(outcome);
    }

    /// Takes what is for nobody, so that the guest can go on.
    fn hide(&mut self, context: &mut Context<'_>) {
        self.absorb();
        if let Some(output) = &mut self.output {
            output.hide(self.ended.as_ref(), context);
        }
    }

    /// Takes what the guest has answered.
    fn absorb(&mut self) {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).answer.take();
        let Some(answered) = answered.filter(|_| self.head.is_none()) else { return };
        self.head = Some(answered.and_then(|response| {
            let (parts, body) = response.into_parts();
            let head = ResponseHead::new(parts, &self.method)?;
            let is_hidden = head.has_no_body(&self.method);
            self.output = Some(Output::new(body, head.body_len, is_hidden));
            Ok(Arc::new(head))
        }));
    }

    /// The next piece of the response's body.
    pub(super) fn next(&mut self, context: &mut Context<'_>) -> Poll<Result<Piece>> {
        match &mut self.output {
            Some(output) => output.next(self.ended.as_ref(), context),
            None => Poll::Ready(Ok(Piece::End)),
        }
    }

    /// Whether another piece of the request's body may be put in; not if that is in vain, or if the
    /// host is to read before.
    pub(super) fn has_room(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        if self.input.has_room() {
            return Poll::Ready(Ok(true));
        }
        self.absorb();
        let is_over = self.input.is_closed() || self.ended.is_some();
        let ended = self.ended.as_ref();
        let is_unread = self.head.is_some() && !self.is_shown
            || self.output.as_mut().is_some_and(|output| output.has_more(ended, context));
        match is_over || is_unread {
            true => Poll::Ready(Ok(false)),
            false => Poll::Pending,
        }
    }

    /// Whether the guest waits for what the host has to write.
    fn waits_for_host(&self) -> bool {
        self.is_written && self.input.is_wanted()
    }

    /// The host writes nothing more, whether that is all or not.
    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.is_written) {
            self.input.end(End::Broken);
        }
    }

    /// Takes what nobody reads any more.
    pub(super) fn discard(&mut self, context: &mut Context<'_>) {
        self.absorb();
        if let Some(output) = &mut self.output {
            output.discard(self.ended.as_ref(), context);
        }
    }

    /// How the guest has ended, if it has.
    pub(super) fn ended(&self) -> Option<&Result<()>> {
        self.ended.as_ref()
    }

    /// Has the host provide more of the request's body, if the guest waits for it.
    fn fetch(&self, call: &HostCall) -> bool {
        let Some(read) = self.read.as_ref().filter(|_| self.input.is_wanted()) else {
            return false;
        };
        let mut piece = vec![0; PIECE];
        match thread::outside(|| read(call, &mut piece)) {
            Ok(0) => self.input.end(End::Proper(None)),
            Ok(len) if len <= piece.len() => {
                piece.truncate(len);
                self.input.put(Bytes::from(piece))
            }
            Ok(_) | Err(_) => self.input.end(End::Broken),
        };
        true
    }
}
