//! What a thread of ours sleeps on, and a signal handler may wake.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

/// Wakes the one thread that waits for it, from wherever it is rung. Neither locks, allocates nor
/// looks at anything but itself, so it may be rung in a signal handler.
#[derive(Debug, Default)]
pub(crate) struct Bell(AtomicU32);

const RUNG: u32 = 1;

impl Bell {
    /// Ends the wait that is on, or else the next one.
    pub(crate) fn ring(&self) {
        if self.0.swap(RUNG, SeqCst) != RUNG {
            sys::wake(&self.0);
        }
    }

    /// Waits until it is rung, at most for `limit`; whether it was rung since the last wait.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> bool {
        if self.0.load(SeqCst) != RUNG {
            sys::wait(&self.0, limit);
        }
        self.0.swap(0, SeqCst) == RUNG
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use std::ptr;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    pub(super) fn wake(word: &AtomicU32) {
        let call = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        let mut errno = Errno::keep();
        // SAFETY: the word is live; waking reads nothing of it. That no thread is there is not an
        // error.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), call, 1) };
        errno.restore();
    }

    /// Returns when it was woken, late, or interrupted, or at once if the word is not 0.
    pub(super) fn wait(word: &AtomicU32, limit: Option<Duration>) {
        let limit = limit.map(|limit| libc::timespec {
            tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(limit.subsec_nanos() as i32),
        });
        let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        let call = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the word and the time are live; the system reads both.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), call, 0, limit) };
    }

    /// A signal handler must leave errno alone.
    struct Errno(libc::c_int);

    impl Errno {
        fn keep() -> Self {
            // SAFETY: the address is the thread's own, and always there.
            Self(unsafe { *libc::__errno_location() })
        }

        fn restore(&mut self) {
            // SAFETY: as above.
            unsafe { *libc::__errno_location() = self.0 };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::time::{Duration, Instant};

    /// There is no call that a signal handler may make and that wakes a thread, so it looks.
    const LOOK: Duration = Duration::from_millis(10);

    pub(super) fn wake(_: &AtomicU32) {}

    pub(super) fn wait(word: &AtomicU32, limit: Option<Duration>) {
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        while word.load(SeqCst) == 0 {
            let left = end.map_or(LOOK, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;

    #[test]
    fn it_is_heard_once_before_and_while_somebody_waits() {
        let bell = Arc::new(Bell::default());
        assert!(!bell.wait(Some(Duration::from_millis(1))));
        bell.ring();
        bell.ring();
        assert!(bell.wait(None));
        assert!(!bell.wait(Some(Duration::ZERO)));
        let there = bell.clone();
        let start = Instant::now();
        let waiter = std::thread::spawn(move || there.wait(Some(Duration::from_secs(100))));
        std::thread::sleep(Duration::from_millis(20));
        bell.ring();
        assert!(waiter.join().unwrap() && start.elapsed() < Duration::from_secs(50));
    }
}
