//! Arrays of numbers and sets of flags, as values.

use crate::error::Result;
use crate::marshal::array::{array, collect};
use crate::marshal::layout::runtime_list_t;
use crate::marshal::read::{boolean, character};
use crate::types::{Kind, Name, Path};
use crate::value::Value;

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

/// The names of the flags that are set.
pub(in crate::marshal) fn names_of(words: &[u32], names: &[Name]) -> Vec<String> {
    let is_set = |flag: usize| words.get(flag / 32).is_some_and(|it| it & (1 << (flag % 32)) != 0);
    let set = names.iter().enumerate().filter(|(flag, _)| is_set(*flag));
    set.map(|(_, name)| name.as_str().to_owned()).collect()
}
