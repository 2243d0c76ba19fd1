//! A body that goes out as it comes in, beside others.

use crate::Outcome;
use crate::errors::Failed;
use crate::reader::Reader;
use crate::wasi::io::poll::Pollable;
use crate::writer::Writer;

pub struct Pipe {
    from: Reader,
    pub to: Writer,
    /// Read and not yet written.
    held: Vec<u8>,
    /// Everything is read; the last of it may still be on its way out.
    read: bool,
}

pub enum Step {
    Moved,
    /// Nothing moves before `ready`.
    Waits,
    Ended,
}

impl Pipe {
    pub fn new(from: Reader, to: Writer) -> Self {
        Self { from, to, held: Vec::new(), read: false }
    }

    /// Does what needs no waiting.
    pub fn step(&mut self) -> Result<Step, Failed> {
        if self.held.is_empty() && !self.read {
            match self.from.next_now()? {
                None => self.read = true,
                Some(piece) if piece.is_empty() => return Ok(Step::Waits),
                Some(piece) => self.held = piece,
            }
        }
        if self.read {
            return Ok(if self.to.has_room()? { Step::Ended } else { Step::Waits });
        }
        let count = self.to.write_now(&self.held)?;
        self.held.drain(..count);
        if self.held.is_empty() {
            self.to.flush_soon()?;
        }
        Ok(if count > 0 { Step::Moved } else { Step::Waits })
    }

    pub fn ready(&self) -> Pollable {
        if self.held.is_empty() && !self.read { self.from.ready() } else { self.to.ready() }
    }

    /// Trailers go through as well.
    pub fn finish(self) -> Outcome {
        let trailers = self.from.trailers()?;
        self.to.finish(trailers)
    }
}
