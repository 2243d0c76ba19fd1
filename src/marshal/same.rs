//! The second lock of lowering: values were checked against the type of a function, and go into the
//! guest only if that is the type by which they are lowered.

use wasmtime::component::__internal::InterfaceType;
use wasmtime::component::__internal::wasmtime_environ::component::TypeEnum;
use wasmtime::{Result, bail};

use super::layout::runtime_value_t;
use super::tables::kind_of;
use crate::types::Kind;

/// A value was checked against its type already; this makes sure that it was against this one.
pub(super) fn same(value: &runtime_value_t, ty: InterfaceType) -> Result<()> {
    match kind_of(ty) {
        Some(kind) => same_kind(value, kind),
        None => Err(stranger()),
    }
}

/// As [`same`], for a type of that kind.
#[inline(always)]
pub(super) fn same_kind(value: &runtime_value_t, kind: Kind) -> Result<()> {
    match kind as u8 == value.kind {
        true => Ok(()),
        false => Err(stranger()),
    }
}

#[cold]
fn stranger() -> wasmtime::Error {
    wasmtime::Error::msg("a value was checked against another type")
}

/// Makes sure that there is a value for each member, so that nothing of the guest's stack or memory
/// is left as it was.
pub(super) fn same_count<T>(
    values: &[runtime_value_t],
    members: &impl ExactSizeIterator<Item = T>,
) -> Result<()> {
    match values.len() == members.len() {
        true => Ok(()),
        false => bail!("{} values, where {} belong", values.len(), members.len()),
    }
}

/// Makes sure that an enum has the case.
pub(super) fn same_enum(value: &runtime_value_t, ty: &TypeEnum) -> Result<()> {
    match (value.index as usize) < ty.names.len() {
        true => Ok(()),
        false => bail!("case {} of an enum of {}", value.index, ty.names.len()),
    }
}

/// What a case carries, with its type: both or neither are there.
///
/// # Safety
/// The value is a variant, option or result, and was checked.
pub(super) unsafe fn same_payload<T>(
    ty: Option<T>,
    value: &runtime_value_t,
) -> Result<Option<(T, &runtime_value_t)>> {
    // SAFETY: the kind says that `payload` is the initialised field, which is NULL or leads to a
    // value.
    match (ty, unsafe { value.of.payload.as_ref() }) {
        (Some(ty), Some(payload)) => Ok(Some((ty, payload))),
        (None, None) => Ok(None),
        _ => bail!("a case was checked against another type"),
    }
}

/// The bits of a number, with its size in memory; `None` if the type is of more than a number. A
/// small one has its sign in all lower 32 bits, as on the guest's stack.
///
/// # Errors
/// As [`same`].
///
/// # Safety
/// The value was checked against some type.
#[inline(always)]
pub(super) unsafe fn number(
    value: &runtime_value_t,
    ty: InterfaceType,
) -> Result<Option<(u64, usize)>> {
    let of = value.of;
    let is = |kind| same_kind(value, kind);
    // SAFETY: the kind, which is looked at first, says which field is initialised.
    Ok(Some(unsafe {
        match ty {
            InterfaceType::Bool => is(Kind::Bool).map(|()| (of.boolean.into(), 1))?,
            InterfaceType::S8 => is(Kind::S8).map(|()| (u64::from(i32::from(of.s8) as u32), 1))?,
            InterfaceType::U8 => is(Kind::U8).map(|()| (of.u8.into(), 1))?,
            InterfaceType::S16 => {
                is(Kind::S16).map(|()| (u64::from(i32::from(of.s16) as u32), 2))?
            }
            InterfaceType::U16 => is(Kind::U16).map(|()| (of.u16.into(), 2))?,
            InterfaceType::S32 => is(Kind::S32).map(|()| (u64::from(of.s32 as u32), 4))?,
            InterfaceType::U32 => is(Kind::U32).map(|()| (of.u32.into(), 4))?,
            InterfaceType::S64 => is(Kind::S64).map(|()| (of.s64 as u64, 8))?,
            InterfaceType::U64 => is(Kind::U64).map(|()| (of.u64, 8))?,
            InterfaceType::Float32 => is(Kind::F32).map(|()| (of.f32.to_bits().into(), 4))?,
            InterfaceType::Float64 => is(Kind::F64).map(|()| (of.f64.to_bits(), 8))?,
            InterfaceType::Char => is(Kind::Char).map(|()| (of.character.into(), 4))?,
            _ => return Ok(None),
        }
    }))
}
