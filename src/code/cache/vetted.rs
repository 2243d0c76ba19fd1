//! What the disk has, as those read it who make code of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::error::{Error, Result};

use super::memory::Key;

/// A file of the cache that this user alone can have written.
///
/// Made in one place, `Disk::read`, and the reason why its contents may become code. It reads
/// as what was given to `Disk::write`.
pub(crate) struct Vetted {
    pub(super) file: BufReader<File>,
    pub(super) path: PathBuf,
    pub(super) len: usize,
}

impl Vetted {
    /// Bytes from the beginning to the end.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Goes back to the beginning.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        let begin = SeekFrom::Start(size_of::<Key>() as u64);
        self.file.seek(begin).map(drop).map_err(|error| Error::io(&self.path, &error))
    }
}

impl Read for Vetted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes)
    }
}

impl BufRead for Vetted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, len: usize) {
        self.file.consume(len);
    }
}
