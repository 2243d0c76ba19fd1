//! Files without a name that nobody can change any more: Linux has them.

use std::io::{self, Write};
use std::path::PathBuf;

/// A file in memory that only this process knows.
#[cfg(target_os = "linux")]
pub(super) struct Sealed(std::fs::File);

#[cfg(target_os = "linux")]
impl Sealed {
    /// `None` if the system does not give one.
    pub(super) fn new() -> Option<Self> {
        use rustix::fs::{MemfdFlags, memfd_create};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        memfd_create("wasmcell", flags).ok().map(|file| Self(file.into()))
    }

    /// From now on it stays as it is; and where it can be opened, as long as this value lives.
    /// `None` if it could be another file that is found there.
    pub(super) fn seal(&self) -> Option<PathBuf> {
        use std::os::fd::AsRawFd;
        use std::os::unix::fs::MetadataExt;

        use rustix::fs::{SealFlags, fcntl_add_seals};
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&self.0, seals).ok()?;
        // A thread may have descriptors of its own, and whatever is mounted there need not be the
        // kernel's.
        let path = PathBuf::from(format!("/proc/thread-self/fd/{}", self.0.as_raw_fd()));
        let identity = |it: std::fs::Metadata| (it.dev(), it.ino());
        let (found, own) = (std::fs::metadata(&path).ok()?, self.0.metadata().ok()?);
        (identity(found) == identity(own)).then_some(path)
    }
}

#[cfg(target_os = "linux")]
impl Write for Sealed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Never made.
#[cfg(not(target_os = "linux"))]
pub(super) struct Sealed(std::convert::Infallible);

#[cfg(not(target_os = "linux"))]
impl Sealed {
    pub(super) fn new() -> Option<Self> {
        None
    }

    pub(super) fn seal(&self) -> Option<PathBuf> {
        match self.0 {}
    }
}

#[cfg(not(target_os = "linux"))]
impl Write for Sealed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_to_a_sealed_file() {
        let mut file = Sealed::new().unwrap();
        file.write_all(b"as it is").unwrap();
        let path = file.seal().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"as it is");
        assert!(file.write_all(b"?").is_err());
        assert!(file.0.set_len(3).is_err());
        let again = std::fs::File::options().append(true).open(&path);
        assert!(again.and_then(|mut it| it.write_all(b"?")).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"as it is");
    }
}
