//! Files without a name that nobody can change any more: Linux has them.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// A file in memory that only this process knows.
#[cfg(target_os = "linux")]
pub(super) struct Sealed(File);

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
        rustix::fs::fcntl_add_seals(&self.0, seals()).ok()?;
        path(&self.0)
    }

    /// The file, which stays as it is from now on.
    pub(super) fn finish(self) -> Option<File> {
        rustix::fs::fcntl_add_seals(&self.0, seals()).ok()?;
        Some(self.0)
    }
}

#[cfg(target_os = "linux")]
fn seals() -> rustix::fs::SealFlags {
    use rustix::fs::SealFlags;
    SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL
}

/// Whether nobody can change `file` any more.
#[cfg(target_os = "linux")]
pub(super) fn is_sealed(file: &File) -> bool {
    rustix::fs::fcntl_get_seals(file).is_ok_and(|it| it.contains(seals()))
}

/// Where `file` can be opened for as long as it is open; `None` if it could be another file that is
/// found there.
#[cfg(target_os = "linux")]
pub(super) fn path(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;

    // A thread may have descriptors of its own, and whatever is mounted there need not be the
    // kernel's.
    let path = PathBuf::from(format!("/proc/thread-self/fd/{}", file.as_raw_fd()));
    let identity = |it: std::fs::Metadata| (it.dev(), it.ino());
    let (found, own) = (std::fs::metadata(&path).ok()?, file.metadata().ok()?);
    (identity(found) == identity(own)).then_some(path)
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

    pub(super) fn finish(self) -> Option<File> {
        match self.0 {}
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn is_sealed(_: &File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn path(_: &File) -> Option<PathBuf> {
    None
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
