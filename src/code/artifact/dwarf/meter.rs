//! What reading debug information takes, in units of about a nanosecond.

use gimli::{EndianSlice, LittleEndian};

pub(super) type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// It takes too much to read, or cannot be read.
#[derive(Debug)]
pub(super) struct TooMuch;

impl From<gimli::Error> for TooMuch {
    fn from(_: gimli::Error) -> Self {
        Self
    }
}

/// A range of addresses, which is sorted among others.
pub(super) const RANGE: u64 = 60;
/// Bytes of a name: of a function, a file, a directory.
const NAME: u64 = 16 << 10;

/// Adds up what a part takes, while adding it up may still take something itself.
pub(super) struct Meter {
    left: u64,
    part: u64,
}

impl Meter {
    /// One that may go over `left` itself.
    pub(super) fn new(left: u64) -> Self {
        Self { left, part: 0 }
    }

    /// Begins another part, and answers what the last one took.
    pub(super) fn next(&mut self) -> u64 {
        std::mem::take(&mut self.part)
    }

    /// What a reader goes over just as it is gone over here.
    pub(super) fn take(&mut self, units: u64) -> Result<(), TooMuch> {
        self.left = self.left.checked_sub(units).ok_or(TooMuch)?;
        self.add(units);
        Ok(())
    }

    /// What a reader goes over again, where this knows already what that takes.
    pub(super) fn add(&mut self, units: u64) {
        self.part = self.part.saturating_add(units);
    }

    /// A path that is put together for each unit.
    pub(super) fn path(&mut self, name: Bytes<'_>) -> Result<(), TooMuch> {
        let bytes = name.len() as u64;
        if bytes > NAME { Err(TooMuch) } else { self.take(50 + bytes) }
    }

    /// A name that is read where it is wanted, if at all.
    pub(super) fn name(&mut self, name: Bytes<'_>) -> Result<(), TooMuch> {
        let bytes = name.len() as u64;
        if bytes > NAME { Err(TooMuch) } else { self.take(bytes / 2) }
    }
}
