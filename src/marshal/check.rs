//! Checks values in C memory against the types of a function, completely, before the guest runs.

use std::marker::PhantomData;

use wasmtime::component::ResourceAny;

use super::array::{array, checked};
use super::copy::copy_args;
use super::fits::fits;
use super::layout::{runtime_list_t, runtime_value_t};
use super::read::{
    boolean, carried, case, character, check, flags, flat_kind, members, payload, text,
    unsupported, wrong_count, wrong_results,
};
use super::results::Results;
use crate::error::Result;
use crate::marshal::handles::{Handles, NoHandles};
use crate::types::{FunctionType, Kind, Path, Resource, Type};

/// The arguments of a call, checked against the type of its function.
pub struct Args<'a> {
    values: *const runtime_value_t,
    len: usize,
    /// The resources among them, in order.
    resources: Box<[ResourceAny]>,
    /// Where the values live, if not with the caller.
    _kept: Option<Results>,
    _caller: PhantomData<&'a [runtime_value_t]>,
}

// SAFETY: its maker vouched that what the values point to lives and stays unmodified for
// `'a`, wherever it is read; or it is in `_kept`.
unsafe impl Send for Args<'_> {}
// SAFETY: sharing gives read access to memory that nobody writes to.
unsafe impl Sync for Args<'_> {}

impl std::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Args").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Args<'_> {
    pub(super) fn values(&self) -> &[runtime_value_t] {
        // SAFETY: made from a slice that lives for `'a`, or as long as `_kept`.
        unsafe { checked(self.values, self.len) }
    }

    pub(super) fn resources(&self) -> &[ResourceAny] {
        &self.resources
    }

    /// Looks once more for the resources among them, now that there is an instance. `ty` is the
    /// type that they were checked against, as the instance knows it.
    ///
    /// # Errors
    /// As [`Handles::take`].
    pub fn resolve(mut self, ty: &FunctionType, handles: &mut dyn Handles) -> Result<Self> {
        // SAFETY: they were checked against this type, up to which resources they are of, and their
        // maker vouched for what they point to.
        self.resources = unsafe { check_all(self.values(), ty, handles)? };
        Ok(self)
    }
}

/// Checks the arguments of a call. `handles` knows the resources among them.
///
/// # Safety
/// For each value reached through `args`, the field of `of` that its `kind` names is initialised,
/// and each non-NULL pointer with a length above 0, and each non-NULL payload, points to that many
/// initialised elements which live and stay unmodified for `'a`. Everything else may be anything:
/// kinds, numbers, lengths and text are checked.
#[inline(always)]
pub unsafe fn check_args<'a>(
    args: &'a [runtime_value_t],
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Args<'a>> {
    // SAFETY: passed on from the caller.
    let resources = unsafe { check_all(args, ty, handles)? };
    Ok(Args {
        values: args.as_ptr(),
        len: args.len(),
        resources,
        _kept: None,
        _caller: PhantomData,
    })
}

/// The resources among `args`.
///
/// # Safety
/// As for [`check_args`].
unsafe fn check_all(
    args: &[runtime_value_t],
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Box<[ResourceAny]>> {
    if args.len() != ty.params.len() {
        return Err(wrong_count(args.len(), &ty.params));
    }
    let mut check = Check { handles: Some(handles), resources: Vec::new() };
    for (value, param) in args.iter().zip(&ty.params) {
        // SAFETY: passed on from the caller.
        unsafe {
            if param.ty.kind().is_flat() && fits(value, &param.ty) {
                continue;
            }
            check.value(value, &param.ty, &Path::parameter(&param.name))?;
        }
    }
    Ok(check.resources.into_boxed_slice())
}

/// Checks the arguments of a call, and copies them, so that the caller's may go.
///
/// # Safety
/// As for [`check_args`], but only until this returns.
pub unsafe fn keep_args(
    args: &[runtime_value_t],
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Args<'static>> {
    // SAFETY: passed on from the caller.
    let kept = unsafe { copy_args(args, ty)? };
    keep(kept, ty, handles)
}

/// Checks the arguments of a call that own what they point to, and have no resources.
pub fn keep_results(kept: Results, ty: &FunctionType) -> Result<Args<'static>> {
    keep(kept, ty, &mut NoHandles)
}

/// Checks the arguments of a call that own what they point to.
pub(super) fn keep(
    kept: Results,
    ty: &FunctionType,
    handles: &mut dyn Handles,
) -> Result<Args<'static>> {
    // SAFETY: results own everything their values point to.
    let Args { values, len, resources, .. } = unsafe { check_args(kept.values(), ty, handles)? };
    Ok(Args { values, len, resources, _kept: Some(kept), _caller: PhantomData })
}

/// Checks what a host function answers; it contains no resources.
///
/// # Safety
/// As for [`check_args`].
pub unsafe fn check_results(results: &[runtime_value_t], ty: &FunctionType) -> Result<()> {
    let wanted = usize::from(ty.result.is_some());
    if results.len() != wanted {
        return Err(wrong_results(results.len(), wanted));
    }
    let mut check = Check { handles: Some(&mut NoHandles), resources: Vec::new() };
    for (value, ty) in results.iter().zip(&ty.result) {
        // SAFETY: passed on from the caller.
        unsafe { check.value(value, ty, &Path::result())? };
    }
    Ok(())
}

/// Checks a value by itself, in which any number may be a handle.
///
/// # Safety
/// As for [`check_args`].
pub(super) unsafe fn check_alone(value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
    // SAFETY: passed on from the caller.
    unsafe { Check { handles: None, resources: Vec::new() }.value(value, ty, at) }
}

struct Check<'h> {
    /// Nothing, where handles are numbers.
    handles: Option<&'h mut dyn Handles>,
    resources: Vec<ResourceAny>,
}

impl Check<'_> {
    /// # Safety
    /// As for [`check_args`].
    #[inline(always)]
    unsafe fn value(&mut self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
        check(value, ty, at)?;
        match ty {
            Type::S32 | Type::U32 | Type::S64 | Type::U64 | Type::F32 | Type::F64 => Ok(()),
            // SAFETY: passed on from the caller.
            _ => unsafe { self.content(value, ty, at) },
        }
    }

    /// What a value is made of, apart so that most numbers need no call.
    ///
    /// # Safety
    /// As for [`check_args`]; the value is of the type's kind.
    unsafe fn content(&mut self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
        // SAFETY: `check` found the kind that belongs to the arm, and the caller promises that the
        // field named by the kind is initialised. Every bit pattern is a value of these fields.
        unsafe {
            match ty {
                Type::S8 | Type::U8 | Type::S16 | Type::U16 | Type::S32 | Type::U32 => {}
                Type::S64 | Type::U64 | Type::F32 | Type::F64 => {}
                Type::Bool => drop(boolean(value.of.boolean, at)?),
                Type::Char => drop(character(value.of.character, at)?),
                Type::String => drop(text(value.of.string, at)?),
                Type::List(element) => self.list(value, element, at)?,
                Type::Record(fields) => {
                    for (value, field) in members(value, fields.len(), at)?.iter().zip(&**fields) {
                        self.value(value, &field.ty, &at.name(field.name.as_str()))?;
                    }
                }
                Type::Tuple(types) => {
                    let values = members(value, types.len(), at)?.iter().zip(&**types);
                    for (i, (value, ty)) in values.enumerate() {
                        self.value(value, ty, &at.number(i))?;
                    }
                }
                Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
                    let (name, carried) = carried(ty, value.index, at)?;
                    if let Some((inner, ty)) = payload(value, name, carried, at)? {
                        self.value(inner, ty, &at.name(name))?;
                    }
                }
                Type::Enum(names) => drop(case(names, value.index, "enum", at)?),
                Type::Flags(names) => drop(flags(value, names.len(), at)?),
                Type::Own(ty) => self.resource(value.of.resource, ty, true, at)?,
                Type::Borrow(ty) => self.resource(value.of.resource, ty, false, at)?,
                Type::Function(_) | Type::Unsupported(_) => return Err(unsupported(ty, at)),
            }
        }
        Ok(())
    }

    fn resource(&mut self, handle: u64, ty: &Resource, owned: bool, at: &Path<'_>) -> Result<()> {
        let Some(handles) = &mut self.handles else { return Ok(()) };
        let taken = handles.take(handle, &ty.ty(), owned);
        self.resources.extend(taken.map_err(|error| at.error(error.code(), error.message()))?);
        Ok(())
    }

    /// # Safety
    /// As for [`check_args`]; `value` is a list.
    unsafe fn list(
        &mut self,
        value: &runtime_value_t,
        element: &Type,
        at: &Path<'_>,
    ) -> Result<()> {
        // SAFETY: the kind says that `list` is the initialised field.
        let list = unsafe { value.of.list };
        if let Some(kind) = flat_kind(value, element, at)? {
            // SAFETY: `element` says what the array is made of; the caller vouches for it.
            return unsafe { numbers(list, kind, at) };
        }
        // SAFETY: `element` 0 says that it is an array of values; the caller vouches for it.
        let values = unsafe { array(list.ptr.cast::<runtime_value_t>(), list.len, at)? };
        let mut quick = true;
        for (i, value) in values.iter().enumerate() {
            // SAFETY: passed on from the caller.
            unsafe {
                // Where one has resources, the others are likely to.
                quick = quick && fits(value, element);
                if !quick {
                    self.value(value, element, &at.element(i))?;
                }
            }
        }
        Ok(())
    }
}

/// An array of numbers, of which only bools and chars can be wrong by themselves.
///
/// # Safety
/// As for [`check_args`]: `list` is an array of the C type of `kind`.
pub(super) unsafe fn numbers(list: runtime_list_t, kind: Kind, at: &Path<'_>) -> Result<()> {
    // SAFETY: `kind` says which type the array has; passed on from the caller.
    unsafe {
        match kind {
            Kind::Bool => {
                for (i, byte) in array(list.ptr.cast::<u8>(), list.len, at)?.iter().enumerate() {
                    boolean(*byte, &at.element(i))?;
                }
            }
            Kind::Char => {
                for (i, it) in array(list.ptr.cast::<u32>(), list.len, at)?.iter().enumerate() {
                    character(*it, &at.element(i))?;
                }
            }
            Kind::S8 | Kind::U8 => drop(array(list.ptr.cast::<u8>(), list.len, at)?),
            Kind::S16 | Kind::U16 => drop(array(list.ptr.cast::<u16>(), list.len, at)?),
            Kind::S64 | Kind::U64 | Kind::F64 => drop(array(list.ptr.cast::<u64>(), list.len, at)?),
            _ => drop(array(list.ptr.cast::<u32>(), list.len, at)?),
        }
    }
    Ok(())
}
