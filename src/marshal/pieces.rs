//! What lifting puts together: the pieces of values that a guest gives.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;

use wasmtime::{Result, bail};

use super::layout::{
    runtime_flags_t, runtime_list_t, runtime_slice_t, runtime_value_of_t, runtime_value_t,
};
use crate::error::{Code, Error};
use crate::types::Kind;

/// Where a value goes.
pub(super) type Slot = MaybeUninit<runtime_value_t>;

pub(super) fn part(bytes: &[u8], at: usize, len: usize) -> Result<&[u8]> {
    let part = bytes.get(at..).and_then(|it| it.get(..len));
    part.ok_or_else(|| wasmtime::Error::msg("part of a value is out of bounds of memory"))
}

/// 1, 2, 4 or 8 bytes as a number.
pub(super) fn bits(bytes: &[u8]) -> u64 {
    // Each size by itself: none of them needs a loop.
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

pub(super) fn character(bits: u64) -> Result<u32> {
    match u32::try_from(bits).ok().and_then(char::from_u32) {
        Some(it) => Ok(it.into()),
        None => bail!("{bits:#x} is out of range for `char`"),
    }
}

/// A number, bool or char from its bits, of which those that are too many do not count.
pub(super) fn number(kind: Kind, bits: u64) -> Result<runtime_value_of_t> {
    let mut of = zero();
    match kind {
        Kind::Bool => of.boolean = u8::from(bits as u32 != 0),
        Kind::S8 | Kind::U8 => of.u8 = bits as u8,
        Kind::S16 | Kind::U16 => of.u16 = bits as u16,
        Kind::S32 | Kind::U32 | Kind::F32 => of.u32 = bits as u32,
        Kind::Char => of.character = character(u64::from(bits as u32))?,
        _ => of.u64 = bits,
    }
    Ok(of)
}

/// A number, bool or char of at most eight bytes, all others of which are 0.
#[inline(always)]
pub(super) fn number_of(u64: u64) -> runtime_value_of_t {
    let mut of = zero();
    of.u64 = u64;
    of
}

/// Nothing but zeros, also where a kind has no bytes: values go to C as a whole.
pub(super) const fn zero() -> runtime_value_of_t {
    // SAFETY: all zero is a value of each field: numbers, and pointers that may be NULL.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

pub(super) fn header(kind: Kind) -> runtime_value_t {
    runtime_value_t { kind: kind as u8, element: 0, reserved: 0, index: 0, of: zero() }
}

pub(super) fn slice_of(room: &[Slot]) -> runtime_slice_t {
    runtime_slice_t { ptr: room.as_ptr().cast(), len: room.len() }
}

/// A list, of which C arrays have the kind of their elements.
pub(super) fn list_of(kind: Option<Kind>, ptr: *const c_void, len: usize) -> runtime_value_t {
    let element = kind.map_or(0, |kind| kind as u8);
    let of = runtime_value_of_t { list: runtime_list_t { ptr, len } };
    runtime_value_t { element, of, ..header(Kind::List) }
}

/// Bits that belong to none of `count` flags do not count.
pub(super) fn flags_of(words: &mut [MaybeUninit<u32>], count: usize) -> runtime_flags_t {
    if let Some(last) = words.last_mut().filter(|_| !count.is_multiple_of(32)) {
        // SAFETY: all words were written.
        let bits = unsafe { last.assume_init() };
        last.write(bits & ((1 << (count % 32)) - 1));
    }
    let ptr = if words.is_empty() { ptr::null() } else { words.as_ptr().cast() };
    runtime_flags_t { ptr, len: words.len() }
}

pub(super) fn unsupported() -> wasmtime::Error {
    let problem = "values of this type cannot be returned yet";
    Error::new(Code::Unsupported, problem).into_wasmtime()
}
