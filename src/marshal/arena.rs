//! Memory that is filled once, read by C, and freed in one go.

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit, align_of, offset_of, size_of};
use std::ptr::{self, NonNull};

use wasmtime::component::ResourceAny;

use super::array::{checked, too_large};
use super::handles::Unclaimed;
use super::layout::runtime_value_t;
use crate::error::Error;

/// Resources, each with the place of its number in the results.
pub(super) type Resources = Vec<(NonNull<u64>, ResourceAny)>;

type Result<T, E = Error> = std::result::Result<T, E>;

/// Alignment of every chunk: enough for anything a value is made of.
const ALIGN: usize = 16;
/// Room in the block that every arena begins with: a few values and short strings.
const FIRST: usize = 448;
/// Size of the first chunk after that.
const SECOND: usize = 1024;
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

/// The memory of a finished arena.
#[derive(Default)]
pub struct Memory(Option<Owned>);

/// The only owner of a block. Not a `Box`, which would claim what values in it point to.
struct Owned(NonNull<Block>);

/// Where an arena begins. It has room for values, and knows which are the results of a call.
#[repr(C, align(16))]
pub struct Block {
    values: *const runtime_value_t,
    len: usize,
    chunks: Chain,
    /// Those among the values that have no numbers yet.
    resources: Resources,
    /// What is done about resources among them that the host never gets.
    unclaimed: Option<Box<dyn Unclaimed>>,
    room: [MaybeUninit<u8>; FIRST],
}

/// Chunks, each of which begins with the one before it.
#[derive(Default)]
struct Chain(Option<Chunk>);

struct Chunk(NonNull<Header>);

struct Header {
    /// Of the whole chunk.
    layout: Layout,
    previous: Chain,
}

/// Where the room of a chunk begins.
const ROOM: usize = size_of::<Header>().next_multiple_of(ALIGN);

// SAFETY: a block and its chunks belong to one owner, and values in them are only read.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}
// SAFETY: a chunk is the only owner of its memory, as a `Box` is.
unsafe impl Send for Chunk {}
// SAFETY: a shared `Chunk` gives no access to its memory.
unsafe impl Sync for Chunk {}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: `Block::allocate` made it as a box, and its owner drops it once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Block {
    /// `None` if the host has no memory.
    fn allocate() -> Option<Owned> {
        let layout = Layout::new::<Self>();
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc::alloc(layout) })?.cast::<Self>();
        let at = start.as_ptr();
        // SAFETY: the allocation has room for a block; its own room needs no initialisation.
        unsafe {
            (&raw mut (*at).values).write(ptr::null());
            (&raw mut (*at).len).write(0);
            (&raw mut (*at).chunks).write(Chain::default());
            (&raw mut (*at).resources).write(Resources::new());
            (&raw mut (*at).unclaimed).write(None);
        }
        Some(Owned(start))
    }

    /// The results of a call, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        // SAFETY: the code that set them wrote as many values, into this memory.
        unsafe { checked(self.values, self.len) }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // One by one: a chain of drops would need stack for each.
        let mut next = self.0.take();
        while let Some(Chunk(start)) = next {
            // SAFETY: `Chunk::new` wrote the header, and a chunk that was taken out of its chain is
            // read once.
            let Header { layout, mut previous } = unsafe { start.read() };
            next = previous.0.take();
            // SAFETY: `Chunk::new` got `start` from the same allocator with the same layout.
            unsafe { alloc::dealloc(start.as_ptr().cast(), layout) }
        }
    }
}

impl Chunk {
    /// `size` bytes of room.
    fn new(size: usize, previous: Chain) -> Result<Self, Chain> {
        let layout = size.checked_add(ROOM);
        let layout = layout.and_then(|size| Layout::from_size_align(size, ALIGN).ok());
        let Some(layout) = layout else { return Err(previous) };
        // SAFETY: the header is in it, so that the size is not 0.
        let Some(start) = NonNull::new(unsafe { alloc::alloc(layout) }) else {
            return Err(previous);
        };
        let start = start.cast();
        // SAFETY: the allocation has room for a header and the alignment of any.
        unsafe { start.write(Header { layout, previous }) };
        Ok(Self(start))
    }

    fn room(&self) -> *mut u8 {
        self.0.as_ptr().cast::<u8>().wrapping_add(ROOM)
    }
}

const _: () = assert!(align_of::<Header>() <= ALIGN);
const _: () = assert!(FIRST >= size_of::<runtime_value_t>());
const _: () = assert!(offset_of!(Block, room).is_multiple_of(align_of::<runtime_value_t>()));

// SAFETY: `next` leads into `memory`, which moves along.
unsafe impl Send for Arena {}

impl Arena {
    /// An arena that holds nothing yet.
    pub fn new() -> Self {
        Self {
            memory: RefCell::default(),
            next: Cell::new(ptr::null_mut()),
            left: Cell::new(0),
            size: Cell::new(SECOND),
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

    /// Room for `size` bytes, all 0, for C. `align` is a power of two.
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

    /// Ends construction: the results of a call are `len` values at `values`. Pointers into the
    /// arena stay valid.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub(super) fn lay_out(self, values: *const runtime_value_t, len: usize) -> Result<Memory> {
        let memory = self.finish();
        let memory = match memory.0 {
            Some(_) => memory,
            None => Memory(Some(Block::allocate().ok_or_else(|| too_large(size_of::<Block>()))?)),
        };
        if let Some(Owned(block)) = &memory.0 {
            // SAFETY: the block is ours alone.
            unsafe {
                (&raw mut (*block.as_ptr()).values).write(values);
                (&raw mut (*block.as_ptr()).len).write(len);
            }
        }
        Ok(memory)
    }

    /// Ends construction. Pointers into the arena stay valid.
    pub fn finish(self) -> Memory {
        self.memory.into_inner()
    }

    /// `size` bytes, at least one, from the current chunk, a new one, or one of their own.
    #[inline]
    fn bump(&self, size: usize, align: usize) -> Option<*mut u8> {
        match self.take(size, align) {
            Some(start) => Some(start),
            None => self.grow(size, align),
        }
    }

    fn grow(&self, size: usize, align: usize) -> Option<*mut u8> {
        if self.memory.borrow().0.is_none() {
            let block = Block::allocate()?;
            // SAFETY: the block is alive.
            self.next.set(unsafe { (&raw mut (*block.0.as_ptr()).room).cast() });
            self.left.set(FIRST);
            self.memory.borrow_mut().0 = Some(block);
            if let Some(start) = self.take(size, align) {
                return Some(start);
            }
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

    #[inline]
    fn take(&self, size: usize, align: usize) -> Option<*mut u8> {
        let start = self.next.get();
        let padding = start.addr().wrapping_neg() & (align - 1);
        let needed = padding.checked_add(size)?;
        self.left.set(self.left.get().checked_sub(needed)?);
        self.next.set(start.wrapping_add(needed));
        Some(start.wrapping_add(padding))
    }

    fn add(&self, size: usize) -> Option<*mut u8> {
        let memory = self.memory.borrow_mut();
        let Some(Owned(block)) = &memory.0 else { return None };
        // SAFETY: the block is ours alone, and nothing refers to its chain.
        let chain = unsafe { &mut (*block.as_ptr()).chunks };
        match Chunk::new(size, std::mem::take(chain)) {
            Ok(chunk) => {
                let room = chunk.room();
                chain.0 = Some(chunk);
                Some(room)
            }
            Err(previous) => {
                *chain = previous;
                None
            }
        }
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
    /// The values that [`Arena::lay_out`] named.
    pub(super) fn values(&self) -> &[runtime_value_t] {
        // SAFETY: the block is alive, and nobody writes to it any more.
        self.0.as_ref().map_or(&[], |owned| unsafe { owned.0.as_ref() }.values())
    }

    /// Resources among the values that have no numbers yet.
    pub(super) fn resources(&self) -> &[(NonNull<u64>, ResourceAny)] {
        // SAFETY: the block is alive, and writing to this field takes `&mut self`.
        self.0.as_ref().map_or(&[], |owned| unsafe { &(*owned.0.as_ptr()).resources })
    }

    /// As [`resources`](Self::resources), to change; `None` without values.
    pub(super) fn resources_mut(&mut self) -> Option<&mut Resources> {
        // SAFETY: the block is alive and ours; pointers into it lead to its room, not here.
        self.0.as_ref().map(|owned| unsafe { &mut (*owned.0.as_ptr()).resources })
    }

    /// What is done about resources among the values that the host never gets; `None` without
    /// values.
    pub(super) fn unclaimed_mut(&mut self) -> Option<&mut Option<Box<dyn Unclaimed>>> {
        // SAFETY: as for `resources_mut`.
        self.0.as_ref().map(|owned| unsafe { &mut (*owned.0.as_ptr()).unclaimed })
    }

    /// Of one value, which leads nowhere.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub(super) fn of_one(value: runtime_value_t) -> Result<Self> {
        let block = Block::allocate().ok_or_else(|| too_large(size_of::<Block>()))?;
        let at = block.0.as_ptr();
        // SAFETY: the block is ours alone, and its room is large enough for a value, and aligned
        // for any.
        unsafe {
            let room = (&raw mut (*at).room).cast::<runtime_value_t>();
            room.write(value);
            (&raw mut (*at).values).write(room);
            (&raw mut (*at).len).write(1);
        }
        Ok(Self(Some(block)))
    }

    /// The block, for C to own as a box, if there is one.
    pub(super) fn into_raw(self) -> *mut Block {
        self.0.map_or(ptr::null_mut(), |owned| ManuallyDrop::new(owned).0.as_ptr())
    }

    /// How many bytes it holds.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.sizes().sum()
    }

    /// How many allocations it is made of.
    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.sizes().count()
    }

    #[cfg(test)]
    fn sizes(&self) -> impl Iterator<Item = usize> {
        // SAFETY: blocks and chunks that are not dropped are initialised.
        let chain = self.0.as_ref().map(|owned| unsafe { &owned.0.as_ref().chunks });
        // SAFETY: as above.
        let header = |chain: &Chain| chain.0.as_ref().map(|chunk| unsafe { chunk.0.as_ref() });
        let headers = std::iter::successors(chain.and_then(header), move |it| header(&it.previous));
        headers.map(|it| it.layout.size() - ROOM).chain(self.0.as_ref().map(|_| FIRST))
    }
}

#[cfg(test)]
mod tests;
