//! Whom a signal of traps goes to: to the guest that raised it, or to who had it before us.
//!
//! Each time that we go on top there is another function of ours there, which knows whom it covers.
//! So a handler of the host's that puts back what it found, or passes on to it, gets to what was
//! there before it, as if the system had called it; however often the two cover each other.
//!
//! Everything here runs in signal handlers.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::AcqRel, Ordering::Acquire};

use libc::{c_int, c_void, sigaction, siginfo_t, ucontext_t};

use super::covered::{Covered, Handler};
use super::pass;
use crate::system::process::steadily_in_handler;

/// What wasmtime handles.
#[cfg(any(target_arch = "x86_64", target_arch = "s390x"))]
pub(super) const SIGNALS: [c_int; 3] = [libc::SIGSEGV, libc::SIGILL, libc::SIGFPE];
#[cfg(not(any(target_arch = "x86_64", target_arch = "s390x")))]
pub(super) const SIGNALS: [c_int; 2] = [libc::SIGSEGV, libc::SIGILL];

/// How often we can go on top as another one. Who comes later takes the place of the last.
pub(super) const LEVELS: usize = 16;

/// What we put on top, one for each time.
pub(super) static FRONTS: [Handler; LEVELS] = [
    front::<0>,
    front::<1>,
    front::<2>,
    front::<3>,
    front::<4>,
    front::<5>,
    front::<6>,
    front::<7>,
    front::<8>,
    front::<9>,
    front::<10>,
    front::<11>,
    front::<12>,
    front::<13>,
    front::<14>,
    front::<15>,
];

/// Whom each of [`FRONTS`] covers, for one signal.
pub(super) struct Chain([AtomicPtr<Covered>; LEVELS]);

pub(super) static CHAINS: [Chain; SIGNALS.len()] = [const { Chain::new() }; SIGNALS.len()];

/// wasmtime's handler; 0 before there is one.
static GUESTS: AtomicUsize = AtomicUsize::new(0);

impl Chain {
    const fn new() -> Self {
        Self([const { AtomicPtr::new(ptr::null_mut()) }; LEVELS])
    }

    pub(super) fn covered(&self, level: usize) -> Option<&'static Covered> {
        // SAFETY: `cover` alone puts pointers there, to what it has leaked.
        unsafe { self.0.get(level)?.load(Acquire).as_ref() }
    }

    /// The last level that covers a handler.
    pub(super) fn latest(&self) -> usize {
        (0..LEVELS).rev().find(|level| self.covered(*level).is_some()).unwrap_or(0)
    }

    /// Has `level` cover `action`.
    pub(super) fn cover(&self, level: usize, action: sigaction) {
        let Some(slot) = self.0.get(level) else { return };
        let covered =
            Covered { action, spent: AtomicBool::new(false), _before: slot.load(Acquire) };
        slot.swap(Box::into_raw(Box::new(covered)), AcqRel);
    }
}

pub(super) fn guests() -> usize {
    GUESTS.load(Acquire)
}

/// Has the handlers of ours ask `handler`, which is wasmtime's, whether a guest raised the signal.
pub(super) fn ask(handler: usize) {
    GUESTS.store(handler, std::sync::atomic::Ordering::Release);
}

/// Bits of a mark above those of levels.
const ASKING: usize = 1 << LEVELS;
const DECLINED: usize = ASKING << 1;
const BITS: usize = (DECLINED << 1) - 1;

/// What we know of a signal that is being passed on: the levels that it has gone down, one bit
/// each. It is kept in a field of the signal's own context in which the system leaves 0 and does
/// not look. So it is there when a handler passes the signal back to us, and gone with the signal,
/// also when a handler leaves by longjmp.
#[derive(Clone, Copy)]
struct Mark<'a>(Option<&'a Cell<usize>>);

impl Mark<'_> {
    /// # Safety
    /// `context` is NULL, or the context of a signal that is handled as long as this is used.
    unsafe fn of(context: *mut c_void) -> Self {
        let context: *mut ucontext_t = context.cast();
        if context.is_null() {
            return Self(None);
        }
        // SAFETY: as the caller says; a pointer and a number are equally large, and only the
        // thread that handles the signal has its context.
        Self(Some(unsafe { &*(&raw mut (*context).uc_link).cast::<Cell<usize>>() }))
    }

    /// Above the bits stands who set them: a process may have several copies of this library.
    fn owner() -> usize {
        ((&raw const CHAINS).addr() / align_of::<usize>()).wrapping_mul(BITS + 1)
    }

    fn bits(self) -> usize {
        let mark = self.0.map_or(0, Cell::get);
        if mark & !BITS == Self::owner() { mark & BITS } else { 0 }
    }

    fn set(self, bits: usize) {
        if let Some(mark) = self.0 {
            mark.set(Self::owner() | bits);
        }
    }

    /// Runs `body` while `bits` stand there too; gives those that stand there at the end of it.
    fn with(self, bits: usize, body: impl FnOnce()) -> usize {
        let before = self.0.map(Cell::get);
        self.set(self.bits() | bits);
        body();
        let after = self.bits();
        if let (Some(mark), Some(before)) = (self.0, before) {
            mark.set(before);
        }
        after
    }
}

/// What the system calls.
unsafe extern "C" fn front<const LEVEL: usize>(
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
) {
    // SAFETY: who called this passed on what the system gave, as POSIX obliges.
    unsafe {
        if !is_guests(signal, info, context) {
            pass_on(LEVEL, signal, info, context);
        }
    }
}

/// What wasmtime takes for the handler before its own.
pub(super) unsafe extern "C" fn beyond(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: as in `front`.
    let mark = unsafe { Mark::of(context) };
    if mark.bits() & ASKING != 0 {
        mark.set(mark.bits() | DECLINED);
    } else {
        // wasmtime's own is on top: we are about to put ours there.
        // SAFETY: as in `front`.
        unsafe { pass_on(0, signal, info, context) };
    }
}

/// Has wasmtime see to the signal if a guest raised it.
///
/// # Safety
/// As [`front`].
unsafe fn is_guests(signal: c_int, info: *mut siginfo_t, context: *mut c_void) -> bool {
    let handler = guests();
    if handler == 0 || context.is_null() {
        return false;
    }
    // SAFETY: `ask` was given a handler of this type.
    let handler = unsafe { std::mem::transmute::<usize, Handler>(handler) };
    // SAFETY: as the caller says.
    let mark = unsafe { Mark::of(context) };
    // It reads wasmtime's register of code, which a fork must not inherit locked.
    // SAFETY: as the caller says.
    let call = || steadily_in_handler(|| unsafe { handler(signal, info, context) });
    mark.with(ASKING, call) & DECLINED == 0
}

/// Calls whom `level` covers; or who is below, if that one has had it already.
///
/// # Safety
/// As [`front`].
unsafe fn pass_on(level: usize, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: as the caller says.
    let mark = unsafe { Mark::of(context) };
    let chain = SIGNALS.iter().position(|it| *it == signal).and_then(|i| CHAINS.get(i));
    let levels = (0..=level).rev().filter(|level| mark.bits() & 1 << level == 0);
    let next = levels.filter_map(|level| Some((level, chain?.covered(level)?))).next();
    let Some((level, covered)) = next else {
        // SAFETY: as the caller says.
        return unsafe { pass::default(signal, info) };
    };
    // SAFETY: as the caller says; the action was in force when it was covered.
    mark.with(1 << level, || unsafe { pass::call(covered, signal, info, context) });
}
