//! Putting our handlers on top, and telling whether they are there.
//!
//! wasmtime installs one handler, once for the process, which calls the one before it as a plain
//! function. So [`beyond`] is put there first, for wasmtime to find, and one of [`FRONTS`] on top
//! afterwards, which asks wasmtime's.
#![allow(unsafe_code)]

use std::mem;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use libc::{c_int, sigaction};

use super::chain::{CHAINS, Chain, FRONTS, LEVELS, SIGNALS, ask, beyond, guests};
use super::covered::Handler;
use crate::error::Result;
use crate::system::process::steadily;

/// A signal may interrupt a guest that has used up its stack, and another one its handler.
const FLAGS: c_int = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;

/// One thread at a time changes what is on top.
static CHANGING: Mutex<()> = Mutex::new(());

/// Runs `make`, which makes an engine whose guests raise signals, and sees to it that these have
/// handlers. No process forks meanwhile: see [`steadily`].
pub(crate) fn with_handlers<T>(make: impl FnOnce() -> T) -> T {
    let changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    if guests() != 0 {
        drop(changing);
        return make();
    }
    for (signal, chain) in each() {
        let before = current(signal);
        chain.cover(0, before);
        let replaced = install(signal, beyond, 0);
        if !is_same(&replaced, &before) {
            chain.cover(0, replaced);
        }
    }
    let made = make();
    match wasmtimes() {
        Some(handler) => {
            ask(handler);
            each().for_each(|(signal, chain)| put_on_top(signal, chain));
        }
        // No engine was made, and nothing installed.
        None => each().for_each(|(signal, chain)| withdraw(signal, chain)),
    }
    made
}

/// Whether a signal of a guest gets to us first.
pub(crate) fn installed() -> bool {
    guests() != 0 && SIGNALS.iter().all(|signal| is_on_top(&current(*signal)))
}

/// Puts our handlers on top again, if there are any; those that are there now get what is not a
/// guest's.
pub(crate) fn restore() -> Result<()> {
    steadily(|| {
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        if guests() != 0 {
            let others = each().filter(|(signal, _)| !is_on_top(&current(*signal)));
            others.for_each(|(signal, chain)| put_on_top(signal, chain));
        }
        Ok(())
    })
}

fn each() -> impl Iterator<Item = (c_int, &'static Chain)> {
    SIGNALS.into_iter().zip(&CHAINS)
}

/// The handler that wasmtime has just installed, the same for every signal. Another thread may
/// have put its own above it for one of them.
fn wasmtimes() -> Option<usize> {
    let found = SIGNALS.map(current);
    let is_one = |it: &&sigaction| it.sa_flags & FLAGS == FLAGS && !is_ours(it.sa_sigaction);
    let mut handlers = found.iter().filter(is_one).map(|it| it.sa_sigaction);
    handlers.find(|it| found.iter().filter(|other| other.sa_sigaction == *it).count() > 1)
}

fn put_on_top(signal: c_int, chain: &Chain) {
    let top = current(signal);
    // One of ours may be there, but not as we install it.
    let ours = FRONTS.iter().position(|front| address(*front) == top.sa_sigaction);
    let mut level = ours.unwrap_or_else(|| chain.latest());
    if !is_known(top.sa_sigaction) {
        level = (level + 1).min(LEVELS - 1);
        if !chain.covered(level).is_some_and(|it| is_same(&it.action, &top)) {
            chain.cover(level, top);
        }
    }
    let restart = chain.covered(level).map_or(0, |it| it.action.sa_flags & libc::SA_RESTART);
    let Some(front) = FRONTS.get(level) else { return };
    let replaced = install(signal, *front, restart);
    if !is_known(replaced.sa_sigaction) && !is_same(&replaced, &top) {
        chain.cover(level, replaced);
    }
}

/// Puts back what was there before us, unless another handler is there already.
fn withdraw(signal: c_int, chain: &Chain) {
    if current(signal).sa_sigaction != address(beyond) {
        return;
    }
    if let Some(covered) = chain.covered(0) {
        // SAFETY: the system gave this action for this signal.
        unsafe { libc::sigaction(signal, &raw const covered.action, ptr::null_mut()) };
    }
}

fn is_on_top(top: &sigaction) -> bool {
    let needed = libc::SA_SIGINFO | libc::SA_ONSTACK;
    let flags = top.sa_flags & (needed | libc::SA_RESETHAND);
    flags == needed && FRONTS.iter().any(|front| address(*front) == top.sa_sigaction)
}

fn is_ours(handler: usize) -> bool {
    handler == address(beyond) || FRONTS.iter().any(|front| address(*front) == handler)
}

/// Whether it is a handler that we need not cover: it is ours, or wasmtime's.
fn is_known(handler: usize) -> bool {
    handler == guests() || is_ours(handler)
}

fn is_same(a: &sigaction, b: &sigaction) -> bool {
    a.sa_sigaction == b.sa_sigaction && a.sa_flags == b.sa_flags
}

fn address(handler: Handler) -> usize {
    (handler as *const ()).expose_provenance()
}

fn current(signal: c_int) -> sigaction {
    // SAFETY: all zero is a valid action.
    let mut action: sigaction = unsafe { mem::zeroed() };
    // SAFETY: `action` is writable, and the signal exists.
    unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) };
    action
}

/// Gives what was there before.
fn install(signal: c_int, handler: Handler, flags: c_int) -> sigaction {
    // SAFETY: all zero is a valid action, with an empty mask.
    let (mut action, mut before): (sigaction, sigaction) = unsafe { mem::zeroed() };
    action.sa_sigaction = address(handler);
    action.sa_flags = FLAGS | flags;
    // SAFETY: both are as the system wants them; the handler is a function of this library, which
    // is never unloaded.
    unsafe { libc::sigaction(signal, &raw const action, &raw mut before) };
    before
}
