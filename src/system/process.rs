//! Which process something was made in. Threads do not survive a fork; what they own does.
#![allow(unsafe_code)]

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll};

use crate::error::{Code, Error, Result};

mod steady;

pub(crate) use steady::steadily;
#[cfg(unix)]
pub(crate) use steady::steadily_in_handler;

/// The process that made an object.
///
/// Not by the process's number, which is 1 in a container and 1 again in one made by its fork, and
/// which the system takes its time to tell: by a number of our own, on a page that the system
/// clears in each fork.
#[derive(Clone, Copy)]
pub(crate) struct Birthplace {
    number: u64,
    /// Where the number of the process is that asks. `None` where there are no such pages: then
    /// it is the system's.
    page: Option<&'static AtomicU64>,
}

impl Birthplace {
    pub(crate) fn here() -> Self {
        let page = page::find();
        Self { number: number(page), page }
    }

    /// Whether this is a fork of the process that made the object.
    #[inline]
    pub(crate) fn is_forked(self) -> bool {
        match self.page {
            // 0 as long as the fork has made nothing.
            Some(page) => page.load(Relaxed) != self.number,
            None => u64::from(std::process::id()) != self.number,
        }
    }

    /// Refuses to go on in a fork: nothing would ever stop a guest there.
    #[inline]
    pub(crate) fn check(self) -> Result<()> {
        match self.is_forked() {
            true => Err(forked()),
            false => Ok(()),
        }
    }

    /// Locks; `None` in a fork, if a thread that did not come along has it locked for ever.
    pub(crate) fn lock<T>(self, mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
        if !self.is_forked() {
            return Some(mutex.lock().unwrap_or_else(PoisonError::into_inner));
        }
        match mutex.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl fmt::Debug for Birthplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Birthplace({})", self.number)
    }
}

#[cold]
fn forked() -> Error {
    let problem = "the runtime was built before this process was forked; build another here";
    Error::new(Code::Forked, problem)
}

/// The number of this process.
fn number(page: Option<&AtomicU64>) -> u64 {
    // Forks inherit it, so each takes another than all that it descends from.
    static LAST: AtomicU64 = AtomicU64::new(0);
    let Some(page) = page else { return std::process::id().into() };
    match page.load(Relaxed) {
        0 => {
            let number = LAST.fetch_add(1, Relaxed) + 1;
            let first = page.compare_exchange(0, number, Relaxed, Relaxed);
            first.map_or_else(|number| number, |_| number)
        }
        number => number,
    }
}

/// What threads may be using, or hold locks of, that do not come along into a fork. There it is
/// not dropped but left as it is.
pub(crate) struct Kept<T> {
    inner: ManuallyDrop<T>,
    birthplace: Birthplace,
}

impl<T> Kept<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner: ManuallyDrop::new(inner), birthplace: Birthplace::here() }
    }

    /// The process that made it.
    pub(crate) fn birthplace(this: &Self) -> Birthplace {
        this.birthplace
    }

    /// What it kept; `None` in a fork.
    pub(crate) fn take(this: Self) -> Option<T> {
        let mut this = ManuallyDrop::new(this);
        // SAFETY: `this` is not dropped, so nobody else takes or drops it.
        (!this.birthplace.is_forked()).then(|| unsafe { ManuallyDrop::take(&mut this.inner) })
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<F: Future> Future for Kept<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned where `self` is: nothing moves it but `take`, which needs a
        // `self` that is not pinned. It is dropped in place; in a fork, where it is not, whoever
        // waits for it with pointers into it belongs to a runtime that is left alone as well.
        unsafe { self.map_unchecked_mut(|it| &mut *it.inner) }.poll(context)
    }
}

impl<T> Drop for Kept<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.birthplace.is_forked() {
            // SAFETY: this is the only place that drops it, and `self` is gone afterwards.
            unsafe { ManuallyDrop::drop(&mut self.inner) }
        }
    }
}

#[cfg(target_os = "linux")]
mod page {
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

    /// Linux maps whole pages, none of them smaller.
    const SIZE: usize = 4096;

    /// A page whose first word is 0 in each fork at first (MADV_WIPEONFORK, Linux 4.14): one for
    /// the process, as long as it lives. `None` where the system has no such pages.
    pub(super) fn find() -> Option<&'static AtomicU64> {
        // No `OnceLock`: a fork in the midst of the first look would wait for ever.
        static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
        let known = PAGE.load(Ordering::Acquire);
        let page = match known.is_null() {
            false => known,
            true => {
                let page = map()?;
                let empty = ptr::null_mut();
                match PAGE.compare_exchange(empty, page, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => page,
                    Err(other) => {
                        // SAFETY: mapped by `map` with this size, and known to nobody else.
                        unsafe { libc::munmap(page.cast(), SIZE) };
                        other
                    }
                }
            }
        };
        // SAFETY: what stands in `PAGE` stays mapped; every bit pattern is an atomic.
        Some(unsafe { &*page })
    }

    fn map() -> Option<*mut AtomicU64> {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping where the system likes touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the mapping is ours; the advice concerns only what forks see of it.
        if unsafe { libc::madvise(start, SIZE, libc::MADV_WIPEONFORK) } != 0 {
            // SAFETY: as above, and nobody knows it.
            unsafe { libc::munmap(start, SIZE) };
            return None;
        }
        Some(start.cast())
    }
}

#[cfg(not(target_os = "linux"))]
mod page {
    /// Elsewhere there is no such page.
    pub(super) fn find() -> Option<&'static std::sync::atomic::AtomicU64> {
        None
    }
}
