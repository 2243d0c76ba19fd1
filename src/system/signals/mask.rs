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

/// What traps need let through on this thread, for as long as a guest runs on it, whatever mask
/// its host chose: a fault that is blocked ends the process, however well it would be handled.
///
/// It is looked at for each call. A host may change the mask between any two of them, and nothing
/// but the system call tells: what a look costs is what it costs to be right.
#[must_use]
pub(crate) struct Open {
    /// Which of [`FAULTS`] to block again, one bit each.
    blocked: u8,
}

impl Open {
    /// Looks, unless guests raise no signals, or the host has said that it blocks none of these.
    #[inline(always)]
    pub(crate) fn here(looks: bool) -> Self {
        Self { blocked: if looks { let_through() } else { 0 } }
    }
}

impl Drop for Open {
    #[inline(always)]
    fn drop(&mut self) {
        if self.blocked != 0 {
            block_again(self.blocked);
        }
    }
}

/// Lets faults through, and tells which were blocked.
#[inline(always)]
fn let_through() -> u8 {
    match blocked_faults() {
        0 => 0,
        blocked => {
            change(libc::SIG_UNBLOCK, &faults(blocked));
            blocked
        }
    }
}

/// Which of [`FAULTS`] are blocked on this thread. Looking takes a seventh less than changing.
#[inline(always)]
fn blocked_faults() -> u8 {
    let mask = mask();
    let bits = FAULTS.iter().enumerate().map(|(i, signal)| {
        let bit = (mask >> (signal - 1) & 1) as u8;
        bit << i
    });
    bits.sum()
}

/// This thread's mask: of each of the first 64 signals a bit, as the kernel has it.
#[cfg(target_os = "linux")]
#[inline(always)]
fn mask() -> u64 {
    let mut mask = 0_u64;
    let (none, size) = (ptr::null::<u64>(), size_of::<u64>());
    // SAFETY: without a new set the call writes `size` bytes to `mask`, and does nothing else.
    unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, none, &raw mut mask, size);
    }
    mask
}

/// This thread's mask: of each of [`FAULTS`] a bit.
#[cfg(not(target_os = "linux"))]
fn mask() -> u64 {
    let before = change(libc::SIG_BLOCK, &faults(0));
    // SAFETY: the set is initialised, and the signals exist.
    let is_blocked = |signal| unsafe { libc::sigismember(&raw const before, signal) == 1 };
    FAULTS.iter().map(|signal| u64::from(is_blocked(*signal)) << (signal - 1)).sum()
}

#[cold]
fn block_again(bits: u8) {
    change(libc::SIG_BLOCK, &faults(bits));
}

/// Those of [`FAULTS`] whose bit is set.
fn faults(bits: u8) -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the first call fills in the whole set, the others change it; the signals exist.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for (i, signal) in FAULTS.iter().enumerate() {
            if bits & 1 << i != 0 {
                libc::sigaddset(set.as_mut_ptr(), *signal);
            }
        }
        set.assume_init()
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
pub(super) fn change(how: c_int, set: &sigset_t) -> sigset_t {
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
        let mask = change(libc::SIG_BLOCK, &faults(0));
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
    fn faults_get_through_while_a_guest_runs() {
        std::thread::spawn(|| {
            drop(Open::here(true));
            change(libc::SIG_BLOCK, &faults(0b101));
            {
                let _outer = Open::here(true);
                assert!(FAULTS.iter().all(|it| !blocked(*it)));
                let _here = change(libc::SIG_BLOCK, &full());
                {
                    let _inner = Open::here(true);
                    assert!(FAULTS.iter().all(|it| !blocked(*it)) && blocked(libc::SIGTERM));
                }
                assert!(FAULTS.iter().all(|it| blocked(*it)));
                change(libc::SIG_UNBLOCK, &full());
            }
            assert_eq!(FAULTS.map(blocked), [true, false, true, false]);
            {
                let _open = Open::here(false);
                assert_eq!(FAULTS.map(blocked), [true, false, true, false]);
            }
            assert_eq!(FAULTS.map(blocked), [true, false, true, false]);
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
