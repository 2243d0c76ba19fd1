//! What a guest printed, on its way to a callback of the host.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::host::HostCall;
use crate::sandbox::WriteFn;

/// How much waits for the callback at most; also the longest line that stays whole.
pub(super) const CAPACITY: usize = 64 << 10;

pub(super) struct Outlet {
    write: Arc<WriteFn>,
    whole_lines: bool,
    buffer: Mutex<Buffer>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// The guest wants all that can be delivered to be delivered before it goes on.
    flushing: bool,
    waiting: Vec<Waker>,
}

impl Outlet {
    pub(super) fn new(write: Arc<WriteFn>, whole_lines: bool) -> Self {
        Self { write, whole_lines, buffer: Mutex::default() }
    }

    /// How much the guest may write now; 0 if it has to wait.
    pub(super) fn room(&self) -> usize {
        let buffer = self.lock();
        match self.owes(&buffer) {
            true => 0,
            false => CAPACITY - buffer.bytes.len(),
        }
    }

    /// Whether the guest has flushed what the callback did not get yet.
    pub(super) fn is_flushing(&self) -> bool {
        self.owes(&self.lock())
    }

    fn owes(&self, buffer: &Buffer) -> bool {
        buffer.flushing && self.ripe(&buffer.bytes) > 0
    }

    /// Takes what there is room for; false if that is not all.
    pub(super) fn push(&self, bytes: &[u8]) -> bool {
        let mut buffer = self.lock();
        let fits = bytes.len() <= CAPACITY - buffer.bytes.len();
        if fits {
            buffer.bytes.extend_from_slice(bytes);
        }
        fits
    }

    pub(super) fn flush(&self) {
        self.lock().flushing = true;
    }

    /// Wakes `waker` after the next delivery.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut buffer = self.lock();
        if !buffer.waiting.iter().any(|known| known.will_wake(waker)) {
            buffer.waiting.push(waker.clone());
        }
    }

    /// Calls the callback with all that can go.
    pub(super) fn deliver(&self, call: &HostCall) {
        let (bytes, waiting) = {
            let mut buffer = self.lock();
            let ripe = self.ripe(&buffer.bytes);
            let rest = buffer.bytes.split_off(ripe);
            buffer.flushing = false;
            (mem::replace(&mut buffer.bytes, rest), mem::take(&mut buffer.waiting))
        };
        self.write(call, &bytes);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Calls the callback with a line that has no end.
    pub(super) fn deliver_rest(&self, call: &HostCall) {
        let bytes = mem::take(&mut self.lock().bytes);
        self.write(call, &bytes);
    }

    fn write(&self, call: &HostCall, bytes: &[u8]) {
        if self.whole_lines {
            bytes.split_inclusive(|byte| *byte == b'\n').for_each(|line| (self.write)(call, line));
        } else if !bytes.is_empty() {
            (self.write)(call, bytes);
        }
    }

    /// How many of `bytes` can go.
    fn ripe(&self, bytes: &[u8]) -> usize {
        match self.whole_lines && bytes.len() < CAPACITY {
            true => bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1),
            false => bytes.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
