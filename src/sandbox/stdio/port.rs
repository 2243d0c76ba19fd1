//! The streams as WASI wants them.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, empty};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::Stdio;
use super::outlet::{CAPACITY, Outlet};
use crate::output::Stream;

/// One of a guest's output streams.
#[derive(Clone)]
pub(super) struct Port {
    pub stdio: Arc<Stdio>,
    pub stream: Stream,
}

impl Port {
    fn outlet(&self) -> Option<&Outlet> {
        self.stdio.outlet(self.stream)
    }
}

impl IsTerminal for Port {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Port {
    /// For WASI 0.3, which this library does not link.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(empty())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Port {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let fits = match self.outlet() {
            None => {
                let fits = bytes.len() <= CAPACITY;
                if fits {
                    self.stdio.capture(self.stream, &bytes);
                }
                fits
            }
            Some(outlet) => outlet.push(&bytes),
        };
        match fits {
            true => Ok(()),
            false => Err(StreamError::trap("more was written than `check-write` allowed")),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        if let Some(outlet) = self.outlet() {
            outlet.flush();
        }
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(self.outlet().map_or(CAPACITY, Outlet::room))
    }
}

#[async_trait]
impl Pollable for Port {
    async fn ready(&mut self) {
        let Some(outlet) = self.outlet() else { return };
        poll_fn(|context| {
            if outlet.room() > 0 {
                return Poll::Ready(());
            }
            outlet.wait(context.waker());
            self.stdio.request();
            Poll::Pending
        })
        .await;
    }
}

/// A guest's stdin, from a callback.
#[derive(Clone)]
pub(super) struct Stdin(pub Arc<Stdio>);

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Stdin {
    /// For WASI 0.3, which this library does not link.
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

impl InputStream for Stdin {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match self.0.stdin.as_ref().map(|input| input.take(size)) {
            Some(Ok(Some(bytes))) => Ok(bytes),
            Some(Err(error)) => Err(StreamError::Trap(error.into_wasmtime())),
            Some(Ok(None)) | None => Err(StreamError::Closed),
        }
    }
}

#[async_trait]
impl Pollable for Stdin {
    async fn ready(&mut self) {
        let Some(input) = &self.0.stdin else { return };
        poll_fn(|context| {
            if input.is_ready(context.waker()) {
                return Poll::Ready(());
            }
            self.0.request();
            Poll::Pending
        })
        .await;
    }
}
