//! Stands in for `disk.rs` where this library cannot tell who may write to a file.

use std::convert::Infallible;
use std::io::{self, BufRead, Read};
use std::path::Path;

use crate::error::{Code, Error, Result};

use super::memory::Key;

/// Never made.
#[derive(Debug)]
pub(super) struct Disk(Infallible);

/// Never made.
pub(crate) struct Vetted(Infallible);

impl Vetted {
    pub(crate) fn len(&self) -> usize {
        match self.0 {}
    }

    pub(crate) fn rewind(&mut self) -> Result<()> {
        match self.0 {}
    }
}

impl Read for Vetted {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl BufRead for Vetted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.0 {}
    }

    fn consume(&mut self, _: usize) {
        match self.0 {}
    }
}

impl Disk {
    pub(super) fn open(_: &Path) -> Result<Self> {
        let problem = "`cache_directory`: compiled code is kept on Unix systems only";
        Err(Error::new(Code::Unsupported, problem))
    }

    pub(super) fn read(&self, _: &Key) -> Result<Option<Vetted>> {
        match self.0 {}
    }

    pub(super) fn write(&self, _: &Key, _: &[u8]) -> Result<()> {
        match self.0 {}
    }
}
