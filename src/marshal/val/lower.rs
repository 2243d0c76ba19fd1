//! From values in C memory to values of components.

use std::cell::RefCell;

use super::leaf::{flat, names_of};
use crate::error::Result;
use crate::marshal::array::{array, collect};
use crate::marshal::handles::{Handles, strange};
use crate::marshal::layout::runtime_value_t;
use crate::marshal::read::{
    boolean, carried, case, character, check, flags, flat_kind, members, payload, text,
    unsupported, wrong_results,
};
use crate::types::{Field, FunctionType, Path, Resource, Type};
use crate::value::Value;

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
        return Err(crate::marshal::read::wrong_count(args.len(), &ty.params));
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
        return Err(wrong_results(results.len(), wanted));
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

impl Lower<'_> {
    fn resource(&self, handle: u64, ty: &Resource, owned: bool, at: &Path<'_>) -> Result<Value> {
        let taken = self.handles.borrow_mut().take(handle, &ty.ty(), owned);
        let taken = taken.and_then(|taken| taken.ok_or_else(|| strange(handle)));
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
                Type::String => Value::String(text(value.of.string, at)?.to_owned()),
                Type::List(element) => Value::List(self.list(value, element, at)?),
                Type::Record(fields) => Value::Record(self.record(value, fields, at)?),
                Type::Tuple(types) => Value::Tuple(self.tuple(value, types, at)?),
                Type::Enum(names) => {
                    let name = case(names, value.index, "enum", at)?;
                    Value::Enum(name.as_str().to_owned())
                }
                Type::Variant(_) | Type::Option(_) | Type::Result(_) => self.case(value, ty, at)?,
                Type::Flags(names) => Value::Flags(names_of(flags(value, names.len(), at)?, names)),
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

    /// A variant, option or result.
    ///
    /// # Safety
    /// As for [`lower_args`]; `value` is one of these.
    unsafe fn case(&self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<Value> {
        let (name, carried) = carried(ty, value.index, at)?;
        // SAFETY: passed on from the caller.
        let inner = match unsafe { payload(value, name, carried, at)? } {
            // SAFETY: passed on from the caller.
            Some((inner, ty)) => Some(Box::new(unsafe { self.value(inner, ty, &at.name(name))? })),
            None => None,
        };
        Ok(match ty {
            Type::Option(_) => Value::Option(inner),
            Type::Result(_) if value.index == 0 => Value::Result(Ok(inner)),
            Type::Result(_) => Value::Result(Err(inner)),
            _ => Value::Variant(name.to_owned(), inner),
        })
    }
}
