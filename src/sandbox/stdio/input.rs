//! What a callback of the host has for a guest's stdin.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;

use crate::error::{Code, Error, Result};
use crate::host::HostCall;
use crate::sandbox::ReadFn;

/// How much the callback is asked for at once.
const CHUNK: usize = 64 << 10;

pub(super) struct Input {
    read: Arc<ReadFn>,
    buffer: Mutex<Buffer>,
}

#[derive(Default)]
struct Buffer {
    bytes: Bytes,
    end: Option<End>,
    wanted: bool,
    waiting: Vec<Waker>,
}

enum End {
    Reached,
    Failed(Error),
}

impl Input {
    pub(super) fn new(read: Arc<ReadFn>) -> Self {
        Self { read, buffer: Mutex::default() }
    }

    /// At most `size` bytes; none, if there are none yet; nothing at the end.
    pub(super) fn take(&self, size: usize) -> Result<Option<Bytes>> {
        let mut buffer = self.lock();
        if buffer.bytes.is_empty() {
            return match &buffer.end {
                Some(End::Failed(error)) => Err(error.clone()),
                Some(End::Reached) => Ok(None),
                None => Ok(Some(Bytes::new())),
            };
        }
        let size = size.min(buffer.bytes.len());
        Ok(Some(buffer.bytes.split_to(size)))
    }

    /// Whether [`take`](Self::take) has something to say. If not, wakes `waker` when it has.
    pub(super) fn is_ready(&self, waker: &Waker) -> bool {
        let mut buffer = self.lock();
        if !buffer.bytes.is_empty() || buffer.end.is_some() {
            return true;
        }
        buffer.wanted = true;
        if !buffer.waiting.iter().any(|known| known.will_wake(waker)) {
            buffer.waiting.push(waker.clone());
        }
        false
    }

    /// Calls the callback, if the guest waits for it.
    pub(super) fn fetch(&self, call: &HostCall) {
        if !mem::take(&mut self.lock().wanted) {
            return;
        }
        let mut chunk = vec![0; CHUNK];
        let read = (self.read)(call, &mut chunk);
        let mut buffer = self.lock();
        match read {
            Ok(0) => buffer.end = Some(End::Reached),
            Ok(len) if len > CHUNK => {
                let problem = format!("stdin's callback gave {len} bytes where {CHUNK} fit");
                buffer.end = Some(End::Failed(Error::new(Code::Host, problem)));
            }
            Ok(len) => {
                chunk.truncate(len);
                buffer.bytes = chunk.into();
            }
            Err(error) => buffer.end = Some(End::Failed(error)),
        }
        let waiting = mem::take(&mut buffer.waiting);
        drop(buffer);
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
