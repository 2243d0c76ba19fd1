//! Files: wasmtime's, with checks in front. It knows directories to read and directories to read
//! and write, opens whatever has a name, and takes as many threads as guests keep busy.

mod grants;
mod host;
mod listing;
mod open;
mod streams;

use std::fs::File;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{ErrorCode, PathFlags};
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::quota::{Meter, code};
use super::{OpenSandbox, Rights};
use crate::engine::portion::Portion;
use crate::engine::share::Denied;

use grants::Grant;
pub(crate) use grants::Grants;
use streams::{Handle, Output};

/// What Linux takes; more would be split and copied in vain.
const PATH_MAX: usize = 4096;

/// The files of a guest.
pub(crate) struct Files<'a> {
    pub inner: WasiFilesystemCtxView<'a>,
    pub grants: &'a mut Grants,
    pub portion: Arc<Portion>,
    pub sandbox: Option<Arc<OpenSandbox>>,
}

type Fd = Resource<Descriptor>;
type View<'a> = WasiFilesystemCtxView<'a>;

/// Borrows a descriptor for a call before the one that it is meant for.
fn lend(fd: &Fd) -> Fd {
    Resource::new_borrow(fd.rep())
}

/// What the guest is told of `error`.
fn told(error: io::Error) -> FsError {
    code(&error).into()
}

/// WASI has no word for too many descriptors.
fn denied(_: Denied) -> FsError {
    ErrorCode::InsufficientMemory.into()
}

/// What is done at once, since it may block.
fn now<T>(work: impl Future<Output = FsResult<T>>) -> FsResult<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(FsError::trap(io::Error::other("a file operation waits"))),
    }
}

fn check_path(path: &str) -> FsResult<()> {
    match path.len() > PATH_MAX {
        true => Err(ErrorCode::NameTooLong.into()),
        false => Ok(()),
    }
}

/// With a slash at its end, or a dot behind one, a path names the directory that a link there leads
/// to, as POSIX has it. What wasmtime opens files with takes it for the link.
fn follows(path: &str, flags: PathFlags) -> PathFlags {
    match path.ends_with('/') || path.ends_with("/.") {
        true => flags | PathFlags::SYMLINK_FOLLOW,
        false => flags,
    }
}

impl Files<'_> {
    fn grant(&self, fd: &Fd) -> FsResult<&Grant> {
        self.grants.0.get(&fd.rep()).ok_or_else(|| ErrorCode::BadDescriptor.into())
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

    fn meter(&self, fd: &Fd) -> FsResult<Option<Meter>> {
        let directory = self.grant(fd)?.directory;
        let quotas = self.sandbox.as_ref().and_then(|it| it.quotas(directory));
        Ok(quotas.map(|quotas| Meter::new(quotas, self.portion.denial())))
    }

    fn directory(&self, fd: &Fd) -> FsResult<Dir> {
        match self.inner.table.get(fd)? {
            Descriptor::Dir(directory) => Ok(directory.clone()),
            Descriptor::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// The file of `fd`, or why it is none.
    fn file(&self, fd: &Fd, otherwise: ErrorCode) -> FsResult<wasmtime_wasi::filesystem::File> {
        match self.inner.table.get(fd)? {
            Descriptor::File(file) => Ok(file.clone()),
            Descriptor::Dir(_) => Err(otherwise.into()),
        }
    }

    fn handle(&self, fd: &Fd, file: Arc<File>) -> FsResult<Handle> {
        let open = self.grant(fd)?.open.clone();
        Ok(Handle { file, open, portion: self.portion.clone() })
    }

    fn output(&mut self, fd: &Fd, at: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
        let file = self.file(fd, ErrorCode::BadDescriptor)?;
        if file.perms.write_not_permitted() {
            return Err(ErrorCode::NotPermitted.into());
        }
        let output = Output::new(self.handle(fd, file.file)?, self.meter(fd)?, at);
        Ok(self.inner.table.push(Box::new(output) as DynOutputStream)?)
    }

    /// Has wasmtime do something with `fds`, where it may block.
    async fn there<T: Send + 'static, const N: usize>(
        &mut self,
        fds: [&Fd; N],
        work: impl FnOnce(&mut View<'_>, [Fd; N]) -> FsResult<T> + Send + 'static,
    ) -> FsResult<T> {
        // What is used there: it stays open until that is done.
        let (mut table, mut open) = (ResourceTable::new(), Vec::with_capacity(N));
        let mut lent = fds.map(lend);
        for (fd, lent) in fds.into_iter().zip(&mut lent) {
            open.push(self.grant(fd)?.open.clone());
            *lent = lend(&table.push(self.inner.table.get(fd)?.clone())?);
        }
        let work = move || {
            let mut ctx = WasiFilesystemCtx::default();
            let outcome = work(&mut View { ctx: &mut ctx, table: &mut table }, lent);
            drop(open);
            Ok(outcome)
        };
        self.portion.file(work).await.map_err(told)?
    }
}
