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

/// Refuses a call within a host function when the thread's stack is nearly used up.
///
/// # Errors
/// `STACK_OVERFLOW`.
pub(crate) fn check() -> Result<()> {
    // Whoever drives a call is in the context of its reactor. Without one, this call is not
    // nested, and a small stack is what the host chose.
    if tokio::runtime::Handle::try_current().is_err() {
        return Ok(());
    }
    match left() {
        Some(left) if left < NEEDED => Err(Error::new(
            Code::StackOverflow,
            format!(
                "calls and host functions within each other left {left} bytes of the thread's own \
                 stack; a call needs {NEEDED}"
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether this thread's stack has room for a guest that may use `max_stack` bytes of it.
pub(crate) fn has_room(max_stack: usize) -> bool {
    left().is_some_and(|left| left >= max_stack.saturating_add(BESIDE_GUEST))
}

/// Bytes between here and the end of this thread's stack, where the system tells.
#[cfg(target_os = "linux")]
fn left() -> Option<usize> {
    use std::cell::Cell;

    // The system takes its time to tell, and the answer stays the same.
    thread_local! {
        static BOUNDS: Cell<Option<Option<(usize, usize)>>> = const { Cell::new(None) };
    }
    let (lowest, size) = BOUNDS.get().unwrap_or_else(|| {
        let bounds = bounds();
        BOUNDS.set(Some(bounds));
        bounds
    })?;
    let here = 0_u8;
    // On another stack than the thread's own, such as a coroutine's, nobody knows.
    let left = (&raw const here).addr().checked_sub(lowest)?;
    (left < size).then_some(left)
}

/// Where this thread's stack ends, and its size.
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
fn left() -> Option<usize> {
    None
}
