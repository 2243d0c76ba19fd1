//! Signals of the process that this library lives in, which belong to its host.

mod bell;
mod mask;

use std::io;
use std::thread::{Builder, JoinHandle};

pub(crate) use bell::Bell;
pub(crate) use mask::{Blocked, Look, Open, ours};

/// Starts a thread of ours: no signal of the host's ever gets to it.
pub(crate) fn spawn<T: Send + 'static>(
    thread: Builder,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let _masked = Blocked::all();
    thread.spawn(|| {
        ours();
        body()
    })
}
