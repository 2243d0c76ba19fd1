//! The C spelling of component values. cbindgen copies these types and their comments into
//! `wasmcell.h`, where they are read by people who do not know Rust.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_void};

/// UTF-8 text: `len` bytes at `ptr`.
///
/// Text that the library hands out is followed by a NUL byte that `len` does not count; text that
/// is passed in needs none, and may contain NUL bytes. `ptr` may be NULL if `len` is 0.
///
/// Borrows the text, which must live as long as this does.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_string_t {
    /// First byte; NULL is allowed if `len` is 0.
    pub ptr: *const c_char,
    /// Number of bytes.
    pub len: usize,
}

/// The elements of a list: `len` of them at `ptr`, in a row, aligned as C aligns their type.
///
/// What `ptr` points to is said by `element` of the runtime_value_t around it.
///
/// Borrows the elements, which must live as long as this does.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_list_t {
    /// First element; NULL is allowed if `len` is 0.
    pub ptr: *const c_void,
    /// Number of elements, not bytes.
    pub len: usize,
}

/// Values in a row: `len` of them at `ptr`.
///
/// Borrows the values, which must live as long as this does.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_slice_t {
    /// First value; NULL is allowed if `len` is 0.
    pub ptr: *const runtime_value_t,
    /// Number of values.
    pub len: usize,
}

/// A set of flags: `len` words at `ptr`; bit `i % 32` of word `i / 32` is flag `i`, in the order
/// in which WIT declares them.
///
/// Words that are missing count as 0, so `{NULL, 0}` is the empty set. Bits that no flag belongs
/// to must be 0.
///
/// Borrows the words, which must live as long as this does.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_flags_t {
    /// First word; NULL is allowed if `len` is 0.
    pub ptr: *const u32,
    /// Number of words: the number of flags divided by 32, rounded up.
    pub len: usize,
}

/// What a runtime_value_t holds. Its `kind` says which field counts; the others are not read.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub union runtime_value_of_t {
    /// RUNTIME_KIND_BOOL: 0 is false and 1 is true; any other number is an error.
    pub boolean: u8,
    /// RUNTIME_KIND_S8.
    pub s8: i8,
    /// RUNTIME_KIND_U8.
    pub u8: u8,
    /// RUNTIME_KIND_S16.
    pub s16: i16,
    /// RUNTIME_KIND_U16.
    pub u16: u16,
    /// RUNTIME_KIND_S32.
    pub s32: i32,
    /// RUNTIME_KIND_U32.
    pub u32: u32,
    /// RUNTIME_KIND_S64.
    pub s64: i64,
    /// RUNTIME_KIND_U64.
    pub u64: u64,
    /// RUNTIME_KIND_F32.
    pub f32: f32,
    /// RUNTIME_KIND_F64.
    pub f64: f64,
    /// RUNTIME_KIND_CHAR: a Unicode scalar value, that is, a code point but no surrogate.
    pub character: u32,
    /// RUNTIME_KIND_STRING.
    pub string: runtime_string_t,
    /// RUNTIME_KIND_LIST.
    pub list: runtime_list_t,
    /// RUNTIME_KIND_RECORD and RUNTIME_KIND_TUPLE: one value for each field, in the order in
    /// which WIT declares them.
    pub values: runtime_slice_t,
    /// RUNTIME_KIND_VARIANT, RUNTIME_KIND_OPTION and RUNTIME_KIND_RESULT: what the case `index`
    /// carries; NULL if it carries nothing. Borrowed, like everything a value points to.
    pub payload: *const runtime_value_t,
    /// RUNTIME_KIND_FLAGS.
    pub flags: runtime_flags_t,
    /// RUNTIME_KIND_OWN and RUNTIME_KIND_BORROW: a handle.
    pub resource: u64,
}

/// One value of any type a component can take or give: 24 bytes that hold a number, or point to
/// the rest.
///
/// A value owns nothing. The caller keeps what an argument points to alive and unchanged until
/// the call returns; what a result points to lives in its runtime_values_t and goes with it.
/// Values may be copied like any C struct, and read by any number of threads at once.
///
/// Set the fields that `kind` has no use for to 0, for example with a designated initialiser:
///
///     const runtime_value_t answer = {.kind = RUNTIME_KIND_U32, .of = {.u32 = 42}};
///
/// Pointers must be aligned for what they point to. A value is checked against the type that is
/// wanted, completely and before the guest runs: RUNTIME_ERROR_TYPE_MISMATCH means that `kind`,
/// `element` or the number of fields differs from the type, RUNTIME_ERROR_INVALID_ARGUMENT that
/// the content is unusable. The message names the place, for example `point.x` or `names[3]`.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_value_t {
    /// A runtime_kind_t: which type this is a value of, and so which field of `of` counts.
    pub kind: u8,
    /// For RUNTIME_KIND_LIST, what `of.list` points to. A runtime_kind_t means a C array of that
    /// type: RUNTIME_KIND_BOOL and RUNTIME_KIND_U8 `uint8_t`, RUNTIME_KIND_S8 `int8_t`,
    /// RUNTIME_KIND_U16 `uint16_t`, RUNTIME_KIND_S16 `int16_t`, RUNTIME_KIND_CHAR and
    /// RUNTIME_KIND_U32 `uint32_t`, RUNTIME_KIND_S32 `int32_t`, RUNTIME_KIND_U64 `uint64_t`,
    /// RUNTIME_KIND_S64 `int64_t`, RUNTIME_KIND_F32 `float`, RUNTIME_KIND_F64 `double`.
    /// 0 means an array of runtime_value_t. Results of the types above always come as C arrays;
    /// arguments may be given either way, and C arrays are much faster.
    /// For every other kind, 0.
    pub element: u8,
    /// 0.
    pub reserved: u16,
    /// For RUNTIME_KIND_VARIANT and RUNTIME_KIND_ENUM the number of the case, from 0, in the
    /// order in which WIT declares them; for RUNTIME_KIND_OPTION 0 is none and 1 is some; for
    /// RUNTIME_KIND_RESULT 0 is ok and 1 is the error. For every other kind, 0.
    pub index: u32,
    /// The value itself, or where it is.
    pub of: runtime_value_of_t,
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<runtime_value_t>() == 24 || size_of::<usize>() != 8);
    assert!(align_of::<runtime_value_t>() == 8 || size_of::<usize>() != 8);
    assert!(offset_of!(runtime_value_t, of) == 8);
};
