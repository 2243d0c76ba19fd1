//! Whether a value fits a type, without a word on what is wrong if it does not.
//!
//! Nearly all values do. Of those in lists, `check` asks this first, which keeps no path to where
//! they are; what it does not vouch for is looked at once more by `check`, which finds the words.

use super::array::seen;
use super::layout::{runtime_string_t, runtime_value_t};
use super::read::{TEXT_BYTES, beyond};
use crate::types::{Kind, Type};

/// Whether `value` is one of type `ty`, with all that is in it, and has no resources: somebody has
/// to look for these.
///
/// # Safety
/// As for [`super::check_args`].
#[inline(always)]
pub(super) unsafe fn fits(value: &runtime_value_t, ty: &Type) -> bool {
    match ty {
        Type::S32 | Type::U32 | Type::S64 | Type::U64 | Type::F32 | Type::F64 => {
            is_whole(value, ty.kind())
        }
        // SAFETY: passed on from the caller.
        _ => unsafe { content(value, ty) },
    }
}

/// As [`fits`], apart so that most numbers need no call.
///
/// # Safety
/// As for [`super::check_args`].
unsafe fn content(value: &runtime_value_t, ty: &Type) -> bool {
    let of = &value.of;
    // SAFETY: a field is read where the kind was found to be its, and the caller promises that the
    // field named by the kind is initialised. Every bit pattern is a value of these fields.
    unsafe {
        match ty {
            Type::S8 | Type::U8 | Type::S16 | Type::U16 | Type::S32 | Type::U32 => {
                is_whole(value, ty.kind())
            }
            Type::S64 | Type::U64 | Type::F32 | Type::F64 => is_whole(value, ty.kind()),
            Type::Bool => is_whole(value, Kind::Bool) && of.boolean <= 1,
            Type::Char => is_whole(value, Kind::Char) && is_char(of.character),
            Type::String => is_whole(value, Kind::String) && is_text(of.string),
            Type::List(element) => {
                is_whole(&runtime_value_t { element: 0, ..*value }, Kind::List)
                    && list(value, element)
            }
            Type::Record(fields) => {
                is_whole(value, Kind::Record)
                    && of.values.len == fields.len()
                    && seen(of.values.ptr, of.values.len).is_some_and(|values| {
                        values.iter().zip(&**fields).all(|(value, it)| fits(value, &it.ty))
                    })
            }
            Type::Tuple(types) => {
                is_whole(value, Kind::Tuple)
                    && of.values.len == types.len()
                    && seen(of.values.ptr, of.values.len).is_some_and(|values| {
                        values.iter().zip(&**types).all(|(value, ty)| fits(value, ty))
                    })
            }
            Type::Variant(cases) => {
                let case = cases.get(value.index as usize);
                is_case(value, Kind::Variant) && case.is_some_and(|it| payload(value, &it.ty))
            }
            Type::Option(some) => {
                let is_some = value.index == 1;
                is_case(value, Kind::Option)
                    && value.index <= 1
                    && payload(value, is_some.then_some(&**some))
            }
            Type::Result(it) => {
                let carried = if value.index == 0 { &it.ok } else { &it.err };
                is_case(value, Kind::Result) && value.index <= 1 && payload(value, carried)
            }
            Type::Enum(names) => is_case(value, Kind::Enum) && (value.index as usize) < names.len(),
            Type::Flags(names) => {
                is_whole(value, Kind::Flags)
                    && of.flags.len <= names.len().div_ceil(32)
                    && seen(of.flags.ptr, of.flags.len)
                        .is_some_and(|words| beyond(words, names.len()) == 0)
            }
            Type::Own(_) | Type::Borrow(_) | Type::Function(_) | Type::Unsupported(_) => false,
        }
    }
}

/// # Safety
/// As for [`super::check_args`]; `value` is a list.
unsafe fn list(value: &runtime_value_t, element: &Type) -> bool {
    let kind = element.kind();
    // SAFETY: the kind says that `list` is the initialised field, and `element` says what it leads
    // to; the caller vouches for both.
    unsafe {
        let list = value.of.list;
        if value.element == 0 {
            let values = seen(list.ptr.cast::<runtime_value_t>(), list.len);
            return values.is_some_and(|all| all.iter().all(|value| fits(value, element)));
        }
        if value.element != kind as u8 {
            return false;
        }
        match kind {
            Kind::Bool => seen(list.ptr.cast::<u8>(), list.len)
                .is_some_and(|bytes| bytes.iter().all(|byte| *byte <= 1)),
            Kind::Char => seen(list.ptr.cast::<u32>(), list.len)
                .is_some_and(|all| all.iter().all(|it| is_char(*it))),
            Kind::S8 | Kind::U8 => seen(list.ptr.cast::<u8>(), list.len).is_some(),
            Kind::S16 | Kind::U16 => seen(list.ptr.cast::<u16>(), list.len).is_some(),
            Kind::S32 | Kind::U32 | Kind::F32 => seen(list.ptr.cast::<u32>(), list.len).is_some(),
            Kind::S64 | Kind::U64 | Kind::F64 => seen(list.ptr.cast::<u64>(), list.len).is_some(),
            _ => false,
        }
    }
}

/// Whether a case carries what belongs there.
///
/// # Safety
/// As for [`super::check_args`]; `value` is a variant, option or result.
#[inline(always)]
unsafe fn payload<'t>(value: &runtime_value_t, ty: impl Into<Option<&'t Type>>) -> bool {
    // SAFETY: the kind says that `payload` is the initialised field, which is NULL or leads to a
    // value.
    unsafe {
        let payload = value.of.payload;
        match ty.into() {
            None => payload.is_null(),
            Some(ty) => matches!(seen(payload, 1), Some([inner]) if fits(inner, ty)),
        }
    }
}

/// Whether everything in the header but the kind is 0, and that is `kind`.
#[inline(always)]
fn is_whole(value: &runtime_value_t, kind: Kind) -> bool {
    is_case(value, kind) && value.index == 0
}

/// As [`is_whole`], where the number of a case may be anything.
#[inline(always)]
fn is_case(value: &runtime_value_t, kind: Kind) -> bool {
    value.kind == kind as u8 && value.element == 0 && value.reserved == 0
}

fn is_char(number: u32) -> bool {
    char::from_u32(number).is_some()
}

/// # Safety
/// As for [`super::check_args`], for the bytes of `text`.
unsafe fn is_text(text: runtime_string_t) -> bool {
    // SAFETY: passed on from the caller.
    let bytes = unsafe { seen(text.ptr.cast::<u8>(), text.len) };
    bytes.is_some_and(|bytes| {
        // Most text is ASCII, which is found out sooner.
        bytes.len() <= TEXT_BYTES && (bytes.is_ascii() || str::from_utf8(bytes).is_ok())
    })
}
