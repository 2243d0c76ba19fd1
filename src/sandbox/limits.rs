//! Which quotas count what is done through which grant: that of the directory, under whatever names
//! it was granted, and those of all granted directories that it lies in.

use std::fs::canonicalize;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::directories::Directory;
use super::quota::{Allowance, Quota, Quotas};
use crate::error::{Error, Result};
use crate::observer::Observer;

/// The quotas for each of `directories`.
///
/// # Errors
/// `IO` naming a directory that is not there any more.
pub(super) fn quotas(directories: &[Directory], observer: &Arc<Observer>) -> Result<Vec<Quotas>> {
    if directories.iter().all(|it| it.limit.is_none()) {
        return Ok(Vec::new());
    }
    let places =
        directories.iter().map(|it| lineage(&it.host).map_err(|error| Error::io(&it.host, &error)));
    let places = places.collect::<Result<Vec<_>>>()?;
    let mut limits: Vec<(&Mark, &str, Allowance)> = Vec::new();
    for (it, place) in directories.iter().zip(&places) {
        let (Some(limit), Some(mark)) = (it.limit, place.first()) else { continue };
        match limits.iter_mut().find(|(known, ..)| *known == mark) {
            Some((.., known)) => *known = known.and(limit),
            None => limits.push((mark, &it.guest, limit)),
        }
    }
    let quotas: Vec<(&Mark, Arc<Quota>)> = limits
        .into_iter()
        .map(|(mark, guest, limit)| (mark, Arc::new(Quota::new(guest, limit, observer.clone()))))
        .collect();
    let counting = |place: &Vec<Mark>| {
        let counts = quotas.iter().filter(|(mark, _)| place.contains(mark));
        counts.map(|(_, quota)| quota.clone()).collect()
    };
    Ok(places.iter().map(counting).collect())
}

impl Allowance {
    /// What both allow.
    fn and(self, other: Self) -> Self {
        let (bytes, entries) = (self.bytes.min(other.bytes), self.entries.min(other.entries));
        Self { bytes, entries }
    }
}

/// What tells a directory from all others.
#[cfg(unix)]
type Mark = (u64, u64);
#[cfg(not(unix))]
type Mark = std::path::PathBuf;

/// A directory and all that it lies in.
fn lineage(path: &Path) -> io::Result<Vec<Mark>> {
    canonicalize(path)?.ancestors().map(mark).collect()
}

#[cfg(unix)]
fn mark(path: &Path) -> io::Result<Mark> {
    use std::os::unix::fs::MetadataExt;
    let found = path.metadata()?;
    Ok((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn mark(path: &Path) -> io::Result<Mark> {
    Ok(path.to_owned())
}
