//! Which process something was made in. Threads do not survive a fork; what they own does.
#![allow(unsafe_code)]

use crate::error::{Code, Error, Result};

/// The process that made an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birthplace(u32);

impl Birthplace {
    pub(crate) fn here() -> Self {
        Self(std::process::id())
    }

    /// Whether this is a fork of the process that made the object.
    pub(crate) fn is_forked(self) -> bool {
        self.0 != std::process::id()
    }

    /// Refuses to go on in a fork: nothing would ever stop a guest there.
    pub(crate) fn check(self) -> Result<()> {
        match self.is_forked() {
            true => Err(forked()),
            false => Ok(()),
        }
    }
}

/// The same for every call: a memory page that the system clears in each fork, since asking the
/// system each time would cost more than all else there is to do.
#[derive(Debug)]
pub(crate) struct Mark {
    page: Option<page::Page>,
    birthplace: Birthplace,
}

impl Mark {
    pub(crate) fn here() -> Self {
        Self { page: page::Page::new(), birthplace: Birthplace::here() }
    }

    /// Refuses to go on in a fork, as [`Birthplace::check`].
    pub(crate) fn check(&self) -> Result<()> {
        match &self.page {
            Some(page) if page.is_set() => Ok(()),
            Some(_) => Err(forked()),
            None => self.birthplace.check(),
        }
    }
}

fn forked() -> Error {
    let problem = "the runtime was built before this process was forked; build another here";
    Error::new(Code::Forked, problem)
}

#[cfg(target_os = "linux")]
mod page {
    use std::ptr::{self, NonNull};
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// Linux maps whole pages, none of them smaller.
    const SIZE: usize = 4096;

    /// A page whose first word is 1, and 0 in a fork (MADV_WIPEONFORK, Linux 4.14).
    #[derive(Debug)]
    pub(super) struct Page(NonNull<AtomicU32>);

    // SAFETY: what it points to is an atomic of its own until it is dropped.
    unsafe impl Send for Page {}
    // SAFETY: as above.
    unsafe impl Sync for Page {}

    impl Page {
        /// `None` where the system has no such pages.
        pub(super) fn new() -> Option<Self> {
            let (access, kind) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            // SAFETY: a new mapping where the system likes touches nothing that exists.
            let start = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, kind, -1, 0) };
            let page = Self(NonNull::new(start).filter(|_| start != libc::MAP_FAILED)?.cast());
            // SAFETY: the mapping is ours; the advice concerns only what forks see of it.
            let advised = unsafe { libc::madvise(start, SIZE, libc::MADV_WIPEONFORK) };
            page.word().store(1, Relaxed);
            (advised == 0).then_some(page)
        }

        pub(super) fn is_set(&self) -> bool {
            self.word().load(Relaxed) != 0
        }

        fn word(&self) -> &AtomicU32 {
            // SAFETY: mapped until this is dropped; every bit pattern is an atomic.
            unsafe { self.0.as_ref() }
        }
    }

    impl Drop for Page {
        fn drop(&mut self) {
            // SAFETY: mapped by `new` with this size, and nobody refers to it any more.
            unsafe { libc::munmap(self.0.as_ptr().cast(), SIZE) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod page {
    /// Elsewhere there is no such page.
    #[derive(Debug)]
    pub(super) enum Page {}

    impl Page {
        pub(super) fn new() -> Option<Self> {
            None
        }

        pub(super) fn is_set(&self) -> bool {
            match *self {}
        }
    }
}
