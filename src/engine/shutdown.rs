//! How far a runtime is with its end, and what has to end before.

use std::sync::atomic::AtomicU8;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

mod gate;

pub(crate) use gate::{Entry, Gate, Pass, Revoke, closed};

/// How far a runtime is with its end.
pub(crate) struct Shutdown {
    pub(super) gate: Arc<Gate>,
    state: Mutex<State>,
    pub(super) changed: Condvar,
    pub(super) stage: AtomicU8,
}

pub(super) enum State {
    Open,
    /// By that thread.
    Ending(JoinHandle<()>),
    /// The thread has nothing more to do.
    Ended(Option<JoinHandle<()>>),
}

/// What the end of a runtime waits for.
pub(super) mod stage {
    pub(crate) const CALLS: u8 = 0;
    pub(crate) const OBJECTS: u8 = 1;
    pub(crate) const LOG: u8 = 2;
    pub(crate) const THREADS: u8 = 3;
}

impl Shutdown {
    pub(crate) fn new() -> Self {
        let (state, stage) = (Mutex::new(State::Open), AtomicU8::new(stage::CALLS));
        Self { gate: Arc::new(Gate::new()), state, changed: Condvar::new(), stage }
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
