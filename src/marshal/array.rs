//! Reads arrays that a caller describes as (pointer, length).

use std::mem::size_of;

use crate::error::{Code, Error, Result};
use crate::types::Path;

/// The most bytes a list or text can have in a guest: its memory has no more addresses.
const GUEST_BYTES: usize = u32::MAX as usize;

/// Views `(ptr, len)` as a slice; `(NULL, 0)` is the empty one.
///
/// # Safety
/// If `ptr` is not NULL and `len` is not 0, `ptr` points to `len` initialised values that live and
/// stay unmodified for `'a`. Neither needs to make sense otherwise: NULL with a length, misaligned
/// pointers and impossible lengths are errors.
#[inline(always)]
pub(super) unsafe fn array<'a, T>(ptr: *const T, len: usize, at: &Path<'_>) -> Result<&'a [T]> {
    // SAFETY: passed on from the caller.
    match unsafe { seen(ptr, len) } {
        Some(seen) => Ok(seen),
        None => Err(unseen(ptr, len, at)),
    }
}

/// As [`array`], without a word on what is wrong.
///
/// # Safety
/// As for [`array`].
#[inline(always)]
pub(super) unsafe fn seen<'a, T>(ptr: *const T, len: usize) -> Option<&'a [T]> {
    if len == 0 {
        return Some(&[]);
    }
    if ptr.is_null() || !ptr.is_aligned() || len > most::<T>() {
        return None;
    }
    // SAFETY: non-null, aligned and of a possible size, as just checked; the caller vouches for
    // the elements.
    Some(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// No guest holds more elements than its memory has bytes; and `from_raw_parts` wants the bytes to
/// be countable.
const fn most<T>() -> usize {
    let countable = isize::MAX as usize / size_of::<T>();
    if countable < GUEST_BYTES { countable } else { GUEST_BYTES }
}

#[cold]
fn unseen<T>(ptr: *const T, len: usize, at: &Path<'_>) -> Error {
    if ptr.is_null() {
        return at.invalid(format_args!("NULL with length {len}"));
    }
    if !ptr.is_aligned() {
        return at.invalid(format_args!("{ptr:p} is not aligned for its elements"));
    }
    at.invalid(format_args!("length {len} is more than a guest can hold"))
}

/// Views what was checked before, or is our own.
///
/// # Safety
/// `len` is 0, or `ptr` points to `len` initialised values that live and stay unmodified for `'a`.
pub(super) unsafe fn checked<'a, T>(ptr: *const T, len: usize) -> &'a [T] {
    match len {
        0 => &[],
        // SAFETY: passed on from the caller.
        _ => unsafe { std::slice::from_raw_parts(ptr, len) },
    }
}

/// Collects `len` items, and reports instead of aborting if the host has no memory for them.
pub(super) fn collect<T>(len: usize, items: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    all.try_reserve_exact(len).map_err(|_| too_large(len.saturating_mul(size_of::<T>())))?;
    for item in items {
        all.push(item?);
    }
    Ok(all)
}

/// The host has no memory for `size` bytes or elements.
pub(super) fn too_large(size: usize) -> Error {
    Error::new(Code::ResourceLimit, format_args!("no memory for a value of size {size}"))
}
