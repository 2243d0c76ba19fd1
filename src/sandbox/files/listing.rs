//! The entries of a directory, read as a guest asks for them.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry};

use super::told;
use crate::engine::portion::Portion;
use crate::engine::share::Held;

/// Entries that are read at a time; a name has at most 255 bytes.
const BATCH: usize = 64;

/// A directory that is being listed.
pub(super) struct Listing {
    reader: Arc<Mutex<Reader>>,
    read: VecDeque<io::Result<DirectoryEntry>>,
    end: bool,
    portion: Arc<Portion>,
}

/// Its own descriptor, which an operation that goes on alone keeps open.
struct Reader {
    entries: entries::Entries,
    _held: Held,
}

impl Listing {
    /// Lists `directory` from its start, also while others list it.
    pub(super) async fn open(
        directory: Arc<File>,
        held: Held,
        portion: &Arc<Portion>,
    ) -> FsResult<Self> {
        let open = move || {
            let entries = entries::Entries::of(&directory)?;
            Ok(Reader { entries, _held: held })
        };
        let reader = Arc::new(Mutex::new(portion.file(open).await.map_err(told)?));
        Ok(Self { reader, read: VecDeque::new(), end: false, portion: portion.clone() })
    }

    pub(super) async fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        if self.read.is_empty() && !self.end {
            let reader = self.reader.clone();
            let read = move || {
                let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(reader.entries.by_ref().take(BATCH).collect())
            };
            self.read = self.portion.file(read).await.map_err(told)?;
            self.end = self.read.len() < BATCH;
        }
        self.read.pop_front().transpose().map_err(told)
    }
}

#[cfg(unix)]
mod entries {
    use std::ffi::CStr;

    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

    use super::{DescriptorType, DirectoryEntry, File, io};

    pub(super) struct Entries(Dir);

    impl Entries {
        pub(super) fn of(directory: &File) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(Self(Dir::new(openat(directory, c".", flags, Mode::empty())?)?))
        }

        fn kind(&self, name: &CStr, told: FileType) -> io::Result<DescriptorType> {
            let kind = match told {
                // Some file systems do not tell by the way.
                FileType::Unknown => {
                    let stat = statat(self.0.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(stat.st_mode)
                }
                known => known,
            };
            Ok(match kind {
                FileType::RegularFile => DescriptorType::RegularFile,
                FileType::Directory => DescriptorType::Directory,
                FileType::Symlink => DescriptorType::SymbolicLink,
                FileType::BlockDevice => DescriptorType::BlockDevice,
                FileType::CharacterDevice => DescriptorType::CharacterDevice,
                _ => DescriptorType::Unknown,
            })
        }
    }

    impl Iterator for Entries {
        type Item = io::Result<DirectoryEntry>;

        fn next(&mut self) -> Option<Self::Item> {
            loop {
                let entry = match self.0.read()? {
                    Ok(entry) => entry,
                    Err(error) => return Some(Err(error.into())),
                };
                let name = entry.file_name();
                if name == c"." || name == c".." {
                    continue;
                }
                let Ok(text) = name.to_str() else {
                    return Some(Err(rustix::io::Errno::ILSEQ.into()));
                };
                let kind = self.kind(name, entry.file_type());
                return Some(kind.map(|type_| DirectoryEntry { type_, name: text.to_owned() }));
            }
        }
    }
}

#[cfg(not(unix))]
mod entries {
    use cap_primitives::fs::{ReadDir, read_base_dir};

    use super::{DescriptorType, DirectoryEntry, File, io};

    pub(super) struct Entries(ReadDir);

    impl Entries {
        pub(super) fn of(directory: &File) -> io::Result<Self> {
            read_base_dir(directory).map(Self)
        }
    }

    impl Iterator for Entries {
        type Item = io::Result<DirectoryEntry>;

        fn next(&mut self) -> Option<Self::Item> {
            let entry = self.0.next()?.and_then(|entry| {
                let kind = entry.file_type()?;
                let name = entry.file_name().into_string();
                let name = name.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                let type_ = if kind.is_dir() {
                    DescriptorType::Directory
                } else if kind.is_symlink() {
                    DescriptorType::SymbolicLink
                } else {
                    DescriptorType::RegularFile
                };
                Ok(DirectoryEntry { type_, name })
            });
            Some(entry)
        }
    }
}
