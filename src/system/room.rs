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

impl Drop for Room {
    fn drop(&mut self) {
        black_box(&self.0);
    }
}
