//! Keeps values in C memory for later.
//!
//! An answer that a guest gets later comes from any thread, when the memory that the guest's values
//! go to is not at hand, nor are the handles of its instance. So what it answers is copied as it
//! stands, with handles as numbers, and read like any other answer when the guest goes on.

use std::cell::RefCell;
use std::ptr;

use wasmtime::component::ResourceType;

use super::Results;
use super::arena::Arena;
use super::array::array;
use super::layout::{
    runtime_flags_t, runtime_list_t, runtime_slice_t, runtime_string_t, runtime_value_of_t,
    runtime_value_t,
};
use super::read::{carried, check, flat_kind, members, wrong_count, wrong_results};
use crate::error::Result;
use crate::types::{FunctionType, Kind, Path, Type};

/// What a host function answered, and the numbers of the resources in it that the guest will own.
#[derive(Debug)]
pub struct Copied {
    /// The results.
    pub results: Results,
    /// The resources.
    pub owned: Vec<(ResourceType, u64)>,
}

/// Copies what a host function answers, with everything it points to.
///
/// Checks what it needs to find its way; the rest is checked when the copy is read.
///
/// # Safety
/// As for [`super::check_args`].
pub unsafe fn copy_results(results: &[runtime_value_t], ty: &FunctionType) -> Result<Copied> {
    let wanted = usize::from(ty.result.is_some());
    if results.len() != wanted {
        return Err(wrong_results(results.len(), wanted));
    }
    let copy = Copy { arena: Arena::new(), owned: RefCell::default() };
    let copied = match &ty.result {
        None => ptr::null(),
        // SAFETY: passed on from the caller.
        Some(ty) => copy.row(results, |_, it| unsafe { copy.value(it, ty, &Path::result()) })?,
    };
    let results = Results::new(copy.arena, copied, results.len())?;
    Ok(Copied { results, owned: copy.owned.into_inner() })
}

/// Copies the arguments of a call, with everything they point to.
///
/// Checks as much as [`copy_results`].
///
/// # Safety
/// As for [`super::check_args`].
pub(super) unsafe fn copy_args(args: &[runtime_value_t], ty: &FunctionType) -> Result<Results> {
    if args.len() != ty.params.len() {
        return Err(wrong_count(args.len(), &ty.params));
    }
    let copy = Copy { arena: Arena::new(), owned: RefCell::default() };
    let copied = copy.row(args, |i, it| {
        let param = ty.params.get(i).ok_or_else(|| wrong_count(args.len(), &ty.params))?;
        // SAFETY: passed on from the caller.
        unsafe { copy.value(it, &param.ty, &Path::parameter(&param.name)) }
    })?;
    Results::new(copy.arena, copied, args.len())
}

struct Copy {
    arena: Arena,
    owned: RefCell<Vec<(ResourceType, u64)>>,
}

impl Copy {
    /// # Safety
    /// As for [`super::check_args`].
    unsafe fn value(
        &self,
        value: &runtime_value_t,
        ty: &Type,
        at: &Path<'_>,
    ) -> Result<runtime_value_t> {
        check(value, ty, at)?;
        let of = value.of;
        // SAFETY: `check` found the kind that belongs to the arm, and the caller promises that the
        // field named by the kind is initialised, and that its pointers lead to what they say.
        let of = unsafe {
            match ty {
                Type::String => {
                    let bytes = array(of.string.ptr.cast::<u8>(), of.string.len, at)?;
                    let ptr = self.arena.text(bytes)?.cast();
                    runtime_value_of_t { string: runtime_string_t { ptr, len: bytes.len() } }
                }
                Type::List(element) => runtime_value_of_t { list: self.list(value, element, at)? },
                Type::Record(fields) => {
                    let ptr = self.row(members(value, fields.len(), at)?, |i, it| {
                        let field = fields.get(i).ok_or_else(|| at.mismatch(ty, i))?;
                        self.value(it, &field.ty, &at.name(field.name.as_str()))
                    })?;
                    runtime_value_of_t { values: runtime_slice_t { ptr, len: fields.len() } }
                }
                Type::Tuple(types) => {
                    let ptr = self.row(members(value, types.len(), at)?, |i, it| {
                        let ty = types.get(i).ok_or_else(|| at.mismatch(ty, i))?;
                        self.value(it, ty, &at.number(i))
                    })?;
                    runtime_value_of_t { values: runtime_slice_t { ptr, len: types.len() } }
                }
                Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
                    runtime_value_of_t { payload: self.payload(value, ty, at)? }
                }
                Type::Flags(_) => {
                    let words = array(of.flags.ptr, of.flags.len, at)?;
                    let ptr = self.words(words)?;
                    runtime_value_of_t { flags: runtime_flags_t { ptr, len: words.len() } }
                }
                Type::Own(resource) => {
                    self.owned.borrow_mut().push((resource.ty(), of.resource));
                    of
                }
                _ => of,
            }
        };
        Ok(runtime_value_t { of, ..*value })
    }

    /// # Safety
    /// As for [`super::check_args`]; `value` is a list.
    unsafe fn list(
        &self,
        value: &runtime_value_t,
        element: &Type,
        at: &Path<'_>,
    ) -> Result<runtime_list_t> {
        let kind = flat_kind(value, element, at)?;
        // SAFETY: the kind says that `list` is the initialised field, and `element` says what its
        // array is made of; the caller vouches for both.
        unsafe {
            let list = value.of.list;
            let ptr = match kind {
                None => {
                    let values = array(list.ptr.cast::<runtime_value_t>(), list.len, at)?;
                    self.row(values, |i, it| self.value(it, element, &at.element(i)))?.cast()
                }
                Some(Kind::Bool | Kind::S8 | Kind::U8) => {
                    self.words(array(list.ptr.cast::<u8>(), list.len, at)?)?.cast()
                }
                Some(Kind::S16 | Kind::U16) => {
                    self.words(array(list.ptr.cast::<u16>(), list.len, at)?)?.cast()
                }
                Some(Kind::S64 | Kind::U64 | Kind::F64) => {
                    self.words(array(list.ptr.cast::<u64>(), list.len, at)?)?.cast()
                }
                Some(_) => self.words(array(list.ptr.cast::<u32>(), list.len, at)?)?.cast(),
            };
            Ok(runtime_list_t { ptr, len: list.len })
        }
    }

    /// # Safety
    /// As for [`super::check_args`]; `value` is a variant, option or result.
    unsafe fn payload(
        &self,
        value: &runtime_value_t,
        ty: &Type,
        at: &Path<'_>,
    ) -> Result<*const runtime_value_t> {
        let (name, carried) = carried(ty, value.index, at)?;
        // SAFETY: the kind says that `payload` is the initialised field.
        let payload = unsafe { value.of.payload };
        let Some(carried) = carried.filter(|_| !payload.is_null()) else {
            // If that is wrong, reading the copy will say so, without following the pointer.
            return Ok(payload);
        };
        let at = at.name(name);
        // SAFETY: non-null; the caller vouches for one value behind it.
        self.row(unsafe { array(payload, 1, &at)? }, |_, it| unsafe {
            self.value(it, carried, &at)
        })
    }

    /// Copies values in a row, each by `copy`.
    fn row(
        &self,
        values: &[runtime_value_t],
        copy: impl Fn(usize, &runtime_value_t) -> Result<runtime_value_t>,
    ) -> Result<*const runtime_value_t> {
        let room = self.arena.room(values.len())?;
        for (i, (value, slot)) in values.iter().zip(&mut *room).enumerate() {
            slot.write(copy(i, value)?);
        }
        Ok(room.as_ptr().cast())
    }

    fn words<T: std::marker::Copy>(&self, words: &[T]) -> Result<*const T> {
        let room = self.arena.room(words.len())?;
        room.write_copy_of_slice(words);
        Ok(room.as_ptr().cast())
    }
}
