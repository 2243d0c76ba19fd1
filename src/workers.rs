//! The runtime's own tokio: timers and sockets of WASI, and asynchronous calls.

use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Code, Error, Result};
use crate::process::Birthplace;

/// How long the end of a runtime waits for a file operation that does not return.
const PATIENCE: Duration = Duration::from_secs(1);

/// A private tokio runtime that may be dropped from anywhere, also from inside another tokio.
pub(crate) struct Workers {
    runtime: Option<Runtime>,
    birthplace: Birthplace,
}

impl Workers {
    /// `threads` workers; 0 for as many as there are processors.
    pub(crate) fn start(threads: usize) -> Result<Self> {
        let mut builder = Builder::new_multi_thread();
        if threads > 0 {
            builder.worker_threads(threads);
        }
        let runtime =
            builder.thread_name("wasmcell-worker").enable_all().build().map_err(|error| {
                Error::new(Code::Io, format!("starting worker threads: {error}"))
            })?;
        Ok(Self { runtime: Some(runtime), birthplace: Birthplace::here() })
    }

    pub(crate) fn handle(&self) -> Result<&Handle> {
        let gone = || Error::new(Code::Panic, "the worker threads are gone");
        self.runtime.as_ref().map(Runtime::handle).ok_or_else(gone)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if self.birthplace.is_forked() {
            // Its threads do not exist here; waiting for them would never end.
            return std::mem::forget(runtime);
        }
        let ours = runtime.handle().id();
        if Handle::try_current().is_ok_and(|handle| handle.id() == ours) {
            // The last call's last reference, dropped by a worker: it cannot wait for itself.
            return runtime.shutdown_background();
        }
        // tokio refuses to wait inside any tokio runtime, so a thread of our own waits.
        let waiter = thread::Builder::new().name("wasmcell-shutdown".into());
        if let Ok(waiter) = waiter.spawn(move || runtime.shutdown_timeout(PATIENCE)) {
            let _ = waiter.join();
        }
    }
}
