//! How much guests may add to a granted directory.
//!
//! Counted is what the guests of one component do through its grants of a directory: by how many
//! bytes the lengths of files grow, and how many names are made. What they remove or shorten counts
//! back, down to zero: so the directory never holds more than it did when the component was loaded,
//! and the limit. What is removed while a guest has it open still takes its room, until that is
//! closed.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_primitives::fs::{FollowSymlinks, Metadata, stat};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use crate::engine::share::Denial;
use crate::error::{Code, Error};
use crate::observer::Observer;
use crate::stats::Limited;

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
    /// Whose turn it is to do something that counts, for as long as the disk takes.
    turn: Mutex<()>,
    /// Locked for moments only: closing a file does not wait for the disk.
    used: Mutex<Used>,
    observer: Arc<Observer>,
}

/// All that count what is done through one grant: those of the directory, and of what it lies in.
/// In one order for all grants of a component, so that nobody waits in a circle.
pub(super) type Quotas = Arc<[Arc<Quota>]>;

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
    /// It has no name any more; closing it gives so many bytes back.
    removed: Option<u64>,
}

/// The quotas of a grant, as one instance meets them.
#[derive(Clone)]
pub(super) struct Meter {
    quotas: Quotas,
    denial: Arc<Denial>,
}

/// Quotas while something is done that counts; others wait.
pub(super) struct Books<'a> {
    meter: &'a Meter,
    _turns: Vec<MutexGuard<'a, ()>>,
}

/// A file that counts as open, until this is dropped.
pub(super) struct Opened {
    quotas: Quotas,
    identity: Identity,
}

/// Something that has a name.
pub(super) struct Found(Metadata);

/// There would be more than the quota allows.
pub(super) struct Full;

impl Quota {
    pub(super) fn new(directory: &str, max: Allowance, observer: Arc<Observer>) -> Self {
        let (turn, used) = (Mutex::default(), Mutex::default());
        Self { directory: directory.to_owned(), max, turn, used, observer }
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it does not allow as much more, if so.
    fn refusal(&self, bytes: u64, entries: u64) -> Option<String> {
        let (used, max) = (self.used(), self.max);
        let fits = |used: u64, more: u64, max: u64| more == 0 || used.saturating_add(more) <= max;
        let (used, more, what, setting, max) = if !fits(used.bytes, bytes, max.bytes) {
            (used.bytes, bytes, "bytes", "max_bytes", max.bytes)
        } else if !fits(used.entries, entries, max.entries) {
            (used.entries, entries, "names", "max_entries", max.entries)
        } else {
            return None;
        };
        let wanted = format!("guests added {used} {what} and wanted {more} more");
        Some(format!("{}: {wanted}; `{setting}` is {max}", self.directory))
    }
}

impl Used {
    fn subtract(&mut self, bytes: u64, entries: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.entries = self.entries.saturating_sub(entries);
    }
}

impl Meter {
    pub(super) fn new(quotas: &Quotas, denial: &Arc<Denial>) -> Self {
        Self { quotas: quotas.clone(), denial: denial.clone() }
    }

    pub(super) fn books(&self) -> Books<'_> {
        let turns = self.quotas.iter().map(|it| it.turn());
        Books { meter: self, _turns: turns.collect() }
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
        let found = Found(Metadata::from_file(file)?);
        let before = found.0.len();
        books.allow(wanted(before).saturating_sub(before), 0)?;
        let outcome = change();
        let after = file.metadata()?.len();
        books.add(after.saturating_sub(before), 0);
        books.subtract(before.saturating_sub(after), 0);
        books.resized(&found, after);
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
    fn quotas(&self) -> &[Arc<Quota>] {
        &self.meter.quotas
    }

    /// Refuses what would be more than is allowed.
    pub(super) fn allow(&self, bytes: u64, entries: u64) -> Result<(), Full> {
        for quota in self.quotas() {
            if let Some(problem) = quota.refusal(bytes, entries) {
                let why = Error::new(Code::DiskQuota, problem);
                quota.observer.denied(Limited::Disk, &why);
                self.meter.denial.remember(why);
                return Err(Full);
            }
        }
        Ok(())
    }

    pub(super) fn add(&mut self, bytes: u64, entries: u64) {
        for quota in self.quotas() {
            let mut used = quota.used();
            used.bytes = used.bytes.saturating_add(bytes);
            used.entries = used.entries.saturating_add(entries);
        }
    }

    pub(super) fn subtract(&mut self, bytes: u64, entries: u64) {
        self.quotas().iter().for_each(|quota| quota.used().subtract(bytes, entries));
    }

    /// A name of `found` was removed.
    pub(super) fn removed(&mut self, found: &Found) {
        self.subtract(0, 1);
        if found.0.is_dir() || found.links() > 1 {
            return;
        }
        for quota in self.quotas() {
            let mut used = quota.used();
            match used.open.get_mut(&found.identity()) {
                Some(open) => open.removed = Some(found.0.len()),
                None => used.subtract(found.0.len(), 0),
            }
        }
    }

    /// `found` has `len` bytes now.
    fn resized(&mut self, found: &Found, len: u64) {
        for quota in self.quotas() {
            let mut used = quota.used();
            if let Some(Open { removed: Some(bytes), .. }) = used.open.get_mut(&found.identity()) {
                *bytes = len;
            }
        }
    }

    /// `file` was opened.
    pub(super) fn opened(&mut self, file: &File) -> io::Result<Opened> {
        let identity = Found(Metadata::from_file(file)?).identity();
        for quota in self.quotas() {
            quota.used().open.entry(identity).or_default().times += 1;
        }
        Ok(Opened { quotas: self.meter.quotas.clone(), identity })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        for quota in self.quotas.iter() {
            let mut used = quota.used();
            let Some(open) = used.open.get_mut(&self.identity) else { continue };
            open.times -= 1;
            if open.times == 0 {
                let removed = open.removed.unwrap_or_default();
                used.open.remove(&self.identity);
                used.subtract(removed, 0);
            }
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
