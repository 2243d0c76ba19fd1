//! From C memory into one piece of a guest's: values without text, lists or resources, which need
//! no more memory of the guest.

use wasmtime::component::__internal::wasmtime_environ::component::TypeEnum;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType};
use wasmtime::{Result, bail};

use super::array::checked;
use super::layout::runtime_value_t;
use super::tables::{Place, Words, case, kind_of, places, words_of};

/// Elements of a list, of one type.
pub(super) struct Plain<'a> {
    types: &'a ComponentTypes,
    ty: InterfaceType,
    /// Of a record or tuple.
    places: Vec<Place>,
}

impl<'a> Plain<'a> {
    /// `ty` is plain, as [`super::tables::is_plain`] says.
    pub(super) fn new(types: &'a ComponentTypes, ty: InterfaceType) -> Result<Self> {
        let places = match ty {
            InterfaceType::Record(_) | InterfaceType::Tuple(_) => places(types, ty)?,
            _ => Vec::new(),
        };
        Ok(Self { types, ty, places })
    }

    /// Puts an element `into` as many bytes as it has.
    ///
    /// # Safety
    /// The value was checked against the type.
    pub(super) unsafe fn store(&self, value: &runtime_value_t, into: &mut [u8]) -> Result<()> {
        match self.places.is_empty() {
            // SAFETY: passed on from the caller.
            true => unsafe { store(self.types, value, self.ty, into) },
            false => {
                same(value, self.ty)?;
                // SAFETY: `same` found a record or tuple; passed on from the caller.
                unsafe { store_all(self.types, value, &self.places, into) }
            }
        }
    }
}

/// # Safety
/// As for [`Plain::store`]; the value is a record or tuple.
unsafe fn store_all(
    types: &ComponentTypes,
    value: &runtime_value_t,
    places: &[Place],
    into: &mut [u8],
) -> Result<()> {
    // SAFETY: the kind says that `values` is the initialised field; passed on from the caller.
    let values = unsafe { checked(value.of.values.ptr, value.of.values.len) };
    same_count(values, &places.iter())?;
    for (value, place) in values.iter().zip(places) {
        // SAFETY: passed on from the caller.
        unsafe { store(types, value, place.ty, part(into, place.at, place.size)?)? };
    }
    Ok(())
}

/// # Safety
/// As for [`Plain::store`].
unsafe fn store(
    types: &ComponentTypes,
    value: &runtime_value_t,
    ty: InterfaceType,
    into: &mut [u8],
) -> Result<()> {
    same(value, ty)?;
    // SAFETY: `same` found the kind that belongs to the arm; passed on from the caller.
    unsafe {
        if let Some((bits, _)) = number(value, ty) {
            return write(into, bits);
        }
        match ty {
            InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                store_all(types, value, &places(types, ty)?, into)
            }
            InterfaceType::Enum(i) => {
                same_enum(value, &types[i])?;
                write(part(into, 0, types[i].info.size.into())?, value.index.into())
            }
            InterfaceType::Flags(i) => {
                let words = checked(value.of.flags.ptr, value.of.flags.len);
                let Words { count, size } = words_of(&types[i]);
                (0..count).try_for_each(|i| {
                    let word = words.get(i).copied().unwrap_or(0);
                    write(part(into, size * i, size)?, word.into())
                })
            }
            InterfaceType::Variant(_) | InterfaceType::Option(_) | InterfaceType::Result(_) => {
                let case = case(types, ty, value.index)?;
                write(part(into, 0, case.info.size.into())?, value.index.into())?;
                match same_payload(case.ty, value)? {
                    Some((ty, payload)) => {
                        let size = types.canonical_abi(&ty).size32 as usize;
                        let at = case.info.payload_offset32 as usize;
                        store(types, payload, ty, part(into, at, size)?)
                    }
                    None => Ok(()),
                }
            }
            _ => bail!("a type that is not plain"),
        }
    }
}

fn part(bytes: &mut [u8], at: usize, len: usize) -> Result<&mut [u8]> {
    let part = bytes.get_mut(at..).and_then(|it| it.get_mut(..len));
    part.ok_or_else(|| wasmtime::Error::msg("part of a value is out of bounds of memory"))
}

/// The lowest bits of `bits`, as many as fit.
fn write(into: &mut [u8], bits: u64) -> Result<()> {
    // Each size by itself: none of them needs a loop.
    match into.len() {
        1 => into.copy_from_slice(&(bits as u8).to_le_bytes()),
        2 => into.copy_from_slice(&(bits as u16).to_le_bytes()),
        4 => into.copy_from_slice(&(bits as u32).to_le_bytes()),
        8 => into.copy_from_slice(&bits.to_le_bytes()),
        other => bail!("a number of {other} bytes"),
    }
    Ok(())
}

/// A value was checked against its type already; this makes sure that it was against this one.
pub(super) fn same(value: &runtime_value_t, ty: InterfaceType) -> Result<()> {
    match kind_of(ty) {
        Some(kind) if kind as u8 == value.kind => Ok(()),
        _ => bail!("a value was checked against another type"),
    }
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
pub(super) unsafe fn same_payload(
    ty: Option<InterfaceType>,
    value: &runtime_value_t,
) -> Result<Option<(InterfaceType, &runtime_value_t)>> {
    // SAFETY: the kind says that `payload` is the initialised field, which is NULL or leads to a
    // value.
    match (ty, unsafe { value.of.payload.as_ref() }) {
        (Some(ty), Some(payload)) => Ok(Some((ty, payload))),
        (None, None) => Ok(None),
        _ => bail!("a case was checked against another type"),
    }
}

/// The bits of a number, with its size in memory. A small one has its sign in all lower 32 bits,
/// as on the guest's stack.
///
/// # Safety
/// The value is of this type.
pub(super) unsafe fn number(value: &runtime_value_t, ty: InterfaceType) -> Option<(u64, usize)> {
    let of = value.of;
    // SAFETY: the type says which field is initialised.
    Some(unsafe {
        match ty {
            InterfaceType::Bool => (of.boolean.into(), 1),
            InterfaceType::S8 => (u64::from(i32::from(of.s8) as u32), 1),
            InterfaceType::U8 => (of.u8.into(), 1),
            InterfaceType::S16 => (u64::from(i32::from(of.s16) as u32), 2),
            InterfaceType::U16 => (of.u16.into(), 2),
            InterfaceType::S32 => (u64::from(of.s32 as u32), 4),
            InterfaceType::U32 => (of.u32.into(), 4),
            InterfaceType::S64 => (of.s64 as u64, 8),
            InterfaceType::U64 => (of.u64, 8),
            InterfaceType::Float32 => (of.f32.to_bits().into(), 4),
            InterfaceType::Float64 => (of.f64.to_bits(), 8),
            InterfaceType::Char => (of.character.into(), 4),
            _ => return None,
        }
    })
}
