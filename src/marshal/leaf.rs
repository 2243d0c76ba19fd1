//! Reads values that contain no other values: numbers, text, arrays of numbers, flags.

use super::array::{array, collect};
use super::layout::{runtime_list_t, runtime_string_t, runtime_value_t};
use crate::Result;
use crate::types::{Kind, Name, Path};
use crate::value::Value;

/// The longest text wasmtime passes to a guest, in bytes.
const TEXT_BYTES: usize = i32::MAX as usize;

pub(super) fn boolean(byte: u8, at: &Path<'_>) -> Result<bool> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(at.invalid(format_args!("a bool is 0 or 1, not {other}"))),
    }
}

pub(super) fn character(number: u32, at: &Path<'_>) -> Result<char> {
    char::from_u32(number)
        .ok_or_else(|| at.invalid(format_args!("U+{number:04X} is not a Unicode scalar value")))
}

/// # Safety
/// As for [`super::lower_args`], for the bytes of `text`.
pub(super) unsafe fn text(text: runtime_string_t, at: &Path<'_>) -> Result<String> {
    // SAFETY: passed on from the caller.
    let bytes = unsafe { array(text.ptr.cast::<u8>(), text.len, at)? };
    if bytes.len() > TEXT_BYTES {
        let len = bytes.len();
        return Err(at.invalid(format_args!("length {len} is more than a guest can hold")));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let offset = error.valid_up_to();
            Err(at.invalid(format_args!("not UTF-8: invalid byte at offset {offset}")))
        }
    }
}

/// # Safety
/// As for [`super::lower_args`]: `list` is an array of the C type of `kind`.
pub(super) unsafe fn flat(list: runtime_list_t, kind: Kind, at: &Path<'_>) -> Result<Vec<Value>> {
    /// Reads an array of `T` and turns each element into a value.
    ///
    /// # Safety
    /// As for [`super::lower_args`]: `list` is an array of `T`.
    unsafe fn each<T: Copy>(
        list: runtime_list_t,
        at: &Path<'_>,
        value: impl Fn(T, &Path<'_>) -> Result<Value>,
    ) -> Result<Vec<Value>> {
        // SAFETY: passed on from the caller.
        let elements = unsafe { array(list.ptr.cast::<T>(), list.len, at)? };
        let values = elements.iter().enumerate().map(|(i, &it)| value(it, &at.element(i)));
        collect(elements.len(), values)
    }
    // SAFETY: `kind` says which type the array has; passed on from the caller.
    unsafe {
        match kind {
            Kind::Bool => each(list, at, |it, at| Ok(Value::Bool(boolean(it, at)?))),
            Kind::S8 => each(list, at, |it, _| Ok(Value::S8(it))),
            Kind::U8 => each(list, at, |it, _| Ok(Value::U8(it))),
            Kind::S16 => each(list, at, |it, _| Ok(Value::S16(it))),
            Kind::U16 => each(list, at, |it, _| Ok(Value::U16(it))),
            Kind::S32 => each(list, at, |it, _| Ok(Value::S32(it))),
            Kind::U32 => each(list, at, |it, _| Ok(Value::U32(it))),
            Kind::S64 => each(list, at, |it, _| Ok(Value::S64(it))),
            Kind::U64 => each(list, at, |it, _| Ok(Value::U64(it))),
            Kind::F32 => each(list, at, |it, _| Ok(Value::Float32(it))),
            Kind::F64 => each(list, at, |it, _| Ok(Value::Float64(it))),
            Kind::Char => each(list, at, |it, at| Ok(Value::Char(character(it, at)?))),
            other => Err(at.invalid(format_args!("{} has no C array", other.name()))),
        }
    }
}

/// # Safety
/// As for [`super::lower_args`]; `value` is a set of flags.
pub(super) unsafe fn flags(
    value: &runtime_value_t,
    names: &[Name],
    at: &Path<'_>,
) -> Result<Vec<String>> {
    // SAFETY: the kind says that `flags` is the initialised field.
    let flags = unsafe { value.of.flags };
    let (most, count) = (names.len().div_ceil(32), names.len());
    if flags.len > most {
        let len = flags.len;
        return Err(at.invalid(format_args!("{len} words for {count} flags; at most {most}")));
    }
    // SAFETY: passed on from the caller.
    let words = unsafe { array(flags.ptr, flags.len, at)? };
    let mut set = Vec::new();
    for (i, word) in words.iter().enumerate() {
        for bit in (0..32).filter(|bit| word & (1 << bit) != 0) {
            let flag = i * 32 + bit;
            let Some(name) = names.get(flag) else {
                return Err(at.invalid(format_args!("flag {flag} is set, of only {count} flags")));
            };
            set.push(name.as_str().to_owned());
        }
    }
    Ok(set)
}
