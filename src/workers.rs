//! The runtime's own threads: workers for asynchronous calls, and a reactor for what calls wait
//! for.

use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Code, Error, Result};
use crate::signals::Blocked;
use crate::thread::{ours, spawn};

/// Host functions of asynchronous calls get as much stack as a main thread usually has.
const STACK: usize = 8 << 20;

/// How long the end of a runtime waits for a file operation that does not return.
const PATIENCE: Duration = Duration::from_secs(1);

/// Two private tokio runtimes that may be dropped from anywhere, also from inside another tokio.
///
/// The reactor has timers, sockets and file operations to itself: on the workers, where guests
/// compute for a whole tick between two looks at the clock, timers would come late.
pub(crate) struct Workers {
    runtimes: Option<(Runtime, Runtime)>,
}

impl Workers {
    /// `threads` workers; 0 for as many as there are processors.
    pub(crate) fn start(threads: usize) -> Result<Self> {
        let _masked = Blocked::all();
        let mut workers = Builder::new_multi_thread();
        workers.thread_stack_size(STACK).on_thread_start(ours);
        if threads > 0 {
            workers.worker_threads(threads);
        }
        // Looked at before every turn: a guest may compute for a whole tick in each, and what the
        // reactor wakes or the host starts waits there.
        let workers = workers
            .global_queue_interval(1)
            .thread_name("wasmcell-worker")
            .build()
            .map_err(failed)?;
        let reactor = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_stack_size(STACK)
            .thread_name("wasmcell-reactor")
            .on_thread_start(ours)
            .enable_all()
            .build()
            .map_err(failed)?;
        Ok(Self { runtimes: Some((workers, reactor)) })
    }

    /// Where asynchronous calls run.
    pub(crate) fn workers(&self) -> Result<&Handle> {
        self.runtimes.as_ref().map(|(workers, _)| workers.handle()).ok_or_else(gone)
    }

    /// Where timers, sockets and file operations are.
    pub(crate) fn reactor(&self) -> Result<&Handle> {
        self.runtimes.as_ref().map(|(_, reactor)| reactor.handle()).ok_or_else(gone)
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::new(Code::Io, format_args!("starting worker threads: {error}"))
}

fn gone() -> Error {
    Error::new(Code::Panic, "the worker threads are gone")
}

impl Drop for Workers {
    fn drop(&mut self) {
        let Some((workers, reactor)) = self.runtimes.take() else { return };
        let own = [workers.handle().id(), reactor.handle().id()];
        if Handle::try_current().is_ok_and(|handle| own.contains(&handle.id())) {
            // The last call's last reference, dropped by one of their threads: it cannot wait for
            // itself.
            workers.shutdown_background();
            return reactor.shutdown_background();
        }
        // tokio refuses to wait inside any tokio runtime, so a thread of our own waits.
        let waiter = std::thread::Builder::new().name("wasmcell-shutdown".into());
        let waiter = spawn(waiter, move || {
            workers.shutdown_timeout(PATIENCE);
            reactor.shutdown_timeout(PATIENCE);
        });
        if let Ok(waiter) = waiter {
            let _ = waiter.join();
        }
    }
}
