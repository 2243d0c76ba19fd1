//! Structs of the header that can grow.

use std::marker::PhantomData;
use std::ptr;

use super::pointers::null;
use crate::error::{Error, Result};

/// The largest struct a caller may pass by `struct_size`: a page, as in Linux's
/// `copy_struct_from_user`. Larger sizes are uninitialised memory.
const MAX_STRUCT_SIZE: usize = 4096;

/// A struct of the header that can grow: its first field is `struct_size`.
///
/// # Safety
/// `Self` is `repr(C)`, starts with `struct_size: usize`, and is valid for every byte pattern:
/// integers, raw pointers and optional functions only, no `bool`, no enum, no reference.
pub(in crate::capi) unsafe trait SizeTagged: Copy {}

/// The size a caller's struct says it has, if that can be.
///
/// # Safety
/// `ptr` is readable for a `usize`.
unsafe fn struct_size<T: SizeTagged>(ptr: *const T, arg: &'static str) -> Result<usize> {
    // SAFETY: the caller vouches for it.
    let size = unsafe { ptr.cast::<usize>().read_unaligned() };
    if !(size_of::<usize>()..=MAX_STRUCT_SIZE).contains(&size) {
        let problem = format_args!("struct_size is {size}; initialise with the _INIT macro");
        return Err(Error::invalid(arg, problem));
    }
    Ok(size)
}

/// Copies an options struct written by an older, equal or newer caller over `defaults`.
///
/// # Safety
/// `ptr` is NULL, or points to as many readable bytes as the `size_t` at its start says.
pub(in crate::capi) unsafe fn options<T: SizeTagged>(
    ptr: *const T,
    mut defaults: T,
    arg: &'static str,
) -> Result<T> {
    // SAFETY: as our own contract.
    unsafe { overlay(ptr, &mut defaults, arg)? };
    Ok(defaults)
}

/// As [`options`]; when it fails because of what follows the fields it knows, it has read those.
///
/// # Safety
/// As for [`options`].
pub(in crate::capi) unsafe fn overlay<T: SizeTagged>(
    ptr: *const T,
    over: &mut T,
    arg: &'static str,
) -> Result<()> {
    if ptr.is_null() {
        return Ok(());
    }
    // SAFETY: every `SizeTagged` starts with its size.
    let theirs = unsafe { struct_size(ptr, arg)? };
    let ours = size_of::<T>();
    let bytes = ptr.cast::<u8>();
    // SAFETY: both sides span at least `min(ours, theirs)` bytes, and any bytes are a valid `T`.
    unsafe { ptr::copy_nonoverlapping(bytes, ptr::from_mut(over).cast::<u8>(), ours.min(theirs)) };
    // SAFETY: `ours..theirs` lies inside the caller's struct.
    if (ours..theirs).any(|i| unsafe { bytes.add(i).read() } != 0) {
        return Err(Error::invalid(arg, "asks for something this library is too old to know"));
    }
    Ok(())
}

/// Copies each struct of an array that an older, equal or newer caller wrote. All of them have the
/// size that the first one says.
///
/// # Safety
/// `ptr` points to `len` structs, each of as many readable bytes as the `size_t` at the start of
/// the first one says, that live and stay unmodified for `'a`.
pub(in crate::capi) unsafe fn array<'a, T: SizeTagged + 'a>(
    ptr: *const T,
    len: usize,
    defaults: T,
    arg: &'static str,
) -> Result<impl Iterator<Item = Result<T>> + 'a> {
    let size = match len {
        0 => 0,
        _ if ptr.is_null() => return Err(null(arg)),
        // SAFETY: there is a first one, and the caller vouches for its size.
        _ => unsafe { struct_size(ptr, arg)? },
    };
    if len > isize::MAX as usize / MAX_STRUCT_SIZE {
        return Err(Error::invalid(arg, format_args!("its length, {len}, is impossible")));
    }
    Ok((0..len).map(move |place| {
        // SAFETY: the caller vouches for `len` structs of `size` bytes.
        let at = unsafe { ptr.byte_add(place * size) };
        // SAFETY: as above; every `SizeTagged` starts with its size.
        let own = unsafe { at.cast::<usize>().read_unaligned() };
        if own != size {
            let problem = format_args!("struct_size is {own}, and {size} in the first of them");
            return Err(Error::invalid(arg, problem));
        }
        // SAFETY: as above.
        unsafe { options(at, defaults, arg) }
    }))
}

/// A struct the caller allocated, to be filled in.
pub(in crate::capi) struct OutStruct<'a, T> {
    ptr: *mut T,
    size: usize,
    lifetime: PhantomData<&'a mut T>,
}

impl<T: SizeTagged> OutStruct<'_, T> {
    /// Zeroes the struct after its `struct_size`, so that a failed call leaves no garbage.
    ///
    /// # Safety
    /// `ptr` is NULL, or points to as many writable, unaliased bytes as the `size_t` at its start
    /// says, during `'a`.
    pub(in crate::capi) unsafe fn new(ptr: *mut T, arg: &'static str) -> Result<Self> {
        if ptr.is_null() {
            return Err(null(arg));
        }
        // SAFETY: every `SizeTagged` starts with its size.
        let size = unsafe { struct_size(ptr, arg)? };
        let tag = size_of::<usize>();
        // SAFETY: `tag..size` lies inside the caller's struct.
        unsafe { ptr.cast::<u8>().add(tag).write_bytes(0, size - tag) };
        Ok(Self { ptr, size, lifetime: PhantomData })
    }

    /// Fills in as much of `value` as the caller has room for; its `struct_size` stays.
    pub(in crate::capi) fn set(self, value: &T) {
        let tag = size_of::<usize>();
        let len = self.size.min(size_of::<T>()) - tag;
        // SAFETY: both sides span at least `tag + len` bytes: ours by its size, theirs because
        // `new`'s caller vouched for `size` bytes.
        unsafe {
            let from = ptr::from_ref(value).cast::<u8>().add(tag);
            ptr::copy_nonoverlapping(from, self.ptr.cast::<u8>().add(tag), len);
        }
    }
}
