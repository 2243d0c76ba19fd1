//! Pieces, blocks and chunks of arenas.

use super::*;
use crate::error::Code;

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
    // Miri would take minutes.
    let count = if cfg!(miri) { 2_000 } else { 100_000 };
    let arena = Arena::new();
    for _ in 0..count {
        arena.room::<u64>(3).unwrap();
    }
    let memory = arena.finish();
    assert!(memory.chunks() < 20, "{}", memory.chunks());
    assert!(memory.size() < 2 * count * 24, "{}", memory.size());
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
