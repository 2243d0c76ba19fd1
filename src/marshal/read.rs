//! Reads one value that a caller describes, as far as it goes without the values inside it. Nothing
//! here trusts a tag, a length or a pointer that the type does not ask for.

use super::array::array;
use super::layout::{runtime_string_t, runtime_value_t};
use crate::error::{Code, Error, Result};
use crate::types::{Case, Field, Kind, Path, Type, brief};

/// The longest text wasmtime passes to a guest, in bytes.
pub(super) const TEXT_BYTES: usize = i32::MAX as usize;

/// Compares the header of `value`, everything but `of`, with the type that is wanted.
#[inline]
pub(super) fn check(value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
    // Nearly all values are what they should be, with zeros where nothing else belongs.
    let kind = ty.kind();
    let plain = value.kind == kind as u8 && value.element == 0 && value.reserved == 0;
    match plain && value.index == 0 && !matches!(kind, Kind::Function | Kind::Unsupported) {
        true => Ok(()),
        false => check_all(value, ty, at),
    }
}

fn check_all(value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
    if matches!(ty.kind(), Kind::Function | Kind::Unsupported) {
        return Err(unsupported(ty, at));
    }
    let Some(kind) = Kind::from_number(value.kind) else {
        return Err(at.invalid(format_args!("{} is not a kind of value", value.kind)));
    };
    if kind != ty.kind() {
        return Err(at.mismatch(ty, found(kind, value.element)));
    }
    if value.reserved != 0 {
        return Err(at.invalid(format_args!("`reserved` is {} instead of 0", value.reserved)));
    }
    if value.element != 0 && kind != Kind::List {
        let element = value.element;
        return Err(at.invalid(format_args!("`element` of a {} is {element}", kind.name())));
    }
    let cases = matches!(kind, Kind::Variant | Kind::Enum | Kind::Option | Kind::Result);
    if value.index != 0 && !cases {
        let index = value.index;
        return Err(at.invalid(format_args!("`index` of a {} is {index}", kind.name())));
    }
    Ok(())
}

/// What the C array of a list is made of; `None` if it is an array of values.
pub(super) fn flat_kind(
    value: &runtime_value_t,
    element: &Type,
    at: &Path<'_>,
) -> Result<Option<Kind>> {
    if value.element == 0 {
        return Ok(None);
    }
    let Some(kind) = Kind::from_number(value.element) else {
        let number = value.element;
        return Err(at.invalid(format_args!("`element` {number} is not a kind of value")));
    };
    if kind != element.kind() {
        let wanted = format_args!("list<{}>", brief(element)).to_string();
        return Err(at.mismatch(wanted, found(Kind::List, value.element)));
    }
    if !kind.is_flat() {
        let kind = kind.name();
        let problem = format_args!("a list of {kind} is an array of values, with `element` 0");
        return Err(at.invalid(problem));
    }
    Ok(Some(kind))
}

/// What a value claims to be.
fn found(kind: Kind, element: u8) -> String {
    match Kind::from_number(element) {
        Some(element) if kind == Kind::List => format!("list<{}>", element.name()),
        _ => kind.name().to_owned(),
    }
}

pub(super) fn unsupported(ty: &Type, at: &Path<'_>) -> Error {
    let ty = brief(ty);
    at.error(Code::Unsupported, format_args!("values of type {ty} cannot be passed yet"))
}

/// The members of a record or tuple.
///
/// # Safety
/// As for [`super::check_args`]; `value` is a record or tuple.
pub(super) unsafe fn members<'a>(
    value: &'a runtime_value_t,
    wanted: usize,
    at: &Path<'_>,
) -> Result<&'a [runtime_value_t]> {
    // SAFETY: the kind says that `values` is the initialised field.
    let slice = unsafe { value.of.values };
    if slice.len != wanted {
        let found = slice.len;
        return Err(at.mismatch(format_args!("{wanted} fields"), found));
    }
    // SAFETY: passed on from the caller.
    unsafe { array(slice.ptr, slice.len, at) }
}

/// The case that `index` selects.
pub(super) fn case<'a, T>(cases: &'a [T], index: u32, kind: &str, at: &Path<'_>) -> Result<&'a T> {
    let found = usize::try_from(index).ok().and_then(|index| cases.get(index));
    found.ok_or_else(|| {
        let count = cases.len();
        at.invalid(format_args!("`index` {index} is none of the {count} cases of the {kind}"))
    })
}

/// The type of what the case `index` of a variant, option or result carries, and the case's name.
pub(super) fn carried<'t>(
    ty: &'t Type,
    index: u32,
    at: &Path<'_>,
) -> Result<(&'t str, Option<&'t Type>)> {
    Ok(match ty {
        Type::Variant(cases) => {
            let Case { name, ty } = case(cases, index, "variant", at)?;
            (name.as_str(), ty.as_ref())
        }
        Type::Option(some) => {
            *case(&[("none", None), ("some", Some(&**some))], index, "option", at)?
        }
        Type::Result(ty) => {
            *case(&[("ok", ty.ok.as_ref()), ("err", ty.err.as_ref())], index, "result", at)?
        }
        other => return Err(at.mismatch("a type with cases", other)),
    })
}

/// What the case `name` of a variant, option or result carries.
///
/// # Safety
/// As for [`super::check_args`]; `value` is one of these.
pub(super) unsafe fn payload<'v, 't>(
    value: &'v runtime_value_t,
    name: &str,
    ty: Option<&'t Type>,
    at: &Path<'_>,
) -> Result<Option<(&'v runtime_value_t, &'t Type)>> {
    // SAFETY: the kind says that `payload` is the initialised field.
    let payload = unsafe { value.of.payload };
    match (ty, payload.is_null()) {
        (None, true) => Ok(None),
        (None, false) => {
            let name = brief(name);
            Err(at.invalid(format_args!("case `{name}` carries nothing, but `payload` is set")))
        }
        (Some(ty), true) => {
            let ty = brief(ty);
            Err(at.name(name).invalid(format_args!("`payload` is NULL instead of {ty}")))
        }
        (Some(ty), false) => {
            let at = at.name(name);
            // SAFETY: non-null; the caller vouches for one value behind it.
            match unsafe { array(payload, 1, &at)? } {
                [inner] => Ok(Some((inner, ty))),
                _ => Err(at.invalid("`payload` is not one value")),
            }
        }
    }
}

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
/// As for [`super::check_args`], for the bytes of `text`.
pub(super) unsafe fn text<'v>(text: runtime_string_t, at: &Path<'_>) -> Result<&'v str> {
    // SAFETY: passed on from the caller.
    let bytes = unsafe { array(text.ptr.cast::<u8>(), text.len, at)? };
    if bytes.len() > TEXT_BYTES {
        let len = bytes.len();
        return Err(at.invalid(format_args!("length {len} is more than a guest can hold")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        at.invalid(format_args!("not UTF-8: invalid byte at offset {offset}"))
    })
}

/// The words of a set of `count` flags.
///
/// # Safety
/// As for [`super::check_args`]; `value` is a set of flags.
pub(super) unsafe fn flags<'v>(
    value: &runtime_value_t,
    count: usize,
    at: &Path<'_>,
) -> Result<&'v [u32]> {
    // SAFETY: the kind says that `flags` is the initialised field.
    let flags = unsafe { value.of.flags };
    let most = count.div_ceil(32);
    if flags.len > most {
        let len = flags.len;
        return Err(at.invalid(format_args!("{len} words for {count} flags; at most {most}")));
    }
    // SAFETY: passed on from the caller.
    let words: &[u32] = unsafe { array(flags.ptr, flags.len, at)? };
    let beyond = beyond(words, count);
    if beyond != 0 {
        let flag = count + beyond.trailing_zeros() as usize;
        return Err(at.invalid(format_args!("flag {flag} is set, of only {count} flags")));
    }
    Ok(words)
}

/// The bits that belong to none of `count` flags. Only the last word that there can be has any.
pub(super) fn beyond(words: &[u32], count: usize) -> u32 {
    let last = words.get(count.div_ceil(32).wrapping_sub(1));
    last.filter(|_| !count.is_multiple_of(32)).map_or(0, |last| last >> (count % 32))
}

/// A call with as many arguments as `found` of a function that wants `params`.
pub(super) fn wrong_count(found: usize, params: &[Field]) -> Error {
    let wanted = params.len();
    let count =
        format!("expected {wanted} argument{}, found {found}", if wanted == 1 { "" } else { "s" });
    match params.get(found) {
        Some(missing) => Path::parameter(&missing.name)
            .error(Code::TypeMismatch, format_args!("no argument; {count}")),
        None => Error::new(Code::TypeMismatch, format_args!("too many arguments: {count}")),
    }
}

/// A host function that answers with as many results as `found`.
pub(super) fn wrong_results(found: usize, wanted: usize) -> Error {
    Error::new(Code::TypeMismatch, format_args!("expected {wanted} results, found {found}"))
}
