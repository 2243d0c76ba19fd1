//! How pointers come in.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::error::{Error, Result};

/// The most that one Rust object may span; more is undefined behaviour, so it is refused.
const MAX_BYTES: usize = isize::MAX as usize;

/// The error for an argument that must not be NULL.
pub(super) fn null(arg: &str) -> Error {
    Error::invalid(arg, "is NULL")
}

/// Another owner of what `ptr` refers to; NULL for NULL.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nothing mutates during the call.
pub(in crate::capi) unsafe fn share<T: Clone + Sync>(ptr: *const T) -> *mut T {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    let object = unsafe { ptr.as_ref() };
    object.map_or(ptr::null_mut(), |object| Box::into_raw(Box::new(object.clone())))
}

/// Borrows an argument for the length of the call. `const T *` promises callers that they may
/// share it between threads, hence `Sync`.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nothing mutates during `'a`.
pub(in crate::capi) unsafe fn borrow<'a, T: Sync>(
    ptr: *const T,
    arg: &'static str,
) -> Result<&'a T> {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    unsafe { ptr.as_ref() }.ok_or_else(|| null(arg))
}

/// Borrows an argument that the call may change.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nobody else uses during `'a`.
pub(in crate::capi) unsafe fn borrow_mut<'a, T>(
    ptr: *mut T,
    arg: &'static str,
) -> Result<&'a mut T> {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    unsafe { ptr.as_mut() }.ok_or_else(|| null(arg))
}

/// Takes over what the other side hands to us; NULL is `None`.
///
/// # Safety
/// `ptr` is NULL, or came from this library and is owned by the caller, who gives it up.
pub(in crate::capi) unsafe fn take<T>(ptr: *mut T) -> Option<Box<T>> {
    // SAFETY: a non-null `ptr` came from `Box::into_raw`, and the caller vouches for the rest.
    (!ptr.is_null()).then(|| unsafe { Box::from_raw(ptr) })
}

/// Views `(ptr, len)` as a slice. `(NULL, 0)` is the empty slice, as C callers expect.
///
/// # Safety
/// `ptr` points to `len` initialised elements that live and stay unmodified for `'a`.
pub(in crate::capi) unsafe fn slice<'a, T>(
    ptr: *const T,
    len: usize,
    arg: &'static str,
) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(Error::invalid(arg, format_args!("is NULL, but its length is {len}")));
    }
    if !ptr.is_aligned() {
        let align = align_of::<T>();
        return Err(Error::invalid(arg, format_args!("is not aligned to {align} bytes")));
    }
    if len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > MAX_BYTES) {
        return Err(Error::invalid(arg, format_args!("its length, {len}, is impossible")));
    }
    // SAFETY: non-null, aligned and of possible size, checked above; the caller vouches for the
    // `len` elements.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// Views `(ptr, len)` as text.
///
/// # Safety
/// As for [`slice`].
pub(in crate::capi) unsafe fn text<'a>(
    ptr: *const c_char,
    len: usize,
    arg: &'static str,
) -> Result<&'a str> {
    // SAFETY: as our own contract; `c_char` and `u8` have the same layout.
    let bytes = unsafe { slice(ptr.cast::<u8>(), len, arg)? };
    std::str::from_utf8(bytes).map_err(|error| {
        Error::invalid(arg, format_args!("is not UTF-8 at byte {}", error.valid_up_to()))
    })
}

/// As [`text`], where 0 stands for the length of text that a NUL ends, as literals of C are.
///
/// # Safety
/// As for [`slice`]; with `len` 0, `ptr` is NULL or points to text that a NUL ends.
pub(in crate::capi) unsafe fn literal<'a>(
    ptr: *const c_char,
    len: usize,
    arg: &'static str,
) -> Result<&'a str> {
    match len {
        _ if ptr.is_null() => Err(null(arg)),
        // SAFETY: as our own contract.
        0 => unsafe { text(ptr, CStr::from_ptr(ptr).count_bytes(), arg) },
        // SAFETY: as our own contract.
        len => unsafe { text(ptr, len, arg) },
    }
}

/// Where a constructor puts the object it hands to the caller.
pub(in crate::capi) struct Out<'a, T>(pub(super) &'a mut *mut T);

impl<T> Out<'_, T> {
    /// Clears the slot first, so a failed call leaves NULL and never garbage.
    ///
    /// # Safety
    /// `ptr` is NULL, or is writable and unaliased during `'a`.
    pub(in crate::capi) unsafe fn new(ptr: *mut *mut T, arg: &'static str) -> Result<Self> {
        if ptr.is_null() {
            return Err(null(arg));
        }
        // SAFETY: non-null, and the caller vouches for writability. `write` because the slot
        // may be uninitialised, which a `&mut` must not be.
        unsafe { ptr.write(ptr::null_mut()) };
        // SAFETY: just initialised; unaliased per the caller.
        Ok(Self(unsafe { &mut *ptr }))
    }

    /// Hands `value` over.
    pub(in crate::capi) fn set(self, value: T) {
        self.give(Box::into_raw(Box::new(value)));
    }

    /// Hands over what is in a box already, by what `Box::into_raw` gave.
    pub(in crate::capi) fn give(self, value: *mut T) {
        *self.0 = value;
    }
}

/// Where a function puts a number.
///
/// # Safety
/// `ptr` is NULL, or is writable and unaliased during `'a`.
pub(in crate::capi) unsafe fn out_value<'a, T: Default>(
    ptr: *mut T,
    arg: &'static str,
) -> Result<&'a mut T> {
    if ptr.is_null() {
        return Err(null(arg));
    }
    // SAFETY: non-null, and the caller vouches for writability.
    unsafe { ptr.write(T::default()) };
    // SAFETY: just initialised; unaliased per the caller.
    Ok(unsafe { &mut *ptr })
}

/// Where a function puts a pointer that the caller borrows.
///
/// # Safety
/// `ptr` is NULL, or is writable and unaliased during `'a`.
pub(in crate::capi) unsafe fn out_pointer<'a, T>(
    ptr: *mut *const T,
    arg: &'static str,
) -> Result<&'a mut *const T> {
    if ptr.is_null() {
        return Err(null(arg));
    }
    // SAFETY: non-null, and the caller vouches for writability.
    unsafe { ptr.write(ptr::null()) };
    // SAFETY: just initialised; unaliased per the caller.
    Ok(unsafe { &mut *ptr })
}
