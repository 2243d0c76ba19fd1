//! A body that goes out.

use crate::Outcome;
use crate::errors::Failed;
use crate::wasi::http::types::{Fields, OutgoingBody};
use crate::wasi::io::poll::Pollable;
use crate::wasi::io::streams::OutputStream;

/// Dropped, it leaves its body unfinished.
pub struct Writer {
    // A child of the body, so it goes first.
    stream: OutputStream,
    body: OutgoingBody,
}

impl Writer {
    pub fn new(body: OutgoingBody) -> Self {
        Self { stream: body.write().expect("the stream is taken once"), body }
    }

    /// Writes everything, and waits for room as often as it must.
    pub fn write(&self, mut bytes: &[u8]) -> Outcome {
        while !bytes.is_empty() {
            match self.write_now(bytes)? {
                0 => self.ready().block(),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    /// Writes as much as there is room for, maybe nothing, and tells how much that was.
    pub fn write_now(&self, bytes: &[u8]) -> Result<usize, Failed> {
        let room = usize::try_from(self.stream.check_write()?).unwrap_or(usize::MAX);
        let count = room.min(bytes.len());
        if count > 0 {
            self.stream.write(&bytes[..count])?;
        }
        Ok(count)
    }

    pub fn has_room(&self) -> Result<bool, Failed> {
        Ok(self.stream.check_write()? > 0)
    }

    /// Writes without asking for room, which a host answers by a trap.
    pub fn write_unchecked(&self, bytes: &[u8]) -> Outcome {
        Ok(self.stream.write(bytes)?)
    }

    /// Waits until the host has everything.
    pub fn flush(&self) -> Outcome {
        self.flush_soon()?;
        self.ready().block();
        Ok(())
    }

    /// Asks for a flush; there is no room until it is done.
    pub fn flush_soon(&self) -> Outcome {
        Ok(self.stream.flush()?)
    }

    /// Ready when there is room.
    pub fn ready(&self) -> Pollable {
        self.stream.subscribe()
    }

    pub fn finish(self, trailers: Option<Fields>) -> Outcome {
        // A stream that closed has nothing to flush, and the body ends as well as it can.
        let _ = self.flush();
        let Self { stream, body } = self;
        drop(stream);
        Ok(OutgoingBody::finish(body, trailers)?)
    }
}
