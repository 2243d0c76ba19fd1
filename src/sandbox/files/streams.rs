//! Files as streams. What is read ahead or not yet written counts for the instance.

use std::fs::File;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::grants::OpenFile;
use crate::engine::portion::Portion;
use crate::engine::share::Held;
use crate::sandbox::quota::Meter;

/// How much is read or written at once.
const CHUNK: usize = 64 << 10;
/// How much is read ahead for a guest that waits before it reads.
const AHEAD: usize = 4 << 10;

type Work<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// A file of a guest, and what keeps it open.
#[derive(Clone)]
pub(super) struct Handle {
    pub file: Arc<File>,
    pub open: Arc<OpenFile>,
    pub portion: Arc<Portion>,
}

impl Handle {
    fn work<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> Work<T> {
        let Self { file, open, portion } = self.clone();
        Box::pin(async move {
            let operation = move || {
                let outcome = operation(&file);
                drop(open);
                outcome
            };
            portion.file(operation).await
        })
    }

    fn buffer(&self, bytes: usize) -> io::Result<Held> {
        self.portion.buffer(bytes).map_err(|_| io::ErrorKind::OutOfMemory.into())
    }
}

/// Reads a file from a position on.
pub(super) struct Input {
    handle: Handle,
    position: u64,
    state: Reading,
}

enum Reading {
    Idle,
    Waiting(Work<(Bytes, Held)>),
    Read(Bytes, Held),
    Failed(io::Error),
    Closed,
}

impl Input {
    pub(super) fn new(handle: Handle, position: u64) -> Self {
        Self { handle, position, state: Reading::Idle }
    }

    fn start(&mut self, size: usize) {
        let (size, position) = (size.min(CHUNK), self.position);
        self.state = match self.handle.buffer(size) {
            Ok(held) => {
                Reading::Waiting(self.handle.work(move |file| read(file, position, size, held)))
            }
            Err(error) => Reading::Failed(error),
        };
    }
}

fn read(file: &File, position: u64, size: usize, mut held: Held) -> io::Result<(Bytes, Held)> {
    let mut bytes = vec![0; size];
    let len = loop {
        match at::read(file, &mut bytes, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    bytes.truncate(len);
    bytes.shrink_to_fit();
    held.shrink(len as u64);
    Ok((bytes.into(), held))
}

#[async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match &mut self.state {
            Reading::Idle if size == 0 => Ok(Bytes::new()),
            Reading::Idle => {
                self.start(size);
                Ok(Bytes::new())
            }
            Reading::Waiting(_) => Ok(Bytes::new()),
            Reading::Read(bytes, held) => {
                let read = bytes.split_to(bytes.len().min(size));
                self.position += read.len() as u64;
                held.shrink(bytes.len() as u64);
                if bytes.is_empty() {
                    self.state = Reading::Idle;
                }
                Ok(read)
            }
            Reading::Failed(_) => match mem::replace(&mut self.state, Reading::Closed) {
                Reading::Failed(error) => Err(StreamError::LastOperationFailed(error.into())),
                _ => Err(StreamError::Closed),
            },
            Reading::Closed => Err(StreamError::Closed),
        }
    }

    /// Reads as much as is wanted, not as little as for a guest that waits first.
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        if matches!(self.state, Reading::Idle) && size > 0 {
            self.start(size);
        }
        self.ready().await;
        self.read(size)
    }
}

#[async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        if matches!(self.state, Reading::Idle) {
            self.start(AHEAD);
        }
        if let Reading::Waiting(work) = &mut self.state {
            self.state = match work.await {
                Ok((bytes, _)) if bytes.is_empty() => Reading::Closed,
                Ok((bytes, held)) => Reading::Read(bytes, held),
                Err(error) => Reading::Failed(error),
            };
        }
    }
}

/// Writes to a file, from a position on or at its end.
pub(super) struct Output {
    handle: Handle,
    meter: Option<Meter>,
    /// `None` for the end.
    position: Option<u64>,
    state: Writing,
}

enum Writing {
    Ready,
    Waiting(Work<usize>),
    Failed(io::Error),
    Closed,
}

impl Output {
    pub(super) fn new(handle: Handle, meter: Option<Meter>, position: Option<u64>) -> Self {
        Self { handle, meter, position, state: Writing::Ready }
    }

    /// What a guest has to hear before it goes on.
    fn check(&mut self) -> StreamResult<()> {
        match self.state {
            Writing::Ready | Writing::Waiting(_) => Ok(()),
            Writing::Closed => Err(StreamError::Closed),
            Writing::Failed(_) => match mem::replace(&mut self.state, Writing::Closed) {
                Writing::Failed(error) => Err(StreamError::LastOperationFailed(error.into())),
                _ => Err(StreamError::Closed),
            },
        }
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.check()?;
        if matches!(self.state, Writing::Waiting(_)) || bytes.len() > CHUNK {
            return Err(StreamError::trap("more was written than `check-write` allowed"));
        }
        let (meter, position) = (self.meter.clone(), self.position);
        self.state = match self.handle.buffer(bytes.len()) {
            Ok(held) => Writing::Waiting(self.handle.work(move |file| {
                let outcome = write(file, meter.as_ref(), &bytes, position);
                drop((bytes, held));
                outcome
            })),
            Err(error) => Writing::Failed(error),
        };
        self.check()
    }

    fn flush(&mut self) -> StreamResult<()> {
        // Nothing waits but what an operation under way writes.
        self.check()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.check()?;
        Ok(if matches!(self.state, Writing::Ready) { CHUNK } else { 0 })
    }

    /// What the guest wrote is not lost when it drops the stream.
    async fn cancel(&mut self) {
        self.ready().await;
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        if let Writing::Waiting(work) = &mut self.state {
            self.state = match work.await {
                Ok(written) => {
                    self.position = self.position.map(|at| at.saturating_add(written as u64));
                    Writing::Ready
                }
                Err(error) => Writing::Failed(error),
            };
        }
    }
}

/// Writes all of `bytes`, or nothing of what the quota does not allow.
fn write(
    file: &File,
    meter: Option<&Meter>,
    bytes: &[u8],
    position: Option<u64>,
) -> io::Result<usize> {
    let end = |len: u64| position.unwrap_or(len).saturating_add(bytes.len() as u64).max(len);
    Meter::resize(meter, file, end, || {
        let mut written = 0;
        while written < bytes.len() {
            let rest = &bytes[written..];
            let outcome = match position {
                Some(position) => at::write(file, rest, position.saturating_add(written as u64)),
                None => at::append(file, rest),
            };
            match outcome {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => written += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    })
}

/// Reading and writing somewhere, whatever the file's own position is.
mod at {
    use super::{File, io};

    #[cfg(unix)]
    pub(super) fn read(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(file, bytes, position)
    }

    #[cfg(unix)]
    pub(super) fn write(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(file, bytes, position)
    }

    #[cfg(windows)]
    pub(super) fn read(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(file, bytes, position)
    }

    #[cfg(windows)]
    pub(super) fn write(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(file, bytes, position)
    }

    /// At the end, wherever that is when it happens.
    #[cfg(target_os = "linux")]
    pub(super) fn append(file: &File, bytes: &[u8]) -> io::Result<usize> {
        use rustix::io::{Errno, ReadWriteFlags, pwritev2};
        match pwritev2(file, &[io::IoSlice::new(bytes)], 0, ReadWriteFlags::APPEND) {
            Err(Errno::NOSYS | Errno::NOTSUP) => write(file, bytes, file.metadata()?.len()),
            written => Ok(written?),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn append(file: &File, bytes: &[u8]) -> io::Result<usize> {
        write(file, bytes, file.metadata()?.len())
    }
}
