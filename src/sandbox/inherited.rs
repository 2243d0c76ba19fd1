//! The stdio of this process, for a guest that is trusted with it.

#[cfg(not(unix))]
pub(super) use elsewhere::{output, stdin};
#[cfg(unix)]
pub(super) use unix::{output, stdin};

#[cfg(not(unix))]
mod elsewhere {
    use wasmtime_wasi::WasiCtxBuilder;

    use crate::output::Stream;

    pub(crate) fn stdin(builder: &mut WasiCtxBuilder) {
        builder.inherit_stdin();
    }

    pub(crate) fn output(builder: &mut WasiCtxBuilder, stream: Stream) {
        match stream {
            Stream::Stdout => builder.inherit_stdout(),
            Stream::Stderr => builder.inherit_stderr(),
        };
    }
}

/// On the file descriptors themselves, which no instance duplicates: Rust's buffer for stdout would
/// keep what has no line feed, since nothing flushes it at the end of a program in C; and
/// wasmtime's reader of stdin is a thread that nothing ends.
#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, BorrowedFd};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::{Errno, fcntl_getfd, read, write};
    use tokio::io::{AsyncRead, AsyncWrite, empty};
    use tokio::sync::Semaphore;
    use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
    use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};
    use wasmtime_wasi::{WasiCtxBuilder, async_trait};

    use crate::output::Stream;
    use crate::system::signals::Quiet;

    /// How much is read or written at once.
    const CHUNK: usize = 64 << 10;

    /// How long one look at stdin waits for something to read.
    const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

    /// Whether there is something to read, or the end, before `patience` is over.
    fn is_readable(patience: Timespec) -> bool {
        let stdin = io::stdin();
        let mut files = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut files, Some(&patience)) {
            Ok(ready) => ready > 0,
            Err(Errno::INTR) => false,
            Err(_) => true, // `read` says what is wrong
        }
    }

    pub(crate) fn stdin(builder: &mut WasiCtxBuilder) {
        if fcntl_getfd(io::stdin()).is_ok() {
            let looking = Arc::new(Semaphore::new(1));
            builder.stdin(Stdin { ready: Arc::default(), looking });
        }
    }

    pub(crate) fn output(builder: &mut WasiCtxBuilder, stream: Stream) {
        // A process without that stream has none to give.
        match stream {
            Stream::Stdout if fcntl_getfd(io::stdout()).is_ok() => builder.stdout(Output(stream)),
            Stream::Stderr if fcntl_getfd(io::stderr()).is_ok() => builder.stderr(Output(stream)),
            _ => builder,
        };
    }

    fn failed(error: Errno) -> StreamError {
        match error {
            Errno::PIPE => StreamError::Closed,
            error => StreamError::LastOperationFailed(io::Error::from(error).into()),
        }
    }

    fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> StreamResult<()> {
        while !bytes.is_empty() {
            match write(to, bytes) {
                Ok(0) => return Err(failed(Errno::IO)),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    #[derive(Clone)]
    struct Output(Stream);

    impl IsTerminal for Output {
        fn is_terminal(&self) -> bool {
            match self.0 {
                Stream::Stdout => io::IsTerminal::is_terminal(&io::stdout()),
                Stream::Stderr => io::IsTerminal::is_terminal(&io::stderr()),
            }
        }
    }

    impl StdoutStream for Output {
        fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
            Box::new(empty())
        }

        fn p2_stream(&self) -> Box<dyn OutputStream> {
            Box::new(self.clone())
        }
    }

    impl OutputStream for Output {
        fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
            let _quiet = Quiet::here();
            match self.0 {
                Stream::Stdout => write_all(io::stdout().as_fd(), &bytes),
                Stream::Stderr => write_all(io::stderr().as_fd(), &bytes),
            }
        }

        fn flush(&mut self) -> StreamResult<()> {
            Ok(())
        }

        fn check_write(&mut self) -> StreamResult<usize> {
            Ok(CHUNK)
        }
    }

    #[async_trait]
    impl Pollable for Output {
        async fn ready(&mut self) {}
    }

    #[derive(Clone)]
    struct Stdin {
        /// There is something to read, or the end.
        ready: Arc<AtomicBool>,
        /// One look at a time, however often the guest asks.
        looking: Arc<Semaphore>,
    }

    impl IsTerminal for Stdin {
        fn is_terminal(&self) -> bool {
            io::IsTerminal::is_terminal(&io::stdin())
        }
    }

    impl StdinStream for Stdin {
        fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
            Box::new(empty())
        }

        fn p2_stream(&self) -> Box<dyn InputStream> {
            Box::new(self.clone())
        }
    }

    impl InputStream for Stdin {
        fn read(&mut self, size: usize) -> StreamResult<Bytes> {
            self.ready.store(false, Ordering::Relaxed);
            // Another instance may have been faster.
            if size == 0 || !is_readable(Timespec { tv_sec: 0, tv_nsec: 0 }) {
                return Ok(Bytes::new());
            }
            let mut bytes = vec![0; size.min(CHUNK)];
            match read(io::stdin(), &mut bytes[..]) {
                Ok(0) => Err(StreamError::Closed),
                Ok(len) => {
                    bytes.truncate(len);
                    Ok(bytes.into())
                }
                Err(error) => Err(failed(error)),
            }
        }
    }

    #[async_trait]
    impl Pollable for Stdin {
        async fn ready(&mut self) {
            while !self.ready.load(Ordering::Relaxed) {
                let Ok(turn) = self.looking.clone().acquire_owned().await else { return };
                let ready = self.ready.clone();
                // Bounded, so that it ends soon after a guest that stops waiting.
                let look = move || {
                    ready.store(is_readable(PATIENCE), Ordering::Relaxed);
                    drop(turn);
                };
                if tokio::task::spawn_blocking(look).await.is_err() {
                    return; // the runtime is ending
                }
            }
        }
    }
}
