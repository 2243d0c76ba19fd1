//! Opening what a guest names: a file or a directory, and nothing else.
//!
//! A FIFO that is opened waits for its other end, and opening a device may do anything. So what
//! stands at the path is looked at first; then it is opened without waiting, and looked at again:
//! another guest may have renamed something else to there meanwhile.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use cap_primitives::fs::{FollowSymlinks, OpenOptions, stat};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, Dir, OpenMode};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, OpenFlags, PathFlags,
};

use crate::sandbox::Rights;
use crate::sandbox::quota::{Meter, Opened};

/// How a guest wants to open something.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub path: PathFlags,
    pub open: OpenFlags,
    pub flags: DescriptorFlags,
}

impl Wish {
    /// To look after what `path` leads to.
    pub(super) fn plain(flags: DescriptorFlags) -> Self {
        Self { path: PathFlags::SYMLINK_FOLLOW, open: OpenFlags::empty(), flags }
    }

    pub(super) fn reads(self) -> bool {
        self.flags.contains(DescriptorFlags::READ) || !self.flags.contains(DescriptorFlags::WRITE)
    }

    pub(super) fn writes(self) -> bool {
        self.flags.contains(DescriptorFlags::WRITE)
            || self.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
    }

    /// As wasmtime checks it.
    pub(super) fn check(self, rights: Rights, perms: FsPerms) -> FsResult<()> {
        let synchronous = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        let makes = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if self.flags.intersects(synchronous) {
            Err(ErrorCode::Unsupported.into())
        } else if self.open.contains(OpenFlags::DIRECTORY) && self.open.intersects(makes) {
            Err(ErrorCode::Invalid.into())
        } else if self.writes() && perms.write_not_permitted()
            || self.flags.contains(DescriptorFlags::READ) && self.writes() && !rights.read
        {
            Err(ErrorCode::NotPermitted.into())
        } else {
            Ok(())
        }
    }

    fn mode(self) -> OpenMode {
        let mode = |is: bool, mode: OpenMode| if is { mode } else { OpenMode::empty() };
        mode(self.reads(), OpenMode::READ) | mode(self.writes(), OpenMode::WRITE)
    }

    fn follow(self) -> FollowSymlinks {
        match self.path.contains(PathFlags::SYMLINK_FOLLOW) {
            true => FollowSymlinks::Yes,
            false => FollowSymlinks::No,
        }
    }
}

/// Opens what `path` leads to from `directory`, never outside of it.
///
/// # Errors
/// `PermissionDenied` if it is neither a file nor a directory; `QuotaExceeded`; and the system's.
pub(super) fn open(
    directory: &Dir,
    path: &str,
    wish: Wish,
    meter: Option<&Meter>,
) -> Result<(Descriptor, Option<Opened>)> {
    let (base, path) = (&*directory.dir, Path::new(path));
    let mut books = meter.map(Meter::books);
    let found = match stat(base, path, wish.follow()) {
        Ok(found) => {
            check(found.is_file() || found.is_dir() || found.is_symlink())?;
            true
        }
        // What is wrong otherwise, opening says.
        Err(error) => error.kind() != ErrorKind::NotFound,
    };
    let exclusive = wish.open.contains(OpenFlags::EXCLUSIVE);
    let file = if wish.open.contains(OpenFlags::CREATE) && (exclusive || !found) {
        books.as_ref().map_or(Ok(()), |it| it.allow(0, 1))?;
        let file = create(base, path, wish, exclusive)?;
        if let Some(books) = &mut books {
            books.add(0, 1);
        }
        file
    } else {
        unblocked(base, path, &options(wish))?
    };
    let kind = file.metadata()?;
    if kind.is_dir() {
        // Its operations are done where they may block.
        let opened = Dir::new(file, directory.perms, wish.mode(), true);
        return Ok((Descriptor::Dir(opened), None));
    }
    if wish.open.contains(OpenFlags::TRUNCATE) {
        file.set_len(0)?;
        if let Some(books) = &mut books {
            books.subtract(kind.len(), 0);
        }
    }
    let file = wasmtime_wasi::filesystem::File::new(file, directory.perms, wish.mode(), true);
    let opened = books.as_mut().map(|it| it.opened(&file.file)).transpose()?;
    Ok((Descriptor::File(file), opened))
}

fn create(directory: &File, path: &Path, wish: Wish, exclusive: bool) -> Result<File> {
    let mut options = options(wish);
    match unblocked(directory, path, options.clone().create_new(true)) {
        // Another process was faster, or a link leads to nothing yet.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !exclusive => {
            unblocked(directory, path, options.create(true))
        }
        opened => opened,
    }
}

fn options(wish: Wish) -> OpenOptions {
    let mut options = OpenOptions::new();
    // What `cap-fs-ext` calls by its public name.
    options.read(wish.reads()).write(wish.writes())._cap_fs_ext_follow(wish.follow());
    options
}

fn check(allowed: bool) -> Result<()> {
    match allowed {
        true => Ok(()),
        false => Err(ErrorKind::PermissionDenied.into()),
    }
}

#[cfg(unix)]
fn unblocked(directory: &File, path: &Path, options: &OpenOptions) -> Result<File> {
    use cap_primitives::fs::OpenOptionsExt;
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::Errno;

    let mut options = options.clone();
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    let file = cap_primitives::fs::open(directory, path, &options).map_err(|error| {
        // A FIFO that nobody reads, a socket, a device that is not there.
        match Errno::from_io_error(&error) {
            Some(Errno::NXIO | Errno::NODEV) => Error::from(ErrorKind::PermissionDenied),
            _ => error,
        }
    })?;
    let kind = file.metadata()?;
    check(kind.is_file() || kind.is_dir())?;
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

#[cfg(not(unix))]
fn unblocked(directory: &File, path: &Path, options: &OpenOptions) -> Result<File> {
    cap_primitives::fs::open(directory, path, options)
}
