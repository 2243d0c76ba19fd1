//! The epoch thread: wakes guests that compute, so that they look at the clock.
//!
//! It ticks while calls are in flight, goes on for a short while after the last one so that a host
//! that calls again and again does not wake it each time, and then sleeps without waking up.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::EngineWeak;

use crate::error::{Code, Error, Result};
use crate::process::Birthplace;
use crate::stats::Counters;

/// Ticks without a call before the thread goes to sleep.
const LINGER: u32 = 10;

/// Owns the epoch thread of one engine, and joins it when dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    birthplace: Birthplace,
}

struct Shared {
    engine: EngineWeak,
    tick: Duration,
    stats: Arc<Counters>,
    ticks: AtomicU64,
    asleep: AtomicBool,
    stop: Mutex<bool>,
    wake: Condvar,
}

impl Ticker {
    /// Ticks while `stats` knows of a call in flight.
    pub(crate) fn start(engine: EngineWeak, tick: Duration, stats: Arc<Counters>) -> Result<Self> {
        let shared = Arc::new(Shared {
            engine,
            tick,
            stats,
            ticks: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            stop: Mutex::new(false),
            wake: Condvar::new(),
        });
        let thread = std::thread::Builder::new()
            .name("wasmcell-epoch".into())
            .stack_size(64 << 10)
            .spawn({
                let shared = shared.clone();
                move || shared.run()
            })
            .map_err(|error| {
                Error::new(Code::Io, format_args!("starting the epoch thread: {error}"))
            })?;
        Ok(Self { shared, thread: Some(thread), birthplace: Birthplace::here() })
    }

    /// Announces a call that was counted as started.
    pub(crate) fn wake(&self) {
        let shared = &*self.shared;
        // In one order with the thread's "asleep, then look again": one of the two sees the other.
        if shared.asleep.load(SeqCst) {
            let _stop = shared.lock();
            shared.asleep.store(false, SeqCst);
            shared.wake.notify_one();
        }
    }

    /// How long a tick takes.
    pub(crate) fn tick(&self) -> Duration {
        self.shared.tick
    }

    /// Ticks so far.
    pub(crate) fn ticks(&self) -> u64 {
        self.shared.ticks.load(SeqCst)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if self.birthplace.is_forked() {
            // The thread did not come along, and its lock may be held for ever.
            return;
        }
        *self.shared.lock() = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked; and if it had, there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut idle = 0;
        let mut stop = self.lock();
        while !*stop {
            stop = if idle < LINGER {
                let waited = self.wake.wait_timeout(stop, self.tick);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                idle = 0;
                self.sleep(stop)
            };
            idle = if self.stats.is_busy() { 0 } else { idle + 1 };
            self.ticks.fetch_add(1, SeqCst);
            if let Some(engine) = self.engine.upgrade() {
                engine.increment_epoch();
            }
        }
    }

    /// Sleeps until a call comes or the runtime goes.
    fn sleep<'a>(&self, mut stop: MutexGuard<'a, bool>) -> MutexGuard<'a, bool> {
        self.asleep.store(true, SeqCst);
        while !*stop && self.asleep.load(SeqCst) && !self.stats.is_busy() {
            stop = self.wake.wait(stop).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.store(false, SeqCst);
        stop
    }
}
