//! How much guests may add to a granted directory.
//!
//! Counted is what guests do through one grant of one component: by how many bytes the lengths of
//! files grow, and how many names are made. What they remove or shorten counts back, down to zero:
//! so the directory never holds more than it did when the component was loaded, and the limit. What
//! is removed while a guest has it open still takes its room, until that is closed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_primitives::fs::{FollowSymlinks, Metadata, stat};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use crate::engine::share::{Denial, Tally};
use crate::error::{Code, Error};

/// What guests may add to a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes, by the lengths of files and symbolic links.
    pub bytes: u64,
    /// Names of files, directories and links.
    pub entries: u64,
}

/// What was added to one granted directory, by all instances of a component.
pub(crate) struct Quota {
    directory: String,
    max: Allowance,
    used: Mutex<Used>,
    denied: Arc<Tally>,
}

#[derive(Default)]
struct Used {
    bytes: u64,
    entries: u64,
    open: HashMap<Identity, Open>,
}

/// Which file it is, by whatever name.
type Identity = (u64, u64);

/// A file that guests have open.
#[derive(Default)]
struct Open {
    times: usize,
    /// It has no name any more; closing it gives its bytes back.
    removed: bool,
}

/// A quota, as one instance meets it.
#[derive(Clone)]
pub(super) struct Meter {
    quota: Arc<Quota>,
    denial: Arc<Denial>,
}

/// A quota while something is done that counts; others wait.
pub(super) struct Books<'a> {
    meter: &'a Meter,
    used: MutexGuard<'a, Used>,
}

/// A file that counts as open, until this is dropped.
pub(super) struct Opened {
    quota: Arc<Quota>,
    identity: Identity,
    file: Arc<File>,
}

/// Something that has a name.
pub(super) struct Found(Metadata);

/// There would be more than the quota allows.
pub(super) struct Full;

impl Quota {
    pub(super) fn new(directory: &str, max: Allowance, denied: Arc<Tally>) -> Self {
        Self { directory: directory.to_owned(), max, used: Mutex::default(), denied }
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter {
    pub(super) fn new(quota: &Arc<Quota>, denial: &Arc<Denial>) -> Self {
        Self { quota: quota.clone(), denial: denial.clone() }
    }

    pub(super) fn books(&self) -> Books<'_> {
        Books { meter: self, used: self.quota.lock() }
    }

    /// Has `change` change the length of `file`, to at most what `wanted` says of its length now.
    pub(super) fn resize<T, E: From<Full> + From<io::Error>>(
        meter: Option<&Self>,
        file: &File,
        wanted: impl FnOnce(u64) -> u64,
        change: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(meter) = meter else { return change() };
        let mut books = meter.books();
        let before = file.metadata()?.len();
        books.allow(wanted(before).saturating_sub(before), 0)?;
        let outcome = change();
        let after = file.metadata()?.len();
        books.add(after.saturating_sub(before), 0);
        books.subtract(before.saturating_sub(after), 0);
        outcome
    }

    /// Has `make` make a name, and `bytes` with it.
    pub(super) fn entry<T, E: From<Full>>(
        meter: Option<&Self>,
        bytes: u64,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(meter) = meter else { return make() };
        let mut books = meter.books();
        books.allow(bytes, 1)?;
        let made = make()?;
        books.add(bytes, 1);
        Ok(made)
    }
}

impl Books<'_> {
    /// Refuses what would be more than is allowed.
    pub(super) fn allow(&self, bytes: u64, entries: u64) -> Result<(), Full> {
        let Quota { directory, max, denied, .. } = &*self.meter.quota;
        let fits = |used: u64, more: u64, max: u64| more == 0 || used.saturating_add(more) <= max;
        let problem = if !fits(self.used.bytes, bytes, max.bytes) {
            let (used, max) = (self.used.bytes, max.bytes);
            format!("guests added {used} bytes and wanted {bytes} more; `max_bytes` is {max}")
        } else if !fits(self.used.entries, entries, max.entries) {
            let (used, max) = (self.used.entries, max.entries);
            format!("guests added {used} names and wanted {entries} more; `max_entries` is {max}")
        } else {
            return Ok(());
        };
        denied.count();
        self.meter.denial.remember(Error::new(Code::DiskQuota, format!("{directory}: {problem}")));
        Err(Full)
    }

    pub(super) fn add(&mut self, bytes: u64, entries: u64) {
        self.used.bytes = self.used.bytes.saturating_add(bytes);
        self.used.entries = self.used.entries.saturating_add(entries);
    }

    pub(super) fn subtract(&mut self, bytes: u64, entries: u64) {
        self.used.bytes = self.used.bytes.saturating_sub(bytes);
        self.used.entries = self.used.entries.saturating_sub(entries);
    }

    /// A name of `found` was removed.
    pub(super) fn removed(&mut self, found: &Found) {
        self.subtract(0, 1);
        if found.0.is_dir() || found.links() > 1 {
            return;
        }
        match self.used.open.get_mut(&found.identity()) {
            Some(open) => open.removed = true,
            None => self.subtract(found.0.len(), 0),
        }
    }

    /// `file` was opened.
    pub(super) fn opened(&mut self, file: &Arc<File>) -> io::Result<Opened> {
        let identity = Found(Metadata::from_file(file)?).identity();
        self.used.open.entry(identity).or_default().times += 1;
        Ok(Opened { quota: self.meter.quota.clone(), identity, file: file.clone() })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut used = self.quota.lock();
        let Some(open) = used.open.get_mut(&self.identity) else { return };
        open.times -= 1;
        if open.times == 0 {
            if open.removed {
                let bytes = self.file.metadata().map_or(0, |it| it.len());
                used.bytes = used.bytes.saturating_sub(bytes);
            }
            used.open.remove(&self.identity);
        }
    }
}

impl Found {
    /// What stands at `path` itself, if anything does.
    pub(super) fn at(directory: &File, path: &str) -> Option<Self> {
        stat(directory, Path::new(path), FollowSymlinks::No).ok().map(Self)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    #[cfg(unix)]
    fn identity(&self) -> Identity {
        use cap_primitives::fs::MetadataExt;
        (self.0.dev(), self.0.ino())
    }

    #[cfg(unix)]
    fn links(&self) -> u64 {
        use cap_primitives::fs::MetadataExt;
        self.0.nlink()
    }

    /// Elsewhere files cannot be told apart, and what is removed is not given back.
    #[cfg(not(unix))]
    fn identity(&self) -> Identity {
        (0, 0)
    }

    #[cfg(not(unix))]
    fn links(&self) -> u64 {
        u64::MAX
    }
}

impl From<Full> for io::Error {
    fn from(_: Full) -> Self {
        io::ErrorKind::QuotaExceeded.into()
    }
}

impl From<Full> for FsError {
    fn from(_: Full) -> Self {
        ErrorCode::Quota.into()
    }
}

/// What the guest is told of `error`.
pub(super) fn code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        // Ours, or the file system's own.
        io::ErrorKind::QuotaExceeded => ErrorCode::Quota,
        _ => ErrorCode::from(error),
    }
}
