//! Files, with checks in front of wasmtime's own: it knows directories to read and directories to
//! read and write, and opens whatever has a name.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::{Rights, World};

/// Which directory each open file came from, by the number of its descriptor.
#[derive(Default)]
pub(crate) struct Grants(HashMap<u32, Grant>);

#[derive(Clone, Copy)]
struct Grant {
    /// Which of the granted directories.
    directory: usize,
    rights: Rights,
}

/// The files of a guest.
pub(crate) struct Files<'a> {
    pub inner: WasiFilesystemCtxView<'a>,
    pub grants: &'a mut Grants,
    pub world: Option<Arc<World>>,
}

type Fd = Resource<Descriptor>;

/// The same descriptor, for a call before the one that it is meant for.
fn lend(fd: &Fd) -> Fd {
    Resource::new_borrow(fd.rep())
}

impl Files<'_> {
    fn grant(&self, fd: &Fd) -> FsResult<Grant> {
        self.grants.0.get(&fd.rep()).copied().ok_or_else(|| ErrorCode::BadDescriptor.into())
    }

    /// Refuses unless `fd` comes with the right that `allowed` looks for.
    fn check(&self, fd: &Fd, allowed: fn(Rights) -> bool) -> FsResult<()> {
        match allowed(self.grant(fd)?.rights) {
            true => Ok(()),
            false => Err(ErrorCode::NotPermitted.into()),
        }
    }

    /// Refuses to go from one granted directory to another: each has its own rights.
    fn check_same(&self, a: &Fd, b: &Fd) -> FsResult<()> {
        match self.grant(a)?.directory == self.grant(b)?.directory {
            true => Ok(()),
            false => Err(ErrorCode::CrossDevice.into()),
        }
    }

    /// Refuses what is no file, directory or link. Opening a FIFO may wait for ever, where no
    /// deadline reaches; opening a device may do anything.
    async fn check_kind(&mut self, fd: &Fd, flags: PathFlags, path: &str) -> FsResult<()> {
        let found = self.inner.stat_at(lend(fd), flags, path.to_owned()).await;
        match found.map(|stat| stat.type_) {
            Ok(
                DescriptorType::RegularFile
                | DescriptorType::Directory
                | DescriptorType::SymbolicLink,
            ) => Ok(()),
            Ok(_) => Err(ErrorCode::NotPermitted.into()),
            // Opening says what is wrong with it.
            Err(_) => Ok(()),
        }
    }
}

impl preopens::Host for Files<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let directories = preopens::Host::get_directories(&mut self.inner)?;
        let rights = self.world.iter().flat_map(|world| world.rights());
        for (directory, ((fd, _), rights)) in directories.iter().zip(rights).enumerate() {
            self.grants.0.insert(fd.rep(), Grant { directory, rights });
        }
        Ok(directories)
    }
}

impl types::Host for Files<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.inner.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.inner.filesystem_error_code(error)
    }
}

impl HostDescriptor for Files<'_> {
    async fn open_at(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let grant = self.grant(&fd)?;
        let reads = flags.contains(DescriptorFlags::READ);
        let changes = flags.contains(DescriptorFlags::WRITE)
            || open_flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
        if reads && changes && !grant.rights.read {
            return Err(ErrorCode::NotPermitted.into());
        }
        self.check_kind(&fd, path_flags, &path).await?;
        let opened = self.inner.open_at(fd, path_flags, path, open_flags, flags).await?;
        // Without the right to read, directories may be opened, as the way to what is in them.
        let file = matches!(self.inner.table.get(&opened)?, Descriptor::File(_));
        if file && !changes && !grant.rights.read {
            HostDescriptor::drop(&mut self.inner, opened).map_err(FsError::trap)?;
            return Err(ErrorCode::NotPermitted.into());
        }
        self.grants.0.insert(opened.rep(), grant);
        Ok(opened)
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        self.grants.0.remove(&fd.rep());
        HostDescriptor::drop(&mut self.inner, fd)
    }

    async fn read(&mut self, fd: Fd, len: Filesize, at: Filesize) -> FsResult<(Vec<u8>, bool)> {
        self.check(&fd, |rights| rights.read)?;
        self.inner.read(fd, len, at).await
    }

    fn read_via_stream(&mut self, fd: Fd, at: Filesize) -> FsResult<Resource<DynInputStream>> {
        self.check(&fd, |rights| rights.read)?;
        self.inner.read_via_stream(fd, at)
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
        self.check(&fd, |rights| rights.list)?;
        self.inner.read_directory(fd).await
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        self.check(&fd, |rights| rights.read)?;
        self.inner.readlink_at(fd, path).await
    }

    async fn link_at(
        &mut self,
        fd: Fd,
        old_flags: PathFlags,
        old: String,
        to: Fd,
        new: String,
    ) -> FsResult<()> {
        self.check_same(&fd, &to)?;
        self.inner.link_at(fd, old_flags, old, to, new).await
    }

    async fn rename_at(&mut self, fd: Fd, old: String, to: Fd, new: String) -> FsResult<()> {
        self.check_same(&fd, &to)?;
        self.inner.rename_at(fd, old, to, new).await
    }

    // From here on wasmtime's checks suffice: nothing is changed without the right to write.

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, at: Filesize) -> FsResult<Filesize> {
        self.inner.write(fd, bytes, at).await
    }

    fn write_via_stream(&mut self, fd: Fd, at: Filesize) -> FsResult<Resource<DynOutputStream>> {
        self.inner.write_via_stream(fd, at)
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.inner.append_via_stream(fd)
    }

    async fn advise(&mut self, fd: Fd, at: Filesize, len: Filesize, how: Advice) -> FsResult<()> {
        self.inner.advise(fd, at, len, how).await
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        self.inner.sync_data(fd).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        self.inner.sync(fd).await
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        self.inner.get_flags(fd).await
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        self.inner.get_type(fd).await
    }

    async fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
        self.inner.set_size(fd, size).await
    }

    async fn set_times(&mut self, fd: Fd, a: NewTimestamp, m: NewTimestamp) -> FsResult<()> {
        self.inner.set_times(fd, a, m).await
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        a: NewTimestamp,
        m: NewTimestamp,
    ) -> FsResult<()> {
        self.inner.set_times_at(fd, flags, path, a, m).await
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        self.inner.stat(fd).await
    }

    async fn stat_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        self.inner.stat_at(fd, flags, path).await
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.inner.create_directory_at(fd, path).await
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.inner.remove_directory_at(fd, path).await
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.inner.unlink_file_at(fd, path).await
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        self.inner.symlink_at(fd, target, path).await
    }

    async fn is_same_object(&mut self, a: Fd, b: Fd) -> wasmtime::Result<bool> {
        self.inner.is_same_object(a, b).await
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        self.inner.metadata_hash(fd).await
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        self.inner.metadata_hash_at(fd, flags, path).await
    }
}

impl HostDirectoryEntryStream for Files<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.inner.read_directory_entry(stream).await
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        HostDirectoryEntryStream::drop(&mut self.inner, stream)
    }
}
