//! A body that comes in.

use crate::errors::Failed;
use crate::wasi::http::types::{Fields, IncomingBody};
use crate::wasi::io::poll::Pollable;
use crate::wasi::io::streams::{InputStream, StreamError};

const PIECE: u64 = 16 * 1024;

pub struct Reader {
    // A child of the body, so it goes first.
    stream: InputStream,
    body: IncomingBody,
}

impl Reader {
    pub fn new(body: IncomingBody) -> Self {
        Self { stream: body.stream().expect("the stream is taken once"), body }
    }

    /// Waits for the next piece; none at the end.
    pub fn next(&self) -> Result<Option<Vec<u8>>, Failed> {
        piece(self.stream.blocking_read(PIECE))
    }

    /// The same without waiting: a piece is empty if nothing has come.
    pub fn next_now(&self) -> Result<Option<Vec<u8>>, Failed> {
        piece(self.stream.read(PIECE))
    }

    /// Ready when a piece or the end has come.
    pub fn ready(&self) -> Pollable {
        self.stream.subscribe()
    }

    /// Waits for what follows the body.
    pub fn trailers(self) -> Result<Option<Fields>, Failed> {
        let Self { stream, body } = self;
        drop(stream);
        let future = IncomingBody::finish(body);
        loop {
            match future.get() {
                None => future.subscribe().block(),
                // The trailers are a child of the future and cannot be changed: a copy is neither.
                Some(outcome) => {
                    let trailers = outcome.expect("the trailers are taken once")?;
                    return Ok(trailers.map(|trailers| trailers.clone()));
                }
            }
        }
    }
}

fn piece(read: Result<Vec<u8>, StreamError>) -> Result<Option<Vec<u8>>, Failed> {
    match read {
        Ok(piece) => Ok(Some(piece)),
        Err(StreamError::Closed) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
