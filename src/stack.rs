//! How much is left of the native stack, where guests run on it or calls are nested.
//!
//! A guest that may wait has a stack of its own; one that never waits runs on its caller's. And
//! each host function that calls a guest again takes a few KiB of the thread's, and how often that
//! happens is up to the guests.
#![allow(unsafe_code)]

use crate::error::{Code, Error, Result};

/// What a call and the callbacks in it need at least. A call by itself takes less than 32 KiB.
const NEEDED: usize = 128 << 10;

/// What the library needs of a stack beyond what a guest on it may use.
const BESIDE_GUEST: usize = 256 << 10;

/// What a host function needs of a stack that it shares with the guest, at least.
const BESIDE_CALLBACK: usize = 512 << 10;

/// A thread's stack, where the system tells about it.
#[derive(Clone, Copy)]
pub(crate) struct Stack(Option<Bytes>);

#[derive(Clone, Copy)]
struct Bytes {
    /// Between here and its end.
    left: usize,
    /// In all.
    size: usize,
}

impl Stack {
    /// This thread's.
    pub(crate) fn here() -> Self {
        let Some((lowest, size)) = known_bounds() else { return Self(None) };
        let here = 0_u8;
        // On another stack than the thread's own, such as a coroutine's, nobody knows.
        let left = (&raw const here).addr().checked_sub(lowest).filter(|left| *left < size);
        Self(left.map(|left| Bytes { left, size }))
    }

    /// Whether this system tells about stacks.
    pub(crate) const fn is_told() -> bool {
        cfg!(target_os = "linux")
    }

    /// Refuses a call when the stack is nearly used up. A small one is what the host chose, and
    /// only calls within host functions are refused on it.
    ///
    /// # Errors
    /// `STACK_OVERFLOW`.
    pub(crate) fn check(self) -> Result<()> {
        match self.0 {
            Some(Bytes { left, .. }) if left < NEEDED && (!self.is_small() || is_nested()) => {
                Err(Error::new(
                    Code::StackOverflow,
                    format_args!(
                        "calls and host functions within each other left {left} bytes of the \
                         thread's own stack; a call needs {NEEDED}"
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is room for a guest that may use `max_stack` bytes.
    pub(crate) fn has_room(self, max_stack: usize) -> bool {
        self.0.is_some_and(|it| it.left >= max_stack.saturating_add(BESIDE_GUEST))
    }

    /// Refuses a call of a guest that may use `max_stack` bytes and calls the host from the same
    /// stack.
    ///
    /// # Errors
    /// `STACK_OVERFLOW`.
    pub(crate) fn check_room(self, max_stack: usize) -> Result<()> {
        let needed = max_stack.saturating_add(BESIDE_CALLBACK);
        let found = match self.0 {
            Some(Bytes { left, .. }) if left >= needed => return Ok(()),
            Some(Bytes { left, .. }) => format!("{left} bytes of the thread's own stack are left"),
            None => "this is no thread's own stack, so its size is not known".to_owned(),
        };
        let rule = "`blocking_only` needs `max_stack` and 512 KiB";
        Err(Error::new(Code::StackOverflow, format_args!("{found}; {rule}, {needed} bytes in all")))
    }

    /// Whether it is so small, or so little known, that calls within each other have to be told
    /// by the reactor's context that they are in.
    pub(crate) fn is_small(self) -> bool {
        self.0.is_none_or(|it| it.size < 2 * NEEDED)
    }
}

/// Whether this thread drives a call in the context of a reactor.
fn is_nested() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

/// Where this thread's stack ends, and its size. The system takes its time to tell, and the answer
/// stays the same.
#[cfg(target_os = "linux")]
fn known_bounds() -> Option<(usize, usize)> {
    use std::cell::Cell;

    thread_local! {
        static BOUNDS: Cell<Option<Option<(usize, usize)>>> = const { Cell::new(None) };
    }
    BOUNDS.get().unwrap_or_else(|| {
        let bounds = bounds();
        BOUNDS.set(Some(bounds));
        bounds
    })
}

/// The same, from the system.
#[cfg(target_os = "linux")]
fn bounds() -> Option<(usize, usize)> {
    use std::mem::MaybeUninit;
    use std::ptr;

    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut lowest, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the first call fills in `attributes` if it returns 0, and only then they are read
    // and destroyed, once.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    Some((lowest.addr(), size))
}

#[cfg(not(target_os = "linux"))]
fn known_bounds() -> Option<(usize, usize)> {
    None
}
