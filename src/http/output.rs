//! The body of a response, between the guest that writes it and the host that reads it.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::head::Fields;
use super::piece::Piece;
use crate::error::{Error, HttpError, Result};
use crate::sandbox::http::ResponseBody;

/// Bytes that a guest may write for nobody, before its stream is closed: it would have no pace.
const MOST_DISCARDED: usize = 1 << 20;

/// How the guest has ended, if it has.
pub(super) type Ended<'a> = Option<&'a Result<()>>;

pub(super) struct Output {
    /// `None` once nothing more is taken from it.
    body: Option<ResponseBody>,
    /// Read ahead: one piece, or what was left when the guest ended.
    ahead: VecDeque<Bytes>,
    /// Whether the guest has said that it is complete, or else that it is not.
    said: Option<bool>,
    trailers: Option<Fields>,
    /// How many bytes the response's head says there are.
    declared: Option<u64>,
    given: u64,
    /// Whether nobody is to see it, as in an answer to HEAD.
    is_hidden: bool,
    /// Whether something was thrown away that the host would have to have for all of it.
    is_torn: bool,
    /// How much that was.
    discarded: usize,
    /// Whether the host has read to the end.
    is_read: bool,
}

impl Output {
    pub(super) fn new(body: ResponseBody, declared: Option<u64>, is_hidden: bool) -> Self {
        let declared = declared.filter(|_| !is_hidden);
        Self {
            body: Some(body),
            ahead: VecDeque::new(),
            said: None,
            trailers: None,
            declared,
            given: 0,
            is_hidden,
            is_torn: false,
            discarded: 0,
            is_read: false,
        }
    }

    /// Whether the host finds something if it reads: a piece, or the end.
    pub(super) fn has_more(&mut self, ended: Ended<'_>, context: &mut Context<'_>) -> bool {
        !self.is_read && (self.is_hidden || self.fill(ended, context) || self.said.is_some())
    }

    /// The next piece for the host.
    ///
    /// # Errors
    /// What the guest ended with, or `HTTP` if it gave the body up or did not keep to its length.
    pub(super) fn next(
        &mut self,
        ended: Ended<'_>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Piece>> {
        if self.is_hidden || self.is_read {
            self.is_read = true;
            return Poll::Ready(Ok(Piece::End));
        }
        if self.is_torn {
            let problem = "what was left of the response's body was not read, but discarded";
            return Poll::Ready(Err(Error::http(HttpError::ResponseIncomplete, problem)));
        }
        self.fill(ended, context);
        match self.ahead.pop_front() {
            Some(piece) => Poll::Ready(self.count(&piece).map(|()| Piece::Data(piece))),
            None => self.finish(ended).map(|it| {
                self.is_read = it.is_ok();
                it.map(|()| Piece::End)
            }),
        }
    }

    /// Takes what nobody is to see, so that the guest can go on.
    pub(super) fn hide(&mut self, ended: Ended<'_>, context: &mut Context<'_>) {
        if self.is_hidden {
            self.discard(ended, context);
        }
    }

    /// The guest has ended: takes what it has written, since its instance may go on for others.
    pub(super) fn close(&mut self, ended: Ended<'_>) {
        let context = &mut Context::from_waker(Waker::noop());
        let mut all = std::mem::take(&mut self.ahead);
        while self.fill(ended, context) {
            all.append(&mut self.ahead);
        }
        (self.ahead, self.body) = (all, None);
    }

    /// Lets the guest go on to its end, whatever it writes.
    pub(super) fn discard(&mut self, ended: Ended<'_>, context: &mut Context<'_>) {
        while self.fill(ended, context) {
            self.discarded += self.ahead.drain(..).map(|piece| piece.len()).sum::<usize>();
            self.is_torn = true;
            if self.discarded > MOST_DISCARDED {
                (self.body, self.said) = (None, Some(false));
            }
        }
    }

    /// What follows the body, once that has ended.
    pub(super) fn trailers(&self) -> Option<&Fields> {
        self.trailers.as_ref().filter(|_| self.is_read)
    }

    /// Whether there is a piece.
    fn fill(&mut self, ended: Ended<'_>, context: &mut Context<'_>) -> bool {
        while self.ahead.is_empty()
            && let Some(body) = &mut self.body
        {
            match body.poll(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.ahead.extend(Some(data).filter(|data| !data.is_empty())),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                Poll::Ready(Some(Err(_))) => {
                    (self.body, self.said) = (None, Some(false));
                }
                // Also if the guest is gone, which is nothing that it has said.
                Poll::Ready(None) => {
                    (self.body, self.said) = (None, Some(!matches!(ended, Some(Err(_)))));
                }
            }
        }
        !self.ahead.is_empty()
    }

    fn count(&mut self, piece: &Bytes) -> Result<()> {
        self.given = self.given.saturating_add(piece.len() as u64);
        match self.declared {
            Some(declared) if self.given > declared => Err(self.wrong_length(declared)),
            _ => Ok(()),
        }
    }

    /// The end, where there is no piece. A body that the guest was alive to finish is complete; so
    /// is one that was open when it returned.
    fn finish(&mut self, ended: Ended<'_>) -> Poll<Result<()>> {
        let complete = match (self.said, ended) {
            (Some(true), _) | (None, Some(Ok(()))) => Ok(()),
            (_, Some(Err(error))) => Err(error.clone()),
            (Some(false), _) => {
                let problem = "the guest gave up the response's body";
                Err(Error::http(HttpError::ResponseIncomplete, problem))
            }
            (None, None) => return Poll::Pending,
        };
        Poll::Ready(complete.and_then(|()| match self.declared {
            Some(declared) if self.given != declared => Err(self.wrong_length(declared)),
            _ => Ok(()),
        }))
    }

    fn wrong_length(&self, declared: u64) -> Error {
        let problem = format_args!(
            "the guest wrote {} bytes or more of the {declared} that it announced",
            self.given
        );
        Error::http(HttpError::ResponseBodySize, problem)
    }
}
