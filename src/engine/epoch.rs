//! The epoch thread: wakes guests that compute, so that they look at the clock, and calls that wait
//! when they are cancelled.
//!
//! It ticks while calls are in flight, goes on for a short while after the last one so that a host
//! that calls again and again does not wake it each time, and then sleeps without waking up.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::cancel::Cancellations;
use crate::engine::engines::Engines;
use crate::error::{Code, Error, Result};
use crate::observer::Observer;
use crate::system::closing::Closing;
use crate::system::thread::spawn;

/// Ticks without a call before the thread goes to sleep.
const LINGER: u32 = 10;

/// Owns the epoch thread of a runtime's engines, and joins it when dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    engines: Weak<Engines>,
    tick: Duration,
    observer: Arc<Observer>,
    ticks: AtomicU64,
    asleep: AtomicBool,
    stop: AtomicBool,
    /// Its bell is what the thread sleeps on.
    cancellations: Arc<Cancellations>,
}

impl Ticker {
    /// Ticks while `observer` knows of a call in flight.
    pub(crate) fn start(
        engines: &Arc<Engines>,
        tick: Duration,
        observer: Arc<Observer>,
        closing: Closing,
    ) -> Result<Self> {
        let shared = Arc::new(Shared {
            engines: Arc::downgrade(engines),
            tick,
            observer,
            ticks: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            cancellations: Arc::new(Cancellations::new(closing)),
        });
        let thread = thread::Builder::new().name("wasmcell-epoch".into()).stack_size(64 << 10);
        let of_thread = shared.clone();
        let thread = spawn(thread, move || of_thread.run()).map_err(|error| {
            Error::new(Code::Io, format_args!("starting the epoch thread: {error}"))
        })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Announces a call that was counted as started.
    pub(crate) fn wake(&self) {
        let shared = &*self.shared;
        // In one order with the thread's "asleep, then look again": one of the two sees the other.
        if shared.asleep.load(SeqCst) {
            shared.asleep.store(false, SeqCst);
            shared.cancellations.bell().ring();
        }
    }

    /// The calls that wait.
    pub(crate) fn cancellations(&self) -> &Arc<Cancellations> {
        &self.shared.cancellations
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

impl Ticker {
    /// Ends the thread, for good.
    pub(crate) fn end(&self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.cancellations.bell().ring();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It cannot have panicked; and if it had, there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn run(&self) {
        let mut idle = 0;
        let mut next = Instant::now() + self.tick;
        while !self.stop.load(SeqCst) {
            if idle < LINGER {
                if self.pause(next) {
                    self.cancellations.deliver();
                    continue;
                }
            } else {
                idle = 0;
                self.sleep();
            }
            next = Instant::now() + self.tick;
            idle = if self.observer.counters().is_busy() { 0 } else { idle + 1 };
            self.ticks.fetch_add(1, SeqCst);
            if let Some(engines) = self.engines.upgrade() {
                engines.tick();
            }
        }
    }

    /// Waits for the next tick; whether something else comes first.
    fn pause(&self, next: Instant) -> bool {
        let left = next.saturating_duration_since(Instant::now());
        !left.is_zero() && self.cancellations.bell().wait(Some(left))
    }

    /// Sleeps until a call comes or the runtime goes.
    fn sleep(&self) {
        self.asleep.store(true, SeqCst);
        while !self.stop.load(SeqCst)
            && self.asleep.load(SeqCst)
            && !self.observer.counters().is_busy()
        {
            self.cancellations.bell().wait(None);
            // Loads can be cancelled as well, and are not calls.
            self.cancellations.deliver();
        }
        self.asleep.store(false, SeqCst);
    }
}
