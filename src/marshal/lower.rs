//! From values in C memory to values of components.

use std::cell::RefCell;

use super::array::{array, collect};
use super::layout::runtime_value_t;
use super::leaf::{boolean, character, flags, flat, text};
use crate::handles::Handles;
use crate::types::{Case, Field, FunctionType, Kind, Path, Resource, ResultType, Type, brief};
use crate::value::Value;
use crate::{Code, Error, Result};

/// Reads the arguments of a call. What it returns has exactly the types that `ty` asks for.
/// `handles` knows the resources among them.
///
/// # Safety
/// For each value reached through `args`, the field of `of` that its `kind` names is initialised,
/// and each non-NULL pointer with a length above 0, and each non-NULL payload, points to that many
/// initialised elements which live and stay unmodified until this returns. Everything else may be
/// anything: kinds, numbers, lengths and text are checked.
pub unsafe fn lower_args(
    args: &[runtime_value_t],
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Vec<Value>> {
    if args.len() != ty.params.len() {
        return Err(wrong_count(args.len(), &ty.params));
    }
    let lower = Lower { handles: RefCell::new(handles) };
    let values = args.iter().zip(&ty.params).map(|(value, param)| {
        // SAFETY: passed on from the caller.
        unsafe { lower.value(value, &param.ty, &Path::parameter(&param.name)) }
    });
    collect(args.len(), values)
}

/// Reads what a host function answers, like [`lower_args`].
///
/// # Safety
/// As for [`lower_args`].
pub unsafe fn lower_results(
    results: &[runtime_value_t],
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Vec<Value>> {
    let wanted = usize::from(ty.result.is_some());
    if results.len() != wanted {
        let problem = format!("expected {wanted} results, found {}", results.len());
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    let lower = Lower { handles: RefCell::new(handles) };
    let values = results.iter().zip(&ty.result).map(|(value, ty)| {
        // SAFETY: passed on from the caller.
        unsafe { lower.value(value, ty, &Path::result()) }
    });
    collect(wanted, values)
}

struct Lower<'h> {
    /// Shared by the closures that walk a value, one of which runs at a time.
    handles: RefCell<&'h mut dyn Handles>,
}

fn wrong_count(found: usize, params: &[Field]) -> Error {
    let count = format!("expected {}, found {found}", arguments(params.len()));
    match params.get(found) {
        Some(missing) => Path::parameter(&missing.name)
            .error(Code::TypeMismatch, format_args!("no argument; {count}")),
        None => Error::new(Code::TypeMismatch, format!("too many arguments: {count}")),
    }
}

fn arguments(count: usize) -> String {
    format!("{count} argument{}", if count == 1 { "" } else { "s" })
}

impl Lower<'_> {
    fn resource(&self, handle: u64, ty: &Resource, owned: bool, at: &Path<'_>) -> Result<Value> {
        let taken = self.handles.borrow_mut().take(handle, &ty.ty(), owned);
        Ok(Value::Resource(taken.map_err(|error| at.error(error.code(), error.message()))?))
    }

    /// # Safety
    /// As for [`lower_args`].
    unsafe fn value(&self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<Value> {
        check(value, ty, at)?;
        // SAFETY: `check` found the kind that belongs to the arm, and the caller promises that the
        // field named by the kind is initialised. Every bit pattern is a value of these fields.
        unsafe {
            Ok(match ty {
                Type::Bool => Value::Bool(boolean(value.of.boolean, at)?),
                Type::S8 => Value::S8(value.of.s8),
                Type::U8 => Value::U8(value.of.u8),
                Type::S16 => Value::S16(value.of.s16),
                Type::U16 => Value::U16(value.of.u16),
                Type::S32 => Value::S32(value.of.s32),
                Type::U32 => Value::U32(value.of.u32),
                Type::S64 => Value::S64(value.of.s64),
                Type::U64 => Value::U64(value.of.u64),
                Type::F32 => Value::Float32(value.of.f32),
                Type::F64 => Value::Float64(value.of.f64),
                Type::Char => Value::Char(character(value.of.character, at)?),
                Type::String => Value::String(text(value.of.string, at)?),
                Type::List(element) => Value::List(self.list(value, element, at)?),
                Type::Record(fields) => Value::Record(self.record(value, fields, at)?),
                Type::Tuple(types) => Value::Tuple(self.tuple(value, types, at)?),
                Type::Variant(cases) => self.variant(value, cases, at)?,
                Type::Enum(names) => {
                    let name = case(names, value.index, "enum", at)?;
                    Value::Enum(name.as_str().to_owned())
                }
                Type::Option(some) => self.option(value, some, at)?,
                Type::Result(ty) => self.result(value, ty, at)?,
                Type::Flags(names) => Value::Flags(flags(value, names, at)?),
                Type::Own(ty) => self.resource(value.of.resource, ty, true, at)?,
                Type::Borrow(ty) => self.resource(value.of.resource, ty, false, at)?,
                Type::Function(_) | Type::Unsupported(_) => {
                    return Err(unsupported(ty, at));
                }
            })
        }
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is a list.
    unsafe fn list(
        &self,
        value: &runtime_value_t,
        element: &Type,
        at: &Path<'_>,
    ) -> Result<Vec<Value>> {
        if let Some(kind) = flat_kind(value, element, at)? {
            // SAFETY: the kind says that `list` is the initialised field, and `element` says what
            // its array is made of; the caller vouches for both.
            return unsafe { flat(value.of.list, kind, at) };
        }
        // SAFETY: the kind says that `list` is the initialised field.
        let list = unsafe { value.of.list };
        // SAFETY: `element` 0 says that it is an array of values; the caller vouches for it.
        let values = unsafe { array(list.ptr.cast::<runtime_value_t>(), list.len, at)? };
        let lowered = values.iter().enumerate().map(|(i, value)| {
            // SAFETY: passed on from the caller.
            unsafe { self.value(value, element, &at.element(i)) }
        });
        collect(values.len(), lowered)
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is a record.
    unsafe fn record(
        &self,
        value: &runtime_value_t,
        fields: &[Field],
        at: &Path<'_>,
    ) -> Result<Vec<(String, Value)>> {
        // SAFETY: passed on from the caller.
        let values = unsafe { members(value, fields.len(), at)? };
        let lowered = values.iter().zip(fields).map(|(value, field)| {
            let name = field.name.as_str();
            // SAFETY: passed on from the caller.
            let value = unsafe { self.value(value, &field.ty, &at.name(name))? };
            Ok((name.to_owned(), value))
        });
        collect(fields.len(), lowered)
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is a tuple.
    unsafe fn tuple(
        &self,
        value: &runtime_value_t,
        types: &[Type],
        at: &Path<'_>,
    ) -> Result<Vec<Value>> {
        // SAFETY: passed on from the caller.
        let values = unsafe { members(value, types.len(), at)? };
        let lowered = values.iter().zip(types).enumerate().map(|(i, (value, ty))| {
            // SAFETY: passed on from the caller.
            unsafe { self.value(value, ty, &at.number(i)) }
        });
        collect(types.len(), lowered)
    }

    /// What the case `name` of a variant, option or result carries.
    ///
    /// # Safety
    /// As for [`lower_args`]; `value` is one of these.
    unsafe fn payload(
        &self,
        value: &runtime_value_t,
        name: &str,
        ty: Option<&Type>,
        at: &Path<'_>,
    ) -> Result<Option<Box<Value>>> {
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
                let [inner] = (unsafe { array(payload, 1, &at)? }) else {
                    return Err(at.invalid("`payload` is not one value"));
                };
                // SAFETY: passed on from the caller.
                let inner = unsafe { self.value(inner, ty, &at)? };
                Ok(Some(Box::new(inner)))
            }
        }
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is a variant.
    unsafe fn variant(
        &self,
        value: &runtime_value_t,
        cases: &[Case],
        at: &Path<'_>,
    ) -> Result<Value> {
        let case = case(cases, value.index, "variant", at)?;
        let name = case.name.as_str();
        // SAFETY: passed on from the caller.
        let payload = unsafe { self.payload(value, name, case.ty.as_ref(), at)? };
        Ok(Value::Variant(name.to_owned(), payload))
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is an option.
    unsafe fn option(&self, value: &runtime_value_t, some: &Type, at: &Path<'_>) -> Result<Value> {
        let (name, ty) = *case(&[("none", None), ("some", Some(some))], value.index, "option", at)?;
        // SAFETY: passed on from the caller.
        Ok(Value::Option(unsafe { self.payload(value, name, ty, at)? }))
    }

    /// # Safety
    /// As for [`lower_args`]; `value` is a result.
    unsafe fn result(
        &self,
        value: &runtime_value_t,
        ty: &ResultType,
        at: &Path<'_>,
    ) -> Result<Value> {
        let cases = [("ok", ty.ok.as_ref()), ("err", ty.err.as_ref())];
        let (name, ty) = *case(&cases, value.index, "result", at)?;
        // SAFETY: passed on from the caller.
        let payload = unsafe { self.payload(value, name, ty, at)? };
        Ok(Value::Result(if value.index == 0 { Ok(payload) } else { Err(payload) }))
    }
}

/// Compares the header of `value`, everything but `of`, with the type that is wanted.
pub(super) fn check(value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
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

fn unsupported(ty: &Type, at: &Path<'_>) -> Error {
    let ty = brief(ty);
    at.error(Code::Unsupported, format_args!("values of type {ty} cannot be passed yet"))
}

/// The members of a record or tuple.
///
/// # Safety
/// As for [`lower_args`]; `value` is a record or tuple.
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
