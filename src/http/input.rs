//! The body of a request, between the host that gives it and the guest that reads it.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::head::Fields;
use crate::sandbox::http::Broken;

/// Bytes of one piece, which is what waits for the guest at most.
pub(super) const PIECE: usize = 64 << 10;

/// Where the host puts the next piece.
pub(super) struct Input(Mutex<State>);

struct State {
    /// What the guest has not read yet.
    piece: Bytes,
    end: Option<End>,
    /// Whether the guest waits for more, as of when it last ran.
    is_wanted: bool,
    /// Whether it reads no more.
    is_gone: bool,
    waker: Option<Waker>,
    /// Bytes that the request's head says there are to come still, if it says so.
    left: Option<u64>,
}

/// How the body ends, behind the piece.
pub(super) enum End {
    Proper(Option<Fields>),
    Broken,
}

impl Input {
    /// With a beginning, and with an end if that is all of it; `left` says how much may follow.
    pub(super) fn new(piece: Bytes, end: Option<End>, left: Option<u64>) -> Self {
        let (is_wanted, is_gone, waker) = (false, false, None);
        Self(Mutex::new(State { piece, end, is_wanted, is_gone, waker, left }))
    }

    /// The guest is about to run, and will say again if it waits for more.
    pub(super) fn ask_again(&self) {
        self.lock().is_wanted = false;
    }

    /// Whether the guest waits for something of it.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.lock();
        state.is_wanted && state.piece.is_empty() && state.end.is_none() && !state.is_gone
    }

    /// Whether the head has announced so much more.
    pub(super) fn may_have(&self, len: usize) -> bool {
        self.lock().left.is_none_or(|left| left >= len as u64)
    }

    /// Whether another piece may be put in.
    pub(super) fn has_room(&self) -> bool {
        let state = self.lock();
        state.piece.is_empty() && state.end.is_none() && !state.is_gone
    }

    /// Whether nothing more will be read, because the guest does not want it or the end was given.
    pub(super) fn is_closed(&self) -> bool {
        let state = self.lock();
        state.is_gone || state.end.is_some()
    }

    /// Puts in a piece, where there is room; whether the head has announced so much.
    pub(super) fn put(&self, piece: Bytes) -> bool {
        let len = piece.len() as u64;
        let mut fits = true;
        self.change(|state| match state.left.map(|left| left.checked_sub(len)) {
            Some(None) => {
                fits = false;
                state.end = Some(End::Broken);
            }
            left => (state.left, state.piece) = (left.flatten(), piece),
        });
        fits
    }

    /// Ends it; whether the head has announced so little. Otherwise it ends badly.
    pub(super) fn end(&self, end: End) -> bool {
        let mut fits = true;
        self.change(|state| {
            fits = state.left.is_none_or(|left| left == 0);
            state.end.get_or_insert(if fits { end } else { End::Broken });
        });
        fits
    }

    /// The guest has ended: what it may still have of the body is not to be had any more.
    pub(super) fn close(&self) {
        self.change(|state| {
            state.is_gone = true;
            state.piece = Bytes::new();
            state.end.get_or_insert(End::Broken);
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        state.is_wanted = false;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The guest's side of it.
pub(super) struct Reader(pub Arc<Input>);

impl Body for Reader {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let mut state = self.0.lock();
        if !state.piece.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(mem::take(&mut state.piece)))));
        }
        match &mut state.end {
            Some(End::Proper(trailers)) => {
                Poll::Ready(trailers.take().map(|it| Ok(Frame::trailers(it))))
            }
            Some(End::Broken) => Poll::Ready(Some(Err(Broken))),
            None => {
                // Who only looks has a waker without data, and does not wait. `will_wake` would not
                // do: it compares addresses that each crate may have of its own.
                if !context.waker().data().is_null() {
                    state.is_wanted = true;
                    state.waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_gone = true;
        state.piece = Bytes::new();
    }
}
