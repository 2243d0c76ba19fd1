//! The runtime's own threads: workers for asynchronous calls, a reactor for what calls wait for,
//! and one that ends calls when their time is up.

use std::fmt;
use std::num::NonZero;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Code, Error, Result};
use crate::system::signals::Blocked;
use crate::system::thread::{ours, spawn};

/// Completions get as much stack as a main thread usually has.
const STACK: usize = 8 << 20;

/// How long the end of a runtime waits for a callback that does not return.
const PATIENCE: Duration = Duration::from_secs(1);

/// Threads of the reactor that look whether there is something to read on an inherited stdin.
const LOOKS: usize = 2;

/// Private tokio runtimes that may be dropped from anywhere, also from inside another tokio.
///
/// The reactor has the guests' timers and sockets to itself: on the workers, where guests compute
/// for a whole tick between two looks at the clock, timers would come late. Deadlines are kept and
/// told by threads that no guest can give anything to do.
pub(crate) struct Workers {
    workers: Handle,
    reactor: Handle,
    deadlines: Handle,
    /// `None` once they have ended.
    runtimes: Mutex<Option<Runtimes>>,
}

struct Runtimes {
    workers: Runtime,
    reactor: Runtime,
    deadlines: Runtime,
}

impl Workers {
    /// `threads` workers; 0 for as many as there are processors.
    pub(crate) fn start(threads: usize) -> Result<Self> {
        let _masked = Blocked::all();
        let mut workers = Builder::new_multi_thread();
        workers
            .thread_stack_size(STACK)
            .on_thread_start(worker)
            .worker_threads(self::threads(threads));
        // Looked at before every turn: a guest may compute for a whole tick in each, and what the
        // reactor wakes or the host starts waits there.
        let workers = build(workers.global_queue_interval(1).thread_name("wasmcell-worker"))?;
        let mut reactor = Builder::new_multi_thread();
        reactor
            .worker_threads(1)
            .max_blocking_threads(LOOKS)
            .thread_name("wasmcell-reactor")
            .on_thread_start(ours)
            .enable_all();
        let reactor = build(&mut reactor)?;
        let mut deadlines = Builder::new_multi_thread();
        deadlines
            .worker_threads(1)
            .max_blocking_threads(1)
            .thread_name("wasmcell-deadline")
            .on_thread_start(ours)
            .enable_time();
        let deadlines = build(&mut deadlines)?;
        Ok(Self {
            workers: workers.handle().clone(),
            reactor: reactor.handle().clone(),
            deadlines: deadlines.handle().clone(),
            runtimes: Mutex::new(Some(Runtimes { workers, reactor, deadlines })),
        })
    }

    /// Where asynchronous calls run.
    pub(crate) fn workers(&self) -> &Handle {
        &self.workers
    }

    /// Where the guests' timers and sockets are.
    pub(crate) fn reactor(&self) -> &Handle {
        &self.reactor
    }

    /// Where deadlines are.
    pub(crate) fn deadlines(&self) -> &Handle {
        &self.deadlines
    }

    /// Ends the threads, for good, as soon as they are done with what they do. Not on one of them,
    /// nor in any other tokio runtime.
    pub(crate) fn end(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Runtimes> {
        self.runtimes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// How many workers there are if so many were asked for.
pub(super) fn threads(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        wanted => wanted,
    }
}

/// What a worker begins with: also what wasmtime keeps for a thread that runs guests, since there
/// may be no memory for it later, when guests that wait are given up.
fn worker() {
    ours();
    let _ = panic::catch_unwind(wasmtime::Engine::tls_eager_initialize);
}

/// tokio panics if there is not one thread to be had, and does with fewer than it was told to.
fn build(builder: &mut Builder) -> Result<Runtime> {
    let failed = |why: &dyn fmt::Display| {
        Err(Error::new(Code::Io, format_args!("starting worker threads: {why}")))
    };
    match panic::catch_unwind(AssertUnwindSafe(|| builder.build())) {
        Ok(Ok(runtime)) => Ok(runtime),
        Ok(Err(error)) => failed(&error),
        Err(_) => failed(&"the system has none"),
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let Some(Runtimes { workers, reactor, deadlines }) = self.take() else { return };
        let all = [workers, reactor, deadlines];
        let own = |handle: Handle| all.iter().any(|it| it.handle().id() == handle.id());
        if Handle::try_current().is_ok_and(own) {
            // The last call's last reference, dropped by one of their threads: it cannot wait for
            // itself.
            return all.into_iter().for_each(Runtime::shutdown_background);
        }
        // tokio refuses to wait inside any tokio runtime, so a thread of our own waits.
        let waiter = std::thread::Builder::new().name("wasmcell-shutdown".into());
        let end = move || all.into_iter().for_each(|it| it.shutdown_timeout(PATIENCE));
        let waiter = spawn(waiter, end);
        if let Ok(waiter) = waiter {
            let _ = waiter.join();
        }
    }
}
