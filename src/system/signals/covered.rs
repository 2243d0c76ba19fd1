//! What the host had installed where a handler of ours is now.

use std::sync::atomic::AtomicBool;

use libc::{c_int, c_void, sigaction, siginfo_t};

pub(super) type Handler = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// Whom a handler of ours covers. Never released: a handler may be looking at it.
pub(super) struct Covered {
    pub action: sigaction,
    /// It was to be called once (SA_RESETHAND), and was.
    pub spent: AtomicBool,
    /// Whose place it took; only so that leak checkers find it.
    pub(super) _before: *const Covered,
}
