//! Which signals reach which thread.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, sigset_t};

/// What a guest raises on its thread when it breaks a rule. The system ends the process if they
/// are blocked then.
const FAULTS: [c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// Every signal blocked on this thread, until this is dropped. Threads that are made meanwhile
/// begin so: none of them ever takes a signal of the host's.
#[must_use]
pub(crate) struct Blocked {
    before: sigset_t,
    /// A mask is its thread's.
    _here: std::marker::PhantomData<*const ()>,
}

impl Blocked {
    pub(crate) fn all() -> Self {
        let before = change(libc::SIG_SETMASK, &full());
        Self { before, _here: std::marker::PhantomData }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        change(libc::SIG_SETMASK, &self.before);
    }
}

/// Makes this thread one of ours: it leaves every signal to the host's but those that traps need.
pub(crate) fn ours() {
    let mut mask = full();
    for signal in FAULTS {
        // SAFETY: `mask` is initialised, and the signals exist.
        unsafe { libc::sigdelset(&raw mut mask, signal) };
    }
    change(libc::SIG_SETMASK, &mask);
}

fn full() -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: this fills in the whole set, and cannot fail.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}

/// Changes this thread's mask, and gives the one before.
fn change(how: c_int, set: &sigset_t) -> sigset_t {
    let mut before = MaybeUninit::zeroed();
    // SAFETY: `set` is initialised; the mask is the calling thread's alone. It fails only for a
    // `how` that does not exist, and a set of zeros is one.
    unsafe {
        libc::pthread_sigmask(how, ptr::from_ref(set), before.as_mut_ptr());
        before.assume_init()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(signal: c_int) -> bool {
        let mask = change(libc::SIG_BLOCK, &{
            let mut none = MaybeUninit::uninit();
            // SAFETY: this fills in the whole set.
            unsafe {
                libc::sigemptyset(none.as_mut_ptr());
                none.assume_init()
            }
        });
        // SAFETY: `mask` is initialised, and the signal exists.
        unsafe { libc::sigismember(&raw const mask, signal) == 1 }
    }

    #[test]
    fn threads_begin_blocked_and_the_maker_gets_its_mask_back() {
        std::thread::spawn(|| {
            assert!(!blocked(libc::SIGTERM) && !blocked(libc::SIGSEGV));
            let masked = Blocked::all();
            let thread = std::thread::spawn(|| {
                assert!(blocked(libc::SIGTERM) && blocked(libc::SIGSEGV));
                ours();
                assert!(blocked(libc::SIGTERM) && !blocked(libc::SIGSEGV));
            });
            assert!(blocked(libc::SIGTERM));
            drop(masked);
            assert!(!blocked(libc::SIGTERM));
            thread.join().unwrap();
        })
        .join()
        .unwrap();
    }

    #[test]
    fn the_mask_comes_back_from_a_panic() {
        let failed = std::panic::catch_unwind(|| {
            let _masked = Blocked::all();
            panic!("on purpose");
        });
        assert!(failed.is_err() && !blocked(libc::SIGTERM));
    }
}
