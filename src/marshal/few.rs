//! What passes between guests and host functions without memory of its own: one or two numbers,
//! bools or chars, which lead nowhere.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{ComponentTypes, InterfaceType};
use wasmtime::{Result, ValRaw, bail};

use super::arena::Arena;
use super::layout::runtime_value_t;
use super::lifted::Lifted;
use super::pieces::{character, header, number_of, zero};
use super::results::Results;
use super::same::number;
use super::val::lower_args;
use crate::marshal::handles::NoHandles;
use crate::types::{FunctionType, Kind, Type};
use crate::value::Value;

/// How many there are at most.
const MOST: usize = 2;

/// The arguments of a host function, all of which are numbers, bools or chars.
#[derive(Clone, Copy)]
pub struct Few {
    values: [runtime_value_t; MOST],
    len: usize,
}

// SAFETY: all values are numbers, which lead nowhere.
unsafe impl Send for Few {}
// SAFETY: as above.
unsafe impl Sync for Few {}

/// The arguments of a host function.
#[derive(Debug)]
pub enum Values {
    /// That need no memory.
    Few(Few),
    /// All others.
    Many(Results),
}

/// What a guest passes to a host function.
#[derive(Debug)]
pub enum Passed {
    /// What needs no memory, and has no resources.
    Few(Few),
    /// All else.
    Many(Lifted),
}

/// A number, bool or char that a host function answers with, or something else without what that
/// points to: a value that leads nowhere.
#[derive(Clone, Copy)]
pub struct Number(runtime_value_t);

// SAFETY: it leads nowhere, as `of` sees to.
unsafe impl Send for Number {}
// SAFETY: as above.
unsafe impl Sync for Number {}

/// Whether functions of this type take [`Few`] and give a [`Number`] or nothing, so that an answer
/// leads to no argument either.
pub(super) fn is_few(ty: &FunctionType) -> bool {
    let leads_nowhere = |ty: &Type| ty.kind().is_flat();
    ty.params.len() <= MOST
        && ty.params.iter().all(|param| leads_nowhere(&param.ty))
        && ty.result.as_ref().is_none_or(leads_nowhere)
}

/// The types of the members of a tuple.
pub(super) fn tuple(types: &ComponentTypes, ty: InterfaceType) -> Result<&[InterfaceType]> {
    match ty {
        InterfaceType::Tuple(i) => Ok(&types[i].types),
        _ => bail!("a type without members"),
    }
}

/// A number, bool or char from a guest's stack; `None` for other types.
#[inline(always)]
pub(super) fn lift_number(ty: InterfaceType, raw: &ValRaw) -> Result<Option<runtime_value_t>> {
    let (kind, bits) = match ty {
        InterfaceType::Bool => (Kind::Bool, u64::from(raw.get_u32() != 0)),
        InterfaceType::Char => (Kind::Char, character(raw.get_u32().into())?.into()),
        InterfaceType::S8 => (Kind::S8, u64::from(raw.get_u32() as u8)),
        InterfaceType::U8 => (Kind::U8, u64::from(raw.get_u32() as u8)),
        InterfaceType::S16 => (Kind::S16, u64::from(raw.get_u32() as u16)),
        InterfaceType::U16 => (Kind::U16, u64::from(raw.get_u32() as u16)),
        InterfaceType::S32 => (Kind::S32, raw.get_u32().into()),
        InterfaceType::U32 => (Kind::U32, raw.get_u32().into()),
        InterfaceType::Float32 => (Kind::F32, raw.get_u32().into()),
        InterfaceType::S64 => (Kind::S64, raw.get_u64()),
        InterfaceType::U64 => (Kind::U64, raw.get_u64()),
        InterfaceType::Float64 => (Kind::F64, raw.get_u64()),
        _ => return Ok(None),
    };
    Ok(Some(runtime_value_t { of: number_of(bits), ..header(kind) }))
}

impl Few {
    /// Lifts what a guest has on its stack: `ty` is the tuple of the types.
    #[inline(always)]
    pub(super) fn lift(types: &ComponentTypes, ty: InterfaceType, src: &[ValRaw]) -> Result<Self> {
        let mut few = Self { values: [header(Kind::Bool); MOST], len: src.len() };
        let all = tuple(types, ty)?;
        if all.len() != src.len() || src.len() > MOST {
            bail!("{} values on the stack, where {} belong", src.len(), all.len());
        }
        for ((ty, raw), value) in all.iter().zip(src).zip(&mut few.values) {
            let Some(number) = lift_number(*ty, raw)? else {
                bail!("a value of more than a number")
            };
            *value = number;
        }
        Ok(few)
    }

    /// The values, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        self.values.get(..self.len).unwrap_or_default()
    }

    /// The same in memory of their own.
    fn keep(&self) -> crate::error::Result<Results> {
        let arena = Arena::new();
        let room = arena.room(self.len)?;
        room.write_copy_of_slice(self.values());
        let values = room.as_ptr().cast();
        Results::new(arena, values, self.len)
    }
}

impl Passed {
    /// The values, where the type has no resources.
    ///
    /// # Errors
    /// As [`Lifted::plain`].
    #[inline(always)]
    pub fn plain(self) -> crate::error::Result<Values> {
        match self {
            Self::Few(few) => Ok(Values::Few(few)),
            Self::Many(lifted) => lifted.plain().map(Values::Many),
        }
    }

    /// In memory of their own.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub fn lifted(self) -> crate::error::Result<Lifted> {
        match self {
            Self::Few(few) => few.keep().map(|it| Lifted::new(it, Vec::new())),
            Self::Many(lifted) => Ok(lifted),
        }
    }
}

impl Default for Values {
    /// None.
    fn default() -> Self {
        Self::Few(Few { values: [header(Kind::Bool); MOST], len: 0 })
    }
}

impl Values {
    /// The values, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        match self {
            Self::Few(few) => few.values(),
            Self::Many(results) => results.values(),
        }
    }

    /// As [`Results::to_args`].
    ///
    /// # Errors
    /// As there.
    pub fn to_args(&self, ty: &FunctionType) -> crate::error::Result<Vec<Value>> {
        // SAFETY: results own everything they point to, and few values point nowhere.
        unsafe { lower_args(self.values(), ty, &mut NoHandles) }
    }
}

impl Number {
    /// What a function of type `ty` answers with, if that gives numbers. Whether it is one is
    /// another question; its header, which answers that, is kept as it is.
    #[inline(always)]
    pub fn of(mut value: runtime_value_t, ty: &FunctionType) -> Option<Self> {
        let kind = ty.result.as_ref().map(Type::kind).filter(|kind| kind.is_flat())?;
        if value.kind != kind as u8 {
            value.of = zero();
        }
        Some(Self(value))
    }

    pub(super) fn value(&self) -> &runtime_value_t {
        &self.0
    }

    /// Lowers it onto a guest's stack, after it was checked: `ty` is the tuple of its type.
    #[inline(always)]
    pub(super) fn lower(
        &self,
        types: &ComponentTypes,
        ty: InterfaceType,
        dst: &mut MaybeUninit<ValRaw>,
    ) -> Result<()> {
        let [ty] = *tuple(types, ty)? else { bail!("one value, where others belong") };
        // SAFETY: it was checked.
        match unsafe { number(&self.0, ty)? } {
            Some((bits, _)) => dst.write(ValRaw::u64(bits)),
            None => bail!("a number, where more belongs"),
        };
        Ok(())
    }
}

impl std::fmt::Debug for Few {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Few").field("len", &self.len).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Number").field("kind", &self.0.kind).finish_non_exhaustive()
    }
}
