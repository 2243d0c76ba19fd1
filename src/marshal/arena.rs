//! Memory that is filled once, read by C, and freed in one go.

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::mem::{MaybeUninit, align_of, size_of};
use std::ptr::{self, NonNull};

use crate::{Code, Error, Result};

/// Alignment of every chunk: enough for anything a value is made of.
const ALIGN: usize = 16;
/// Size of the first chunk: a few values and short strings.
const FIRST: usize = 512;
/// Chunks double up to this size, so that the unused rest of the last one stays small.
const LARGEST: usize = 1 << 20;

/// Memory under construction. Pieces stay where they are until [`Memory`] is dropped.
pub struct Arena {
    memory: RefCell<Memory>,
    /// Free space in the newest shared chunk.
    next: Cell<*mut u8>,
    left: Cell<usize>,
    /// Size of the next shared chunk.
    size: Cell<usize>,
}

/// The chunks of a finished arena.
#[derive(Default)]
pub struct Memory(Vec<Chunk>);

struct Chunk {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a chunk is the only owner of its memory, as a `Box` is.
unsafe impl Send for Chunk {}
// SAFETY: a shared `Chunk` gives no access to its memory.
unsafe impl Sync for Chunk {}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: `Chunk::new` got `start` from the same allocator with the same layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

impl Chunk {
    /// `size` bytes; `size` is not 0.
    fn new(size: usize) -> Option<Self> {
        debug_assert_ne!(size, 0);
        let layout = Layout::from_size_align(size, ALIGN).ok()?;
        // SAFETY: every caller passes a size above 0.
        let start = NonNull::new(unsafe { alloc::alloc(layout) })?;
        Some(Self { start, layout })
    }
}

// SAFETY: `next` leads into `memory`, which moves along.
unsafe impl Send for Arena {}

impl Arena {
    /// An arena that holds nothing yet.
    pub fn new() -> Self {
        Self {
            memory: RefCell::default(),
            next: Cell::new(ptr::null_mut()),
            left: Cell::new(0),
            size: Cell::new(FIRST),
        }
    }

    /// Room for `len` values of type `T`, to be filled by the caller.
    #[expect(clippy::mut_from_ref, reason = "every call returns another piece of memory")]
    pub(super) fn room<T: Copy>(&self, len: usize) -> Result<&mut [MaybeUninit<T>]> {
        const { assert!(align_of::<T>() <= ALIGN) };
        let size = len.checked_mul(size_of::<T>()).ok_or_else(|| too_large(len))?;
        if size == 0 {
            return Ok(&mut []);
        }
        let start = self.bump(size, align_of::<T>()).ok_or_else(|| too_large(size))?;
        // SAFETY: `bump` returns `size` bytes, aligned for `T`, that nobody else was or will be
        // given and that outlive `self`. `MaybeUninit` needs no initialisation.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), len) })
    }

    /// A copy of `text`, followed by a NUL.
    pub(super) fn text(&self, text: &[u8]) -> Result<*const u8> {
        let room = self.room::<u8>(text.len().saturating_add(1))?;
        let (nul, bytes) = room.split_last_mut().ok_or_else(|| too_large(text.len()))?;
        bytes.write_copy_of_slice(text);
        nul.write(0);
        Ok(room.as_ptr().cast())
    }

    /// Room for `size` bytes, all 0, for whoever speaks C. `align` is a power of two.
    pub fn zeroed(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        if !align.is_power_of_two() {
            return None;
        }
        // Chunks are aligned to `ALIGN`; more takes padding inside the piece.
        let padding = if align > ALIGN { align } else { 0 };
        let start = self.bump(size.checked_add(padding)?.max(1), align.min(ALIGN))?;
        let start = start.wrapping_add(start.addr().wrapping_neg() & (align - 1));
        // SAFETY: `bump` gave that many bytes after the padding, to nobody else.
        unsafe { start.write_bytes(0, size) };
        NonNull::new(start)
    }

    /// Ends construction. Pointers into the arena stay valid.
    pub fn finish(self) -> Memory {
        self.memory.into_inner()
    }

    /// `size` bytes, at least one, from the current chunk, a new one, or one of their own.
    fn bump(&self, size: usize, align: usize) -> Option<*mut u8> {
        if let Some(start) = self.take(size, align) {
            return Some(start);
        }
        // Large pieces get exactly what they need, and the current chunk goes on being used.
        let chunk_size = self.size.get();
        if size > chunk_size / 2 {
            return self.add(size);
        }
        let start = self.add(chunk_size)?;
        self.next.set(start);
        self.left.set(chunk_size);
        self.size.set((chunk_size * 2).min(LARGEST));
        self.take(size, align)
    }

    fn take(&self, size: usize, align: usize) -> Option<*mut u8> {
        let start = self.next.get();
        let padding = start.addr().wrapping_neg() & (align - 1);
        let needed = padding.checked_add(size)?;
        self.left.set(self.left.get().checked_sub(needed)?);
        self.next.set(start.wrapping_add(needed));
        Some(start.wrapping_add(padding))
    }

    fn add(&self, size: usize) -> Option<*mut u8> {
        let mut memory = self.memory.borrow_mut();
        memory.0.try_reserve(1).ok()?;
        let chunk = Chunk::new(size)?;
        let start = chunk.start.as_ptr();
        memory.0.push(chunk);
        Some(start)
    }
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arena")
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// How many bytes it holds.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|chunk| chunk.layout.size()).sum()
    }

    /// How many allocations it is made of.
    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.0.len()
    }
}

/// The host has no memory for `size` bytes or elements.
pub(super) fn too_large(size: usize) -> Error {
    Error::new(Code::ResourceLimit, format!("no memory for a value of size {size}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_aligned_and_apart() {
        let arena = Arena::new();
        let mut spans = Vec::new();
        for i in 1..200_usize {
            let bytes = arena.room::<u8>(i % 7).unwrap();
            spans.push((bytes.as_ptr().addr(), bytes.len()));
            let words = arena.room::<u64>(i % 40).unwrap();
            assert!(words.as_ptr().is_aligned());
            words.fill(MaybeUninit::new(i as u64));
            spans.push((words.as_ptr().addr(), words.len() * 8));
        }
        spans.retain(|span| span.1 > 0);
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
    }

    #[test]
    fn large_pieces_get_their_own_chunk_and_the_current_one_goes_on() {
        let arena = Arena::new();
        let small = arena.room::<u8>(8).unwrap().as_ptr();
        arena.room::<u8>(1 << 22).unwrap();
        let next = arena.room::<u8>(8).unwrap().as_ptr();
        assert_eq!(next.addr(), small.addr() + 8);
        let memory = arena.finish();
        assert_eq!(memory.chunks(), 2);
        assert_eq!(memory.size(), (1 << 22) + FIRST);
    }

    #[test]
    fn chunks_grow_so_that_there_are_few() {
        let arena = Arena::new();
        for _ in 0..100_000 {
            arena.room::<u64>(3).unwrap();
        }
        let memory = arena.finish();
        assert!(memory.chunks() < 20, "{}", memory.chunks());
        assert!(memory.size() < 2 * 100_000 * 24, "{}", memory.size());
    }

    #[test]
    fn sizes_that_no_machine_has_are_errors() {
        let arena = Arena::new();
        for len in [usize::MAX, usize::MAX / 8 + 1, isize::MAX as usize, isize::MAX as usize / 8] {
            assert_eq!(arena.room::<u64>(len).unwrap_err().code(), Code::ResourceLimit);
        }
        assert_eq!(arena.room::<u64>(0).unwrap().len(), 0);
    }

    #[test]
    fn zeroed_pieces_have_any_alignment() {
        let arena = Arena::new();
        for align in (0..14).map(|bits| 1_usize << bits) {
            for size in [0, 1, 24, 5000] {
                let start = arena.zeroed(size, align).unwrap();
                assert_eq!(start.addr().get() % align, 0);
                // SAFETY: the arena just gave these bytes to us alone.
                let piece = unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), size) };
                assert!(piece.iter().all(|byte| *byte == 0));
                piece.fill(0xA5);
            }
        }
        for (size, align) in [(1, 0), (1, 3), (usize::MAX, 1), (isize::MAX as usize, 64)] {
            assert!(arena.zeroed(size, align).is_none(), "{size} bytes aligned to {align}");
        }
        drop(arena.finish());
    }

    #[test]
    fn text_ends_with_nul() {
        let arena = Arena::new();
        let text = arena.text(b"h\0ello").unwrap();
        let empty = arena.text(b"").unwrap();
        let memory = arena.finish();
        // SAFETY: seven and one bytes were just written, and `memory` keeps them.
        unsafe {
            assert_eq!(std::slice::from_raw_parts(text, 7), b"h\0ello\0");
            assert_eq!(*empty, 0);
        }
        drop(memory);
    }
}
