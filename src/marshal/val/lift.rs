//! From values of components to values in C memory.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::{ptr, slice};

use crate::error::{Code, Result};
use crate::marshal::Results;
use crate::marshal::arena::Arena;
use crate::marshal::layout::{
    runtime_flags_t, runtime_list_t, runtime_slice_t, runtime_string_t, runtime_value_of_t,
    runtime_value_t,
};
use crate::marshal::pieces::{header, zero};
use crate::types::{FunctionType, Kind, Path, Type, brief};
use crate::value::Value;

/// Lays out what a call returned. The memory it takes is at most proportional to `values`.
/// `handles` are the numbers of the resources in `values`, in order.
pub fn lift_results<'a>(
    values: &[Value],
    ty: &'a FunctionType,
    handles: &'a [u64],
) -> Result<Results> {
    let wanted = usize::from(ty.result.is_some());
    if values.len() != wanted {
        let problem = format_args!("{wanted} results"); // a bug of ours or of wasmtime
        return Err(Path::result().mismatch(problem, values.len()));
    }
    let types = ty.result.iter().map(|ty| (ty, Path::result()));
    lay_out(values, types, handles)
}

/// Lays out what a guest passes to a host function, like what a call returned.
pub fn lift_args<'a>(
    values: &[Value],
    ty: &'a FunctionType,
    handles: &'a [u64],
) -> Result<Results> {
    if values.len() != ty.params.len() {
        let problem = format_args!("{} arguments", ty.params.len()); // as above
        return Err(Path::result().mismatch(problem, values.len()));
    }
    let types = ty.params.iter().map(|param| (&param.ty, Path::parameter(&param.name)));
    lay_out(values, types, handles)
}

/// Lays out one value by itself, which contains no resources.
pub fn lift_one(value: &Value, ty: &Type) -> Result<Results> {
    lay_out(slice::from_ref(value), std::iter::once((ty, Path::whole("value"))), &[])
}

fn lay_out<'a>(
    values: &[Value],
    types: impl Iterator<Item = (&'a Type, Path<'a>)>,
    handles: &'a [u64],
) -> Result<Results> {
    let handles = Cell::new(handles);
    let lift = Lift { arena: Arena::new(), cases: RefCell::default(), handles };
    let room = lift.arena.room(values.len())?;
    for ((value, (ty, at)), slot) in values.iter().zip(types).zip(&mut *room) {
        slot.write(lift.value(value, ty, &at)?);
    }
    let start = room.as_ptr().cast();
    Results::new(lift.arena, start, values.len())
}

struct Lift<'a> {
    arena: Arena,
    /// Numbers of cases and flags by name, for types with many of them, by the address of the
    /// type's parts. Without it a long list of a type with thousands of cases, which the guest is
    /// free to return, would take billions of comparisons.
    cases: RefCell<HashMap<*const u8, HashMap<&'a str, usize>>>,
    /// Numbers of the resources that are still to come.
    handles: Cell<&'a [u64]>,
}

/// How many names are searched one by one.
const FEW: usize = 16;

impl<'a> Lift<'a> {
    fn value(&self, value: &Value, ty: &'a Type, at: &Path<'_>) -> Result<runtime_value_t> {
        let mut of = zero();
        match (ty, value) {
            (Type::Bool, &Value::Bool(it)) => of.boolean = it.into(),
            (Type::S8, &Value::S8(it)) => of.s8 = it,
            (Type::U8, &Value::U8(it)) => of.u8 = it,
            (Type::S16, &Value::S16(it)) => of.s16 = it,
            (Type::U16, &Value::U16(it)) => of.u16 = it,
            (Type::S32, &Value::S32(it)) => of.s32 = it,
            (Type::U32, &Value::U32(it)) => of.u32 = it,
            (Type::S64, &Value::S64(it)) => of.s64 = it,
            (Type::U64, &Value::U64(it)) => of.u64 = it,
            (Type::F32, &Value::Float32(it)) => of.f32 = it,
            (Type::F64, &Value::Float64(it)) => of.f64 = it,
            (Type::Char, &Value::Char(it)) => of.character = it.into(),
            (Type::String, Value::String(text)) => {
                let ptr = self.arena.text(text.as_bytes())?.cast();
                of.string = runtime_string_t { ptr, len: text.len() };
            }
            (Type::List(element), Value::List(values)) => return self.list(values, element, at),
            (Type::Record(_), Value::Record(_)) | (Type::Tuple(_), Value::Tuple(_)) => {
                of.values = self.members(value, ty, at)?;
            }
            (Type::Variant(_), _) | (Type::Option(_), _) | (Type::Result(_), _) => {
                return self.case(value, ty, at);
            }
            (Type::Enum(_), Value::Enum(name)) => {
                let index = number(self.child(ty, name, at)?, at)?;
                return Ok(runtime_value_t { index, ..header(Kind::Enum) });
            }
            (Type::Flags(_), Value::Flags(set)) => of.flags = self.flags(set, ty, at)?,
            (Type::Own(_) | Type::Borrow(_), Value::Resource(_)) => {
                let Some((&resource, rest)) = self.handles.get().split_first() else {
                    return Err(at.error(Code::Unsupported, "the resource has no number"));
                };
                self.handles.set(rest);
                of.resource = resource;
            }
            (Type::Function(_) | Type::Unsupported(_), _) => {
                let problem = format!("values of type {} cannot be returned yet", brief(ty));
                return Err(at.error(Code::Unsupported, problem));
            }
            _ => return Err(unexpected(value, ty, at)),
        }
        Ok(runtime_value_t { of, ..header(ty.kind()) })
    }

    /// One value for each of `from` in a row, made by `make` from its number and itself.
    fn row<S, T: Copy>(
        &self,
        from: &[S],
        make: impl Fn(usize, &S) -> Result<T>,
    ) -> Result<*const T> {
        let room: &mut [MaybeUninit<T>] = self.arena.room(from.len())?;
        for (i, (slot, it)) in room.iter_mut().zip(from).enumerate() {
            slot.write(make(i, it)?);
        }
        Ok(if from.is_empty() { ptr::null() } else { room.as_ptr().cast() })
    }

    fn list(&self, values: &[Value], element: &'a Type, at: &Path<'_>) -> Result<runtime_value_t> {
        macro_rules! flat {
            ($case:ident, $c:ty) => {
                self.row::<_, $c>(values, |i, value| match *value {
                    Value::$case(it) => Ok(it.into()),
                    ref other => Err(unexpected(other, element, &at.element(i))),
                })?
                .cast()
            };
        }
        let ptr = match element {
            Type::Bool => flat!(Bool, u8),
            Type::S8 => flat!(S8, i8),
            Type::U8 => flat!(U8, u8),
            Type::S16 => flat!(S16, i16),
            Type::U16 => flat!(U16, u16),
            Type::S32 => flat!(S32, i32),
            Type::U32 => flat!(U32, u32),
            Type::S64 => flat!(S64, i64),
            Type::U64 => flat!(U64, u64),
            Type::F32 => flat!(Float32, f32),
            Type::F64 => flat!(Float64, f64),
            Type::Char => flat!(Char, u32),
            _ => self.row(values, |i, value| self.value(value, element, &at.element(i)))?.cast(),
        };
        let kind = element.kind();
        Ok(runtime_value_t {
            element: if kind.is_flat() { kind as u8 } else { 0 },
            of: runtime_value_of_t { list: runtime_list_t { ptr, len: values.len() } },
            ..header(Kind::List)
        })
    }

    /// The fields of a record or tuple, in the order of the type.
    fn members(&self, value: &Value, ty: &'a Type, at: &Path<'_>) -> Result<runtime_slice_t> {
        let (len, wrong) = (ty.len(), || unexpected(value, ty, at));
        let ptr = match (ty, value) {
            (Type::Record(fields), Value::Record(values)) if values.len() == len => {
                self.row(values, |i, (name, value)| match fields.get(i) {
                    Some(field) if field.name.as_str() == name => {
                        self.value(value, &field.ty, &at.name(name))
                    }
                    _ => Err(wrong()),
                })?
            }
            (Type::Tuple(types), Value::Tuple(values)) if values.len() == len => {
                self.row(values, |i, value| match types.get(i) {
                    Some(ty) => self.value(value, ty, &at.number(i)),
                    None => Err(wrong()),
                })?
            }
            _ => return Err(wrong()),
        };
        Ok(runtime_slice_t { ptr, len })
    }

    /// A variant, option or result.
    fn case(&self, value: &Value, ty: &'a Type, at: &Path<'_>) -> Result<runtime_value_t> {
        let (name, index, payload) = match (ty, value) {
            (Type::Variant(_), Value::Variant(name, payload)) => {
                (name.as_str(), self.child(ty, name, at)?, payload)
            }
            (Type::Option(_), Value::Option(payload @ None)) => ("none", 0, payload),
            (Type::Option(_), Value::Option(payload)) => ("some", 1, payload),
            (Type::Result(_), Value::Result(Ok(payload))) => ("ok", 0, payload),
            (Type::Result(_), Value::Result(Err(payload))) => ("err", 1, payload),
            _ => return Err(unexpected(value, ty, at)),
        };
        let carried = match ty {
            Type::Option(some) => payload.as_ref().map(|_| &**some),
            _ => ty.child(index),
        };
        let payload = match (carried, payload) {
            (None, None) => ptr::null(),
            (Some(ty), Some(value)) => {
                self.row(slice::from_ref(value), |_, it| self.value(it, ty, &at.name(name)))?
            }
            _ => return Err(unexpected(value, ty, at)),
        };
        let mut of = zero();
        of.payload = payload;
        Ok(runtime_value_t { index: number(index, at)?, of, ..header(ty.kind()) })
    }

    fn flags(&self, set: &[String], ty: &'a Type, at: &Path<'_>) -> Result<runtime_flags_t> {
        let len = ty.len().div_ceil(32);
        let mut words = vec![0_u32; len];
        for name in set {
            let flag = self.child(ty, name, at)?;
            if let Some(word) = words.get_mut(flag / 32) {
                *word |= 1 << (flag % 32);
            }
        }
        Ok(runtime_flags_t { ptr: self.row(&words, |_, word| Ok(*word))?, len })
    }

    /// The number of the case or flag `name`.
    fn child(&self, ty: &'a Type, name: &str, at: &Path<'_>) -> Result<usize> {
        let names = || (0..ty.len()).map_while(|i| Some((ty.child_name(i)?.as_str(), i)));
        let parts: *const u8 = match ty {
            Type::Variant(cases) => cases.as_ptr().cast(),
            Type::Enum(names) | Type::Flags(names) => names.as_ptr().cast(),
            _ => ptr::null(),
        };
        let found = match ty.len() {
            len if len > FEW && !parts.is_null() => {
                let mut cases = self.cases.borrow_mut();
                let numbers = cases.entry(parts).or_insert_with(|| names().collect());
                numbers.get(name).copied()
            }
            _ => names().find(|known| known.0 == name).map(|known| known.1),
        };
        found.ok_or_else(|| at.mismatch(ty, format_args!("`{name}`")))
    }
}

/// The number of a case, which the validator keeps far below 2^32.
fn number(index: usize, at: &Path<'_>) -> Result<u32> {
    u32::try_from(index).map_err(|_| at.invalid(format_args!("case {index} is out of range")))
}

/// A value that wasmtime should not have returned from a function of this type.
fn unexpected(value: &Value, ty: &Type, at: &Path<'_>) -> crate::error::Error {
    at.mismatch(ty, kind_of(value))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::S8(_) => "s8",
        Value::U8(_) => "u8",
        Value::S16(_) => "s16",
        Value::U16(_) => "u16",
        Value::S32(_) => "s32",
        Value::U32(_) => "u32",
        Value::S64(_) => "s64",
        Value::U64(_) => "u64",
        Value::Float32(_) => "f32",
        Value::Float64(_) => "f64",
        Value::Char(_) => "char",
        Value::String(_) => "string",
        Value::List(_) => "list",
        Value::Record(_) => "record",
        Value::Tuple(_) => "tuple",
        Value::Variant(..) => "variant",
        Value::Enum(_) => "enum",
        Value::Option(_) => "option",
        Value::Result(_) => "result",
        Value::Flags(_) => "flags",
        _ => "a value of another type",
    }
}
