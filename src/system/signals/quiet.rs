//! Writing without the signals that end a program which writes where nobody reads, or too much.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use libc::{c_int, sigset_t};

use super::mask::change;

/// What a write raises on its thread besides failing.
const SIGNALS: [c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// While this is alive, writes of this thread fail and do nothing else. Threads of ours need
/// none: they block every signal.
#[must_use]
pub(crate) struct Quiet {
    before: sigset_t,
    /// Which of [`SIGNALS`] waited already, for another handler.
    waited: [bool; SIGNALS.len()],
    /// A mask is its thread's.
    _here: PhantomData<*const ()>,
}

impl Quiet {
    pub(crate) fn here() -> Self {
        let before = change(libc::SIG_BLOCK, &set(SIGNALS));
        Self { before, waited: waiting(), _here: PhantomData }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let waiting = waiting();
        for (i, signal) in SIGNALS.into_iter().enumerate() {
            if waiting[i] && !self.waited[i] {
                take(signal);
            }
        }
        change(libc::SIG_SETMASK, &self.before);
    }
}

fn set<const N: usize>(signals: [c_int; N]) -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the first call fills in the whole set, the others change it; the signals exist.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Which of [`SIGNALS`] are blocked and wait.
fn waiting() -> [bool; SIGNALS.len()] {
    let mut pending = set([]);
    // SAFETY: the set is writable, and the signals exist.
    unsafe {
        libc::sigpending(&raw mut pending);
        SIGNALS.map(|signal| libc::sigismember(&raw const pending, signal) == 1)
    }
}

/// Takes one that waits, without anything being done about it.
fn take(signal: c_int) {
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let (set, nothing) = (set([signal]), std::ptr::null_mut());
        // SAFETY: the set and the time are live; nobody wants to know more about the signal.
        while unsafe { libc::sigtimedwait(&raw const set, nothing, &raw const at_once) } < 0
            && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
        {}
    }
    #[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
    {
        let (set, mut taken) = (set([signal]), 0);
        // SAFETY: the set is live and `taken` writable. It waits already, so this returns.
        unsafe { libc::sigwait(&raw const set, &raw mut taken) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_write_that_nobody_reads_fails_and_that_is_all() {
        let thread = std::thread::spawn(|| {
            // Rust ignores SIGPIPE, and what is ignored does not wait.
            // SAFETY: there is no handler.
            let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            {
                let _quiet = Quiet::here();
                let (reader, mut writer) = std::io::pipe().unwrap();
                drop(reader);
                let error = writer.write_all(b"?").unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
                assert_eq!(waiting(), [true, false]);
                // One that waits for another handler is left to wait.
                drop(Quiet::here());
                assert_eq!(waiting(), [true, false]);
            }
            assert_eq!(waiting(), [false, false]);
            // SAFETY: what was there before.
            unsafe { libc::signal(libc::SIGPIPE, before) };
        });
        thread.join().unwrap();
    }
}
