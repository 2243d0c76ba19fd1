//! Which signals reach which thread.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::time::{Duration, Instant};

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

/// How long an instance's calls on one thread go by the last look at its mask. A look is a system
/// call, which takes as long as half a small call: so it costs them at most a hundredth.
const FRESH: Duration = Duration::from_micros(10);

/// When to look at a thread's mask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Each time.
    Always,
    /// Not if this thread looked just now, outside of all calls, and blocked nothing.
    Again,
    /// Never: no guest raises signals here.
    Never,
}

/// What traps need let through on this thread, for as long as a guest runs on it, whatever mask
/// its host chose: a fault that is blocked ends the process, however well it would be handled.
#[must_use]
pub(crate) struct Open {
    /// Which of [`FAULTS`] to block again, one bit each.
    blocked: u8,
    /// Until when the last look holds.
    until: Instant,
    /// This thread's [`UNTIL`]; `None` if nobody looked.
    known: Option<NonNull<Cell<Option<Instant>>>>,
}

thread_local! {
    /// Until when the last look at this thread's mask holds; `None` within a call, whose host
    /// functions may do what they like.
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Open {
    #[inline(always)]
    pub(crate) fn here(look: Look, now: Instant) -> Self {
        if look == Look::Never {
            return Self { blocked: 0, until: now, known: None };
        }
        UNTIL.with(|until| {
            let known = Some(NonNull::from(until));
            match until.take() {
                Some(until) if look == Look::Again && now < until => {
                    Self { blocked: 0, until, known }
                }
                _ => {
                    let blocked = let_through();
                    let until = if blocked == 0 { now + FRESH } else { now };
                    Self { blocked, until, known }
                }
            }
        })
    }
}

impl Drop for Open {
    #[inline(always)]
    fn drop(&mut self) {
        if self.blocked != 0 {
            block_again(self.blocked);
        }
        if let Some(known) = self.known {
            // SAFETY: it was made by `here` on this thread, which it cannot leave, from a variable
            // that lives as long as the thread and is borrowed by nobody.
            unsafe { known.as_ref() }.set(Some(self.until));
        }
    }
}

/// Lets faults through, and tells which were blocked.
#[cold]
fn let_through() -> u8 {
    let before = change(libc::SIG_UNBLOCK, &faults(u8::MAX));
    let bits = FAULTS.iter().enumerate().map(|(i, signal)| {
        // SAFETY: the set is initialised, and the signal exists.
        u8::from(unsafe { libc::sigismember(&raw const before, *signal) } == 1) << i
    });
    bits.sum()
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
            let now = Instant::now();
            let open = |look| Open::here(look, now);
            drop(open(Look::Again));
            change(libc::SIG_BLOCK, &faults(0b101));
            // It was looked at just now.
            drop(open(Look::Again));
            {
                let _outer = open(Look::Always);
                assert!(FAULTS.iter().all(|it| !blocked(*it)));
                let _here = change(libc::SIG_BLOCK, &full());
                {
                    // Within a call it is always looked at.
                    let _inner = open(Look::Again);
                    assert!(FAULTS.iter().all(|it| !blocked(*it)) && blocked(libc::SIGTERM));
                }
                assert!(FAULTS.iter().all(|it| blocked(*it)));
                change(libc::SIG_UNBLOCK, &full());
            }
            assert_eq!(FAULTS.map(blocked), [true, false, true, false]);
            drop(open(Look::Never));
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
