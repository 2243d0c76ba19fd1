use std::ffi::c_char;

use super::boundary::{Out, borrow, guard, out_value, release, text};
use super::bytes::runtime_bytes_t;
use super::error::runtime_error_t;
use super::types::runtime_type_t;
use crate::error::Result;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{self, Block, Results, Whole};
use crate::system::{stack, thread};
use crate::types::Type;

/// The results of one call, or a value that was read from text, with everything they point to.
///
/// The caller owns it and releases it with runtime_values_free(), which releases every
/// string and list in it. It refers to nothing else and may outlive every other object. It does
/// not change, so any number of threads may read it at once.
///
/// @since 0.1
// In this spelling, because cbindgen would take it for another name of `Block`.
#[cfg_attr(all(), repr(transparent))]
pub struct runtime_values_t(Block);

impl runtime_values_t {
    /// For a caller to own. Transparent, so that a box of one is a box of the other.
    pub(super) fn new(results: Results) -> Result<*mut Self> {
        results.into_raw().map(|block| block.cast())
    }
}

/// Releases the results of a call.
///
/// @param values  The results, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different results.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_values_free(values: Option<Box<runtime_values_t>>) {
    release("runtime_values_free", values);
}

/// Points to the results.
///
/// @param values  The results, borrowed for the call; NULL is allowed.
///
/// @return The first of runtime_values_len() values; borrowed with everything they point to, and
///         alive as long as `values`. NULL if there are none, or if `values` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_values_data(
    values: *const runtime_values_t,
) -> *const runtime_value_t {
    // SAFETY: the header obliges callers to pass live results or NULL.
    let values = unsafe { values.as_ref() }.map_or(&[][..], |it| it.0.values());
    if values.is_empty() { std::ptr::null() } else { values.as_ptr() }
}

/// Counts the results.
///
/// @param values  The results, borrowed for the call; NULL is allowed.
///
/// @return 1 for a value, or the result of a function that gives one; 0 if it gives nothing, or if
///         `values` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_values_len(values: *const runtime_values_t) -> usize {
    // SAFETY: the header obliges callers to pass live results or NULL.
    unsafe { values.as_ref() }.map_or(0, |it| it.0.values().len())
}

/// Reads a value from WAVE text, such as `{x: 1, tags: ["a", "b"]}`.
///
/// This is the notation of runtime_function_call_text(), and what runtime_value_text() writes:
/// optional fields of a record may be left out, so may `some` and `ok` where that is not ambiguous,
/// fields and flags may stand in any order, and comments begin with `//`. Handles are not read:
/// text gives no right to what they stand for.
///
/// @param type      The type of the value, borrowed for the call; the value does not refer to it.
/// @param text      The text, UTF-8, borrowed for the call.
/// @param text_len  Length of `text`.
/// @param[out] out  Receives the value, the only one in it, owned by the caller: release it with
///                  runtime_values_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller, which tells line and column:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `text` or `out` is NULL, or if `text` is not
///         UTF-8 or no WAVE,
///         RUNTIME_ERROR_TYPE_MISMATCH if it spells a value of another type,
///         RUNTIME_ERROR_UNSUPPORTED if there is text where the type has a resource, or if it is
///         the type of a function,
///         RUNTIME_ERROR_RESOURCE_LIMIT if the value takes more memory than 64 times its text and
///         128 MiB, which a component can bring about by its types,
///         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_value_parse(
    r#type: *const runtime_type_t,
    text: *const c_char,
    text_len: usize,
    out: *mut *mut runtime_values_t,
) -> *mut runtime_error_t {
    guard("runtime_value_parse", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers; a type for C is a
        // `Type`, see `type_ptr`.
        let (out, ty, text) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(r#type.cast::<Type>(), "type")?, self::text(text, text_len, "text")?)
        };
        let parsed = thread::with_room(stack::TEXT, || marshal::parse(text, ty))??;
        out.give(runtime_values_t::new(parsed)?);
        Ok(())
    })
}

/// Writes a value as WAVE text, for logs and tests.
///
/// runtime_value_parse() reads it as the same value. Handles are the exception: they are written as
/// `own(7)` and `borrow(7)`, with their number, whoever's they are.
///
/// @param type      The type of the value, borrowed for the call.
/// @param value     The value, borrowed for the call with everything it points to. It is checked as
///                  an argument of a call is, but for handles, which may be any number.
/// @param[out] out  Receives the text, owned by the caller: release it with runtime_bytes_free().
///                  Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `value` or `out` is NULL, or if the content of
///         the value is unusable,
///         RUNTIME_ERROR_TYPE_MISMATCH if it is a value of another type,
///         RUNTIME_ERROR_UNSUPPORTED if it is the type of a function,
///         RUNTIME_ERROR_RESOURCE_LIMIT if the text has more than 128 MiB,
///         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_value_text(
    r#type: *const runtime_type_t,
    value: *const runtime_value_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_value_text", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values as a call
        // takes them; a type for C is a `Type`, see `type_ptr`.
        let (out, ty, value) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(r#type.cast::<Type>(), "type")?, Whole::new(value, "value")?)
        };
        out.set(thread::with_room(stack::TEXT, || value.text(ty))??.into());
        Ok(())
    })
}

/// Compares two values of one type.
///
/// They are equal if runtime_value_text() writes the same for both. So it does not matter whether a
/// list is a C array or one of values, nor how many words of flags are left out; every NaN equals
/// every other, as components do not tell them apart; 0.0 and -0.0 differ; and handles are equal if
/// their numbers are. Nothing limits the time, and what several parts point to is looked at for
/// each of them.
///
/// @param type      The type of both, borrowed for the call.
/// @param a         One value, borrowed for the call with everything it points to; it is checked as
///                  by runtime_value_text(), also where the answer is known before.
/// @param b         The other value, borrowed likewise.
/// @param[out] out  Receives whether they are equal, owned by the caller. Set to false on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `a`, `b` or `out` is NULL, or if the content
///         of a value is unusable,
///         RUNTIME_ERROR_TYPE_MISMATCH if one is a value of another type,
///         RUNTIME_ERROR_UNSUPPORTED if it is the type of a function,
///         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_value_equal(
    r#type: *const runtime_type_t,
    a: *const runtime_value_t,
    b: *const runtime_value_t,
    out: *mut bool,
) -> *mut runtime_error_t {
    guard("runtime_value_equal", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values as a call
        // takes them; a type for C is a `Type`, see `type_ptr`.
        let (out, ty, a, b) = unsafe {
            let out = out_value(out, "out")?;
            let ty = borrow(r#type.cast::<Type>(), "type")?;
            (out, ty, Whole::new(a, "a")?, Whole::new(b, "b")?)
        };
        *out = thread::with_room(stack::TEXT, || a.is_same(&b, ty))??;
        Ok(())
    })
}
