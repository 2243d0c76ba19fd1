//! The shell's whole vocabulary: how pointers come in, and how failures go out.

use std::any::Any;
use std::ffi::c_char;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use super::error::runtime_error_t;
use crate::error::{Code, Error, Result};
use crate::stack;
use crate::thread::{self, Inside};

/// The most that one Rust object may span; more is undefined behaviour, so it is refused.
const MAX_BYTES: usize = isize::MAX as usize;

/// The largest struct a caller may pass by `struct_size`: a page, as in Linux's
/// `copy_struct_from_user`. Larger sizes are uninitialised memory.
const MAX_STRUCT_SIZE: usize = 4096;

/// Runs `body` and reports how it went: NULL for success, otherwise an error the caller owns.
/// Nothing unwinds past this point. `name` is the exported function, for `failpoints`.
#[inline(always)]
pub(super) fn guard(name: &'static str, body: impl FnOnce() -> Result<()>) -> *mut runtime_error_t {
    report(catch(name, body))
}

/// As [`guard`], for what takes so much stack that it is done elsewhere where that is not there.
pub(super) fn guard_roomy(
    name: &'static str,
    body: impl FnOnce() -> Result<()>,
) -> *mut runtime_error_t {
    report(catch_with(name, |left| left.is_some_and(|left| left >= stack::ROOMY), body))
}

/// As [`guard`], for what reads values that it keeps: with little stack, another thread does it.
pub(super) fn guard_keeping(
    name: &'static str,
    body: impl FnOnce() -> Result<()>,
) -> *mut runtime_error_t {
    report(catch_with(name, |left| left.is_none_or(|left| left >= stack::KEEPING), body))
}

#[inline(always)]
fn report(outcome: Result<()>) -> *mut runtime_error_t {
    match outcome {
        Ok(()) => ptr::null_mut(),
        Err(error) => Box::into_raw(Box::new(error.into())),
    }
}

/// Runs `body` inside the library; a panic becomes an error.
pub(super) fn catch<T>(name: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    contain(name, || {
        let inside = Inside::enter();
        inside.stack.check(stack::FUNCTION)?;
        match inside.is_ending {
            false => body(),
            true => elsewhere(name, body),
        }
    })
}

/// As [`catch`], but where `has_room` says of the bytes that are left, if anybody knows them, that
/// they are too few, another thread runs `body` while this one waits.
fn catch_with<T>(
    name: &'static str,
    has_room: impl FnOnce(Option<usize>) -> bool,
    body: impl FnOnce() -> Result<T>,
) -> Result<T> {
    contain(name, || {
        let inside = Inside::enter();
        match has_room(inside.stack.left()) && !inside.is_ending {
            true => body(),
            false => elsewhere(name, body),
        }
    })
}

/// Runs `body` where no panic gets out; it becomes an error.
pub(super) fn contain<T>(name: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind-safe by construction: a panic in a call drops the store it happened in, and what
    // outlives a call is behind locks that are left consistent.
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "failpoints")]
        super::failpoint::hit(name);
        body()
    }));
    let _ = name;
    outcome.unwrap_or_else(|payload| Err(panicked(payload)))
}

/// Runs `body` where there is much stack, and a thread that is not about to end.
#[cold]
fn elsewhere<T>(name: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    let (body, mut outcome) = (Carried(body), Carried(None));
    let run = {
        let outcome = &mut outcome;
        move || outcome.set(contain(name, body.take()))
    };
    thread::elsewhere(run)?;
    outcome.take().unwrap_or_else(|| Err(Error::new(Code::Panic, "no outcome")))
}

/// What goes to another thread while its owner waits for that.
struct Carried<T>(T);

// SAFETY: what it carries is used by one thread at a time, its owner's or the one that the owner
// waits for; and the header lets every function be called on any thread, so that nothing behind the
// pointers in it belongs to one.
unsafe impl<T> Send for Carried<T> {}

impl<T> Carried<T> {
    /// A method, so that closures capture the whole of `self`.
    fn take(self) -> T {
        self.0
    }
}

impl<T> Carried<Option<T>> {
    fn set(&mut self, value: T) {
        self.0 = Some(value);
    }
}

/// Drops what a `_free` function was given; NULL is `None`. A destructor that panics is logged.
pub(super) fn release<T>(name: &'static str, object: Option<Box<T>>) {
    quietly(name, || drop(object));
}

/// Runs `body` where nobody can be told how it went. A panic is logged.
pub(super) fn quietly(name: &'static str, body: impl FnOnce()) {
    let done = contain(name, || {
        let inside = Inside::enter();
        let lacks_room = inside.stack.left().is_some_and(|left| left < stack::FUNCTION);
        match lacks_room || inside.is_ending {
            false => {
                body();
                Ok(())
            }
            true => elsewhere(name, || {
                body();
                Ok(())
            }),
        }
    });
    if let Err(error) = done {
        // Whoever listens may be what panicked.
        let _ = catch(name, || {
            tracing::error!("{name}: {error}");
            Ok(())
        });
    }
}

/// Another owner of what `ptr` refers to; NULL for NULL.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nothing mutates during the call.
pub(super) unsafe fn share<T: Clone + Sync>(ptr: *const T) -> *mut T {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    let object = unsafe { ptr.as_ref() };
    object.map_or(ptr::null_mut(), |object| Box::into_raw(Box::new(object.clone())))
}

fn panicked(mut payload: Box<dyn Any + Send>) -> Error {
    let error = Error::panic(&*payload);
    // A payload may panic when it is dropped, with a payload that may do so as well.
    for _ in 0..4 {
        match panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return error,
            Err(another) => payload = another,
        }
    }
    std::mem::forget(payload);
    error
}

/// The error for an argument that must not be NULL.
fn null(arg: &str) -> Error {
    Error::invalid(arg, "is NULL")
}

/// Borrows an argument for the length of the call. `const T *` promises callers that they may
/// share it between threads, hence `Sync`.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nothing mutates during `'a`.
pub(super) unsafe fn borrow<'a, T: Sync>(ptr: *const T, arg: &'static str) -> Result<&'a T> {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    unsafe { ptr.as_ref() }.ok_or_else(|| null(arg))
}

/// Borrows an argument that the call may change.
///
/// # Safety
/// `ptr` is NULL, or points to a live `T` that nobody else uses during `'a`.
pub(super) unsafe fn borrow_mut<'a, T>(ptr: *mut T, arg: &'static str) -> Result<&'a mut T> {
    // SAFETY: the caller vouches for a non-null `ptr`; NULL becomes `None`.
    unsafe { ptr.as_mut() }.ok_or_else(|| null(arg))
}

/// Takes over what the other side hands to us; NULL is `None`.
///
/// # Safety
/// `ptr` is NULL, or came from this library and is owned by the caller, who gives it up.
pub(super) unsafe fn take<T>(ptr: *mut T) -> Option<Box<T>> {
    // SAFETY: a non-null `ptr` came from `Box::into_raw`, and the caller vouches for the rest.
    (!ptr.is_null()).then(|| unsafe { Box::from_raw(ptr) })
}

/// Views `(ptr, len)` as a slice. `(NULL, 0)` is the empty slice, as C callers expect.
///
/// # Safety
/// `ptr` points to `len` initialised elements that live and stay unmodified for `'a`.
pub(super) unsafe fn slice<'a, T>(ptr: *const T, len: usize, arg: &'static str) -> Result<&'a [T]> {
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
pub(super) unsafe fn text<'a>(
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

/// Where a constructor puts the object it hands to the caller.
pub(super) struct Out<'a, T>(&'a mut *mut T);

impl<T> Out<'_, T> {
    /// Clears the slot first, so a failed call leaves NULL and never garbage.
    ///
    /// # Safety
    /// `ptr` is NULL, or is writable and unaliased during `'a`.
    pub(super) unsafe fn new(ptr: *mut *mut T, arg: &'static str) -> Result<Self> {
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
    pub(super) fn set(self, value: T) {
        self.give(Box::into_raw(Box::new(value)));
    }

    /// Hands over what is in a box already, by what `Box::into_raw` gave.
    pub(super) fn give(self, value: *mut T) {
        *self.0 = value;
    }
}

/// Where a function puts a number.
///
/// # Safety
/// `ptr` is NULL, or is writable and unaliased during `'a`.
pub(super) unsafe fn out_value<'a, T: Default>(
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

/// A struct of the header that can grow: its first field is `struct_size`.
///
/// # Safety
/// `Self` is `repr(C)`, starts with `struct_size: usize`, and is valid for every byte pattern:
/// integers, raw pointers and optional functions only, no `bool`, no enum, no reference.
pub(super) unsafe trait SizeTagged: Copy {}

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
pub(super) unsafe fn options<T: SizeTagged>(
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
pub(super) unsafe fn overlay<T: SizeTagged>(
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

/// A struct the caller allocated, to be filled in.
pub(super) struct OutStruct<'a, T> {
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
    pub(super) unsafe fn new(ptr: *mut T, arg: &'static str) -> Result<Self> {
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
    pub(super) fn set(self, value: &T) {
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

#[cfg(test)]
#[path = "boundary_tests.rs"]
mod tests;
