//! Whether there is address space for something whose allocations cannot fail.

use std::hint::black_box;

/// Address space that nobody else has until this is dropped. Nothing of it is ever touched, so it
/// takes no memory.
pub(crate) struct Room(Vec<u8>);

impl Room {
    /// `None` if the allocator has not so many bytes.
    pub(crate) fn reserve(bytes: usize) -> Option<Self> {
        let mut room = Vec::new();
        room.try_reserve_exact(bytes).ok()?;
        // An optimiser may leave out an allocation that nobody looks at, and say that it fits.
        Some(Self(black_box(room)))
    }
}

/// Whether this process may have no more than so much address space, which is then not to be taken
/// by what nobody has asked for.
pub(crate) fn is_limited() -> bool {
    #[cfg(unix)]
    return {
        use rustix::process::{Resource, getrlimit};
        // What may be written counts as data, too.
        let mut limits = [Resource::As, Resource::Data].into_iter();
        limits.any(|of| getrlimit(of).current.is_some())
    };
    #[cfg(not(unix))]
    return false;
}

impl Drop for Room {
    fn drop(&mut self) {
        black_box(&self.0);
    }
}
