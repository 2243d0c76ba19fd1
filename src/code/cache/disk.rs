//! The disk half: one file for each component, believed only if nobody else can have written it.
//!
//! A file is its key, then what `Artifact::serialize` gave, which carries its own checksum. Files
//! appear by renaming, so that no reader ever sees half of one. The library removes none but its
//! own abandoned temporary files; the host may delete any of them at any time, and whatever happens
//! to a file after it was read does not change code that was loaded.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::{Code, Error, Result};
use crate::system::signals::Quiet;

use super::memory::Key;
use super::vetted::Vetted;

const SETTING: &str = "cache_directory";
/// What a temporary file is called, before and after a random part.
const TEMPORARY: (&str, &str) = (".wasmcell-", ".tmp");
/// No write takes longer: what is older was left behind by a process that died.
const ABANDONED: Duration = Duration::from_secs(3600);
/// Bytes that are read at a time: few enough to stay in the processor's cache.
const PIECE: usize = 64 << 10;
/// Permission bits that let other users write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A directory that only this user can write to.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    /// Device and inode: a directory put in its place later is not believed.
    identity: (u64, u64),
    /// The user this process works as.
    user: u32,
}

impl Disk {
    /// Opens `path`, creates it if it is not there, and clears away what dead processes left.
    pub(super) fn open(path: &Path) -> Result<Self> {
        // `components` drops a final slash, which would make the checks follow a symbolic link.
        let path: PathBuf = path.components().collect();
        if path.as_os_str().is_empty() {
            return Err(Error::invalid(SETTING, "is empty"));
        }
        let unusable =
            |error: io::Error| Error::io(&path, &error).context(format_args!("`{SETTING}`"));
        let path = std::path::absolute(&path).map_err(unusable)?;
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = fs::DirBuilder::new();
                builder.recursive(true).mode(0o700).create(&path).map_err(unusable)?;
                fs::symlink_metadata(&path)
            }
            found => found,
        }
        .map_err(unusable)?;
        let refuse = |why: &str| Error::invalid(SETTING, format!("{}: {why}", path.display()));
        vet_directory(&found, found.uid()).map_err(|problem| refuse(&problem))?;
        let user = match current_user(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(refuse("this process may not write to it"));
            }
            user => user.map_err(unusable)?,
        };
        vet_directory(&found, user).map_err(|problem| refuse(&problem))?;
        remove_abandoned(&path, user);
        Ok(Self { path, identity: (found.dev(), found.ino()), user })
    }

    /// The file of `key`, or `None` if there is none.
    ///
    /// # Errors
    /// There is one, but it cannot be read or believed.
    pub(super) fn read(&self, key: &Key) -> Result<Option<Vetted>> {
        let path = self.file(key);
        let refuse = |why: &str| Error::new(Code::Io, format_args!("{}: {why}", path.display()));
        self.vet()?;
        let file = File::options()
            .read(true)
            // No link is followed, and no reader of a planted pipe waits for its writer.
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path);
        let file = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| Error::io(&path, &error))?,
        };
        let metadata = file.metadata().map_err(|error| Error::io(&path, &error))?;
        vet_file(&metadata, self.user).map_err(|problem| refuse(&problem))?;
        let mut file = BufReader::with_capacity(PIECE, file);
        let mut found = Key::default();
        let whole = file.read_exact(&mut found).is_ok() && found == *key;
        let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        match len.checked_sub(size_of::<Key>()) {
            Some(len) if whole => Ok(Some(Vetted { file, path, len })),
            _ => Err(refuse("damaged")),
        }
    }

    /// Stores `artifact` as the file of `key`, replacing what is there.
    pub(super) fn write(&self, key: &Key, artifact: &[u8]) -> Result<()> {
        self.vet()?;
        self.try_write(key, artifact).map_err(|error| Error::io(&self.path, &error))
    }

    fn try_write(&self, key: &Key, artifact: &[u8]) -> io::Result<()> {
        let _quiet = Quiet::here();
        let mut file = temporary(&self.path)?;
        file.write_all(key)?;
        file.write_all(artifact)?;
        file.as_file().sync_all()?;
        file.persist(self.file(key))?;
        // The rename itself; where directories cannot be synced, the next run compiles again.
        let _ = File::open(&self.path).and_then(|directory| directory.sync_all());
        Ok(())
    }

    /// Looks again: the directory may have been replaced or opened up since.
    fn vet(&self) -> Result<()> {
        let refuse =
            |why: &str| Error::new(Code::Io, format_args!("{}: {why}", self.path.display()));
        let found = fs::symlink_metadata(&self.path).map_err(|e| Error::io(&self.path, &e))?;
        vet_directory(&found, self.user).map_err(|problem| refuse(&problem))?;
        if (found.dev(), found.ino()) == self.identity {
            Ok(())
        } else {
            Err(refuse("replaced since the runtime was built"))
        }
    }

    fn file(&self, key: &Key) -> PathBuf {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.path.join(hex)
    }
}

fn vet_directory(found: &Metadata, user: u32) -> Result<(), String> {
    if found.is_symlink() {
        return Err("a symbolic link; give the directory itself".to_owned());
    }
    if !found.is_dir() {
        return Err("not a directory".to_owned());
    }
    vet_writers(found, user)
}

fn vet_file(found: &Metadata, user: u32) -> Result<(), String> {
    if !found.is_file() {
        return Err("not a file".to_owned());
    }
    // A second name may be anybody's way to have this user's other files taken for the cache's.
    if found.nlink() != 1 {
        return Err("has several names".to_owned());
    }
    vet_writers(found, user)
}

/// Access control lists show up here too: their mask takes the place of the group's bits.
fn vet_writers(found: &Metadata, user: u32) -> Result<(), String> {
    if found.uid() != user {
        return Err(format!("belongs to user {}, not to this process's user {user}", found.uid()));
    }
    if found.mode() & WRITABLE_BY_OTHERS != 0 {
        let mode = found.mode() & 0o7777;
        return Err(format!("others may write to it (mode {mode:04o}; use 0700)"));
    }
    Ok(())
}

fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(directory)
}

/// The user that files of this process belong to, seen on a file made in `directory`. Asking the
/// file system instead of the kernel also gives the right answer where the two map users.
fn current_user(directory: &Path) -> io::Result<u32> {
    let file = temporary(directory)?;
    Ok(file.as_file().metadata()?.uid())
}

/// Removes temporary files that no living process can still be writing.
fn remove_abandoned(directory: &Path, user: u32) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)) {
            continue;
        }
        let abandoned = entry.metadata().is_ok_and(|found| {
            let age = found.modified().map(|time| SystemTime::now().duration_since(time));
            found.is_file() && found.uid() == user && matches!(age, Ok(Ok(age)) if age > ABANDONED)
        });
        if abandoned {
            // Another process may do the same: gone is gone.
            let _ = fs::remove_file(entry.path());
        }
    }
}
