//! Has forks wait for moments at which no thread holds what all runtimes of a process share.
//!
//! wasmtime has one register of machine code for the process, tracing one of subscribers, and both
//! make things once that every runtime needs. A thread that has one of them locked does not come
//! along into a fork, where it stays locked for ever: the fork could not build a runtime of its
//! own. So the few places that lock them say so, and a fork waits until none does: microseconds,
//! or, while a pool is reserved, as long as that takes. Handlers of guests' signals are such
//! places, too: wasmtime looks the code up that raised one.
//!
//! What runs in between must not call the host, which may fork.

#[cfg(unix)]
use std::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};
#[cfg(unix)]
use std::time::{Duration, Instant};

/// Threads that hold something.
#[cfg(unix)]
static HOLDERS: AtomicU32 = AtomicU32::new(0);

/// Threads that are about to fork.
#[cfg(unix)]
static FORKING: AtomicU32 = AtomicU32::new(0);

/// Longer than anything takes: who waits longer is deadlocked, and may as well go on.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs `body`, while no thread of this process forks.
///
/// One that forks by other means than the C library's `fork` is not held up.
#[cfg(unix)]
pub(crate) fn steadily<R>(body: impl FnOnce() -> R) -> R {
    hook();
    let _steady = Steady::new(pause);
    body()
}

#[cfg(not(unix))]
pub(crate) fn steadily<R>(body: impl FnOnce() -> R) -> R {
    body()
}

#[cfg(unix)]
struct Steady;

#[cfg(unix)]
impl Steady {
    fn new(pause: fn()) -> Self {
        let begin = Instant::now();
        // In one order with what `prepare` does: one of the two sees the other.
        HOLDERS.fetch_add(1, SeqCst);
        while FORKING.load(SeqCst) > 0 && begin.elapsed() < PATIENCE {
            HOLDERS.fetch_sub(1, SeqCst);
            pause();
            HOLDERS.fetch_add(1, SeqCst);
        }
        Self
    }
}

#[cfg(unix)]
impl Drop for Steady {
    fn drop(&mut self) {
        // Not below 0, which it is in a fork that was made in between against the rule.
        let _ = HOLDERS.fetch_update(SeqCst, Relaxed, |holders| holders.checked_sub(1));
    }
}

/// As [`steadily`], for a signal handler: it takes no lock, and leaves `errno` alone.
#[cfg(unix)]
pub(crate) fn steadily_in_handler<R>(body: impl FnOnce() -> R) -> R {
    let _steady = Steady::new(std::thread::yield_now);
    body()
}

/// A system call that takes no lock and is allowed everywhere.
#[cfg(unix)]
fn pause() {
    std::thread::sleep(Duration::from_micros(20));
}

/// Has every `fork` of this process go through the three functions below.
#[cfg(unix)]
#[expect(unsafe_code, reason = "there is no safe way to be told of forks")]
fn hook() {
    static HOOKED: AtomicBool = AtomicBool::new(false);
    if !HOOKED.swap(true, SeqCst) {
        // SAFETY: the three functions touch atomics only, and stay where they are: this library is
        // never unloaded. Without memory for them forks are as they ever were.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    }
}

#[cfg(unix)]
extern "C" fn prepare() {
    FORKING.fetch_add(1, SeqCst);
    let begin = Instant::now();
    while HOLDERS.load(SeqCst) > 0 && begin.elapsed() < PATIENCE {
        pause();
    }
}

#[cfg(unix)]
extern "C" fn in_parent() {
    FORKING.fetch_sub(1, SeqCst);
}

/// Threads that held something, or were about to fork, did not come along.
#[cfg(unix)]
extern "C" fn in_child() {
    HOLDERS.store(0, SeqCst);
    FORKING.store(0, SeqCst);
}
