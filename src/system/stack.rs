//! How much is left of the native stack, where guests run on it or calls are nested.
//!
//! A guest that may wait has a stack of its own; one that never waits runs on its caller's. And
//! each host function that calls a guest again takes a few KiB of the thread's, and how often that
//! happens is up to the guests.
#![allow(unsafe_code)]

use crate::error::{Code, Error, Result};

/// What a function of the library needs that runs no guest, with what it takes to report that there
/// is less.
pub(crate) const FUNCTION: usize = 12 << 10;

/// What it takes to keep the deepest values that there are, for a call that runs later.
pub(crate) const KEEPING: usize = 48 << 10;

/// What is enough for functions that do more: build, load or release. Another thread runs them
/// otherwise.
pub(crate) const ROOMY: usize = 256 << 10;

/// What it takes to read or print text, with the deepest values that there are.
pub(crate) const TEXT: usize = 192 << 10;

/// What a call needs by itself.
const CALL: usize = 20 << 10;

/// What a call needs within a host function, where callbacks will be within each other. Where the
/// whole stack is not much larger, [`CALL`] has to do.
const NESTED_CALL: usize = 128 << 10;

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
    /// The one with these bounds, if this is where the thread is. On another stack than its own,
    /// such as a coroutine's, nobody knows.
    #[inline(always)]
    pub(crate) fn within(bounds: Option<(usize, usize)>) -> Self {
        let here = 0_u8;
        Self(bounds.and_then(|(lowest, size)| {
            let left = (&raw const here).addr().checked_sub(lowest).filter(|left| *left < size)?;
            Some(Bytes { left, size })
        }))
    }

    /// Whether this system tells about stacks.
    pub(crate) const fn is_told() -> bool {
        cfg!(target_os = "linux")
    }

    /// How many bytes are left; `None` if nobody knows.
    pub(crate) fn left(self) -> Option<usize> {
        self.0.map(|it| it.left)
    }

    /// Refuses what needs `needed` bytes of a stack that is known to have less.
    ///
    /// # Errors
    /// `STACK_OVERFLOW`.
    #[inline(always)]
    pub(crate) fn check(self, needed: usize) -> Result<()> {
        match self.0 {
            Some(Bytes { left, .. }) if left < needed => Err(used_up(left, needed)),
            _ => Ok(()),
        }
    }

    /// Refuses a call that is `nested` times within host functions, if the stack is too small.
    ///
    /// # Errors
    /// `STACK_OVERFLOW`.
    #[inline(always)]
    pub(crate) fn check_call(self, nested: u32) -> Result<()> {
        let is_large = self.0.is_some_and(|it| it.size >= 2 * NESTED_CALL);
        self.check(if nested > 0 && is_large { NESTED_CALL } else { CALL })
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
}

#[cold]
fn used_up(left: usize, needed: usize) -> Error {
    let problem = format_args!(
        "{left} bytes of the thread's own stack are left, and this needs {needed}: calls and host \
         functions within each other used it up, or the thread has little"
    );
    Error::new(Code::StackOverflow, problem)
}

/// Where this thread's stack ends, and its size, from the system.
#[cfg(target_os = "linux")]
pub(crate) fn bounds() -> Option<(usize, usize)> {
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
pub(crate) fn bounds() -> Option<(usize, usize)> {
    None
}
