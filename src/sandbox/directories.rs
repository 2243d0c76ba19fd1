//! Directories of the host, each with its rights.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::{FsPerms, WasiCtx};

use super::Allowance;
use crate::error::{Code, Error, Result};

/// What a guest may do in a directory and in all that is below it. Sizes and times may be looked at
/// with any right, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Read files and symbolic links.
    pub read: bool,
    /// Create, change, rename and remove.
    pub write: bool,
    /// Learn which names there are.
    pub list: bool,
}

impl Rights {
    /// Look, but do not touch.
    pub const READ_ONLY: Self = Self { read: true, write: false, list: true };
    /// Everything.
    pub const ALL: Self = Self { read: true, write: true, list: true };
}

#[derive(Clone)]
pub(super) struct Directory {
    pub host: PathBuf,
    pub guest: String,
    pub rights: Rights,
    pub limit: Option<Allowance>,
}

impl Directory {
    pub(super) fn new(host: &Path, guest: String, rights: Rights) -> Result<Self> {
        if rights == Rights::default() {
            return Err(Error::invalid("rights", "are none"));
        }
        if host.as_os_str().is_empty() {
            return Err(Error::invalid("host_path", "is empty"));
        }
        let io = |error| Error::io(host, &error);
        let host = std::path::absolute(host).map_err(io)?;
        let metadata = fs::metadata(&host).map_err(io)?;
        if !metadata.is_dir() {
            return Err(Error::new(Code::Io, format_args!("{}: not a directory", host.display())));
        }
        fs::read_dir(&host).map_err(io)?;
        Ok(Self { host, guest, rights, limit: None })
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}: {:?}", self.host.display(), self.guest, self.rights)
    }
}

/// Opens `directories`, once for all instances of a component: what is renamed later is still
/// what was granted.
///
/// # Errors
/// `IO` naming the path.
pub(super) fn open(directories: &[Directory]) -> Result<WasiFilesystemCtx> {
    let mut builder = WasiCtx::builder();
    // Where they are used, on threads that may wait.
    builder.allow_blocking_current_thread(true);
    for Directory { host, guest, rights, .. } in directories {
        let permissions = match rights.write {
            true => FsPerms::ReadWrite,
            false => FsPerms::ReadOnly,
        };
        builder.preopened_dir(host, guest, permissions).map_err(|error| {
            Error::new(Code::Io, format_args!("{}: {}", host.display(), error.root_cause()))
        })?;
    }
    Ok(builder.build().filesystem().clone())
}
