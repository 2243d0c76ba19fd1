//! The functions of wasi:filesystem.

use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use super::grants::{Grant, OpenFile};
use super::listing::Listing;
use super::open::{Wish, open};
use super::streams::Input;
use super::{Fd, Files, View, check_path, denied, follows, lend, now, told};
use crate::sandbox::quota::{Found, Meter, code};

impl preopens::Host for Files<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let directories = preopens::Host::get_directories(&mut self.inner)?;
        let rights = self.sandbox.iter().flat_map(|it| it.rights());
        for (directory, ((fd, _), rights)) in directories.iter().zip(rights).enumerate() {
            let open = Arc::default(); // all instances share what was opened once
            self.grants.0.insert(fd.rep(), Grant { directory, rights, open });
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
        Ok(self.inner.table.get(&error)?.downcast_ref::<std::io::Error>().map(code))
    }
}

impl HostDescriptor for Files<'_> {
    async fn open_at(
        &mut self,
        fd: Fd,
        path: PathFlags,
        name: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        check_path(&name)?;
        let wish = Wish { path, open: open_flags, flags };
        let (grant, directory) = (self.grant(&fd)?.clone(), self.directory(&fd)?);
        wish.check(grant.rights, directory.perms)?;
        let (held, meter) = (self.portion.descriptors(1).map_err(denied)?, self.meter(&fd)?);
        let base = grant.open;
        let work = move || {
            let opened = open(&directory, &name, wish, meter.as_ref());
            drop(base);
            opened
        };
        let (opened, counted) = self.portion.file(work).await.map_err(told)?;
        let open = Arc::new(OpenFile { _opened: counted, _held: Some(held) });
        match &opened {
            Descriptor::File(_) if open_flags.contains(OpenFlags::DIRECTORY) => {
                return Err(ErrorCode::NotDirectory.into());
            }
            // Without the right to read, directories may be opened, as the way to what is in them.
            Descriptor::File(_) if !wish.writes() && !grant.rights.read => {
                return Err(ErrorCode::NotPermitted.into());
            }
            _ => {}
        }
        let opened = self.inner.table.push(opened)?;
        self.grants.0.insert(opened.rep(), Grant { open, ..grant });
        Ok(opened)
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        let grant = self.grants.0.remove(&fd.rep());
        HostDescriptor::drop(&mut self.inner, fd)?;
        drop(grant);
        Ok(())
    }

    async fn read(&mut self, fd: Fd, len: Filesize, at: Filesize) -> FsResult<(Vec<u8>, bool)> {
        self.check(&fd, |rights| rights.read)?;
        self.there([&fd], move |view, [fd]| now(view.read(fd, len, at))).await
    }

    fn read_via_stream(&mut self, fd: Fd, at: Filesize) -> FsResult<Resource<DynInputStream>> {
        self.check(&fd, |rights| rights.read)?;
        let file = self.file(&fd, ErrorCode::IsDirectory)?.file;
        let input = Input::new(self.handle(&fd, file)?, at);
        Ok(self.inner.table.push(Box::new(input) as DynInputStream)?)
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
        self.check(&fd, |rights| rights.list)?;
        let directory = self.directory(&fd)?.dir;
        let held = self.portion.descriptors(1).map_err(denied)?;
        let listing = Listing::open(directory, held, &self.portion).await?;
        // Of a type of ours, which only the functions below look at.
        Ok(Resource::new_own(self.inner.table.push(listing)?.rep()))
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        self.check(&fd, |rights| rights.read)?;
        check_path(&path)?;
        self.there([&fd], |view, [fd]| now(view.readlink_at(fd, path))).await
    }

    async fn link_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        old: String,
        to: Fd,
        new: String,
    ) -> FsResult<()> {
        self.check_same(&fd, &to)?;
        check_path(&old).and(check_path(&new))?;
        let meter = self.meter(&fd)?;
        let work = move |view: &mut View<'_>, [fd, to]: [Fd; 2]| {
            Meter::entry(meter.as_ref(), 0, || now(view.link_at(fd, flags, old, to, new)))
        };
        self.there([&fd, &to], work).await
    }

    async fn rename_at(&mut self, fd: Fd, old: String, to: Fd, new: String) -> FsResult<()> {
        self.check_same(&fd, &to)?;
        check_path(&old).and(check_path(&new))?;
        let (meter, from, into) = (self.meter(&fd)?, self.directory(&fd)?, self.directory(&to)?);
        let work = move |view: &mut View<'_>, [fd, to]: [Fd; 2]| {
            let mut books = meter.as_ref().map(Meter::books);
            let found = |dir, path: &str| Found::at(dir, path).filter(|_| meter.is_some());
            let (moved, replaced) = (found(&*from.dir, &old), found(&*into.dir, &new));
            now(view.rename_at(fd, old, to, new))?;
            if let (Some(books), Some(moved), Some(replaced)) = (&mut books, moved, replaced)
                && !moved.is(&replaced)
            {
                books.removed(&replaced);
            }
            Ok(())
        };
        self.there([&fd, &to], work).await
    }

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, at: Filesize) -> FsResult<Filesize> {
        let (meter, file) = (self.meter(&fd)?, self.file(&fd, ErrorCode::BadDescriptor)?.file);
        let end = at.saturating_add(bytes.len() as u64);
        let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
            let write = || now(view.write(fd, bytes, at));
            Meter::resize(meter.as_ref(), &file, |len| len.max(end), write)
        };
        self.there([&fd], work).await
    }

    fn write_via_stream(&mut self, fd: Fd, at: Filesize) -> FsResult<Resource<DynOutputStream>> {
        self.output(&fd, Some(at))
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.output(&fd, None)
    }

    async fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
        let (meter, file) = (self.meter(&fd)?, self.file(&fd, ErrorCode::BadDescriptor)?.file);
        let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
            Meter::resize(meter.as_ref(), &file, |_| size, || now(view.set_size(fd, size)))
        };
        self.there([&fd], work).await
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        a: NewTimestamp,
        m: NewTimestamp,
    ) -> FsResult<()> {
        check_path(&path)?;
        let flags = follows(&path, flags);
        let directory = self.directory(&fd)?;
        let is_followed = flags.contains(PathFlags::SYMLINK_FOLLOW);
        if directory.perms.write_not_permitted() || !is_followed {
            let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
                now(view.set_times_at(fd, flags, path, a, m))
            };
            return self.there([&fd], work).await;
        }
        // wasmtime opens what is there, whatever it is.
        let work = move |view: &mut View<'_>, _: [Fd; 1]| {
            let plain = |flags| open(&directory, &path, Wish::plain(flags), None);
            let opened = plain(DescriptorFlags::WRITE).or_else(|_| plain(DescriptorFlags::READ));
            let (opened, _) = opened.map_err(told)?;
            let opened = view.table.push(opened)?;
            now(view.set_times(lend(&opened), a, m))
        };
        self.there([&fd], work).await
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        check_path(&path)?;
        let meter = self.meter(&fd)?;
        let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
            Meter::entry(meter.as_ref(), 0, || now(view.create_directory_at(fd, path)))
        };
        self.there([&fd], work).await
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        check_path(&target).and(check_path(&path))?;
        let (meter, bytes) = (self.meter(&fd)?, target.len() as u64);
        let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
            Meter::entry(meter.as_ref(), bytes, || now(view.symlink_at(fd, target, path)))
        };
        self.there([&fd], work).await
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.remove(fd, path, |view, fd, path| now(view.remove_directory_at(fd, path))).await
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.remove(fd, path, |view, fd, path| now(view.unlink_file_at(fd, path))).await
    }

    // From here on wasmtime's checks suffice: nothing is changed without the right to write.

    async fn advise(&mut self, fd: Fd, at: Filesize, len: Filesize, how: Advice) -> FsResult<()> {
        self.there([&fd], move |view, [fd]| now(view.advise(fd, at, len, how))).await
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        self.there([&fd], |view, [fd]| now(view.sync_data(fd))).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        self.there([&fd], |view, [fd]| now(view.sync(fd))).await
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        self.there([&fd], |view, [fd]| now(view.get_flags(fd))).await
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        self.there([&fd], |view, [fd]| now(view.get_type(fd))).await
    }

    async fn set_times(&mut self, fd: Fd, a: NewTimestamp, m: NewTimestamp) -> FsResult<()> {
        self.there([&fd], move |view, [fd]| now(view.set_times(fd, a, m))).await
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        self.there([&fd], |view, [fd]| now(view.stat(fd))).await
    }

    async fn stat_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        check_path(&path)?;
        let flags = follows(&path, flags);
        self.there([&fd], move |view, [fd]| now(view.stat_at(fd, flags, path))).await
    }

    async fn is_same_object(&mut self, a: Fd, b: Fd) -> wasmtime::Result<bool> {
        let work = |view: &mut View<'_>, [a, b]: [Fd; 2]| {
            now(async { view.is_same_object(a, b).await.map_err(FsError::trap) })
        };
        match self.there([&a, &b], work).await {
            Ok(same) => Ok(same),
            Err(error) => Err(error.downcast().map_or_else(|trap| trap, wasmtime::Error::new)),
        }
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        self.there([&fd], |view, [fd]| now(view.metadata_hash(fd))).await
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        check_path(&path)?;
        let flags = follows(&path, flags);
        self.there([&fd], move |view, [fd]| now(view.metadata_hash_at(fd, flags, path))).await
    }
}

impl Files<'_> {
    /// Has a name removed by `remove`.
    async fn remove(
        &mut self,
        fd: Fd,
        path: String,
        remove: fn(&mut View<'_>, Fd, String) -> FsResult<()>,
    ) -> FsResult<()> {
        check_path(&path)?;
        let (meter, directory) = (self.meter(&fd)?, self.directory(&fd)?);
        let work = move |view: &mut View<'_>, [fd]: [Fd; 1]| {
            let mut books = meter.as_ref().map(Meter::books);
            let found = books.as_ref().and_then(|_| Found::at(&directory.dir, &path));
            remove(view, fd, path)?;
            if let (Some(books), Some(found)) = (&mut books, found) {
                books.removed(&found);
            }
            Ok(())
        };
        self.there([&fd], work).await
    }
}

/// A stream is a [`Listing`]: nobody else makes any.
fn listing(stream: &Resource<DirectoryEntryStream>) -> Resource<Listing> {
    Resource::new_own(stream.rep())
}

impl HostDirectoryEntryStream for Files<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.inner.table.get_mut(&listing(&stream))?.next().await
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.inner.table.delete(listing(&stream))?;
        Ok(())
    }
}
