//! Elements of a list out of a guest's memory, by a plan.

use std::ptr;

use wasmtime::component::{Lift as _, ResourceAny};
use wasmtime::{Result, ValRaw, bail};

use super::super::layout::{runtime_value_of_t, runtime_value_t};
use super::super::pieces::{Slot, character, flags_of, header, list_of, number_of, slice_of};
use super::super::plan::{Cases, Part, Place, Plan};
use super::Lift;
use crate::types::Kind;

impl<'a> Lift<'_, 'a, '_> {
    /// A list of `len` elements at `ptr`.
    pub(super) fn planned(
        &mut self,
        elements: &Plan,
        ptr: usize,
        len: usize,
    ) -> Result<runtime_value_t> {
        let bytes = self.list_bytes(ptr, len, elements.size, elements.align)?;
        if len == 0 {
            return Ok(list_of(elements.flat(), ptr::null(), 0));
        }
        if let Some(kind) = elements.flat() {
            return Ok(list_of(Some(kind), self.array(kind, bytes)?, len));
        }
        let rows = self.room(len)?;
        let each = rows.iter_mut().zip(bytes.chunks_exact(elements.size));
        match &elements.part {
            Part::Members(kind, places) => self.rows(*kind, places, each)?,
            part => {
                for (slot, bytes) in each {
                    self.take(part, bytes, slot)?;
                }
            }
        }
        Ok(list_of(None, rows.as_ptr().cast(), len))
    }

    /// Records or tuples in a row: `len` of them.
    fn rows<'s>(
        &mut self,
        kind: Kind,
        places: &[Place],
        each: impl ExactSizeIterator<Item = (&'s mut Slot, &'a [u8])>,
    ) -> Result<()> {
        let width = places.len();
        let mut cells = self.room(each.len().saturating_mul(width))?;
        for (slot, bytes) in each {
            let (own, rest) = std::mem::take(&mut cells).split_at_mut(width);
            cells = rest;
            self.take_all(places, bytes, own)?;
            slot.write(runtime_value_t { of: members_of(own), ..header(kind) });
        }
        Ok(())
    }

    #[inline(always)]
    fn take_all(&mut self, places: &[Place], bytes: &'a [u8], own: &mut [Slot]) -> Result<()> {
        for (place, slot) in places.iter().zip(own) {
            self.take(&place.part, behind(bytes, place.at)?, slot)?;
        }
        Ok(())
    }

    /// Takes the value with which `bytes` begin into `slot`.
    #[inline(always)]
    fn take(&mut self, part: &Part, bytes: &'a [u8], slot: &mut Slot) -> Result<()> {
        let (kind, bits) = match part {
            Part::Bool => (Kind::Bool, u64::from(first::<1>(bytes)? != [0])),
            Part::Char => {
                let bits = u32::from_le_bytes(first(bytes)?);
                (Kind::Char, character(bits.into())?.into())
            }
            Part::One(kind) => (*kind, u64::from(u8::from_le_bytes(first(bytes)?))),
            Part::Two(kind) => (*kind, u64::from(u16::from_le_bytes(first(bytes)?))),
            Part::Four(kind) => (*kind, u64::from(u32::from_le_bytes(first(bytes)?))),
            Part::Eight(kind) => (*kind, u64::from_le_bytes(first(bytes)?)),
            part => return self.take_compound(part, bytes, slot),
        };
        slot.write(runtime_value_t { of: number_of(bits), ..header(kind) });
        Ok(())
    }

    /// Takes what is not a number. Apart, so that numbers take no call.
    fn take_compound(&mut self, part: &Part, bytes: &'a [u8], slot: &mut Slot) -> Result<()> {
        let value = match part {
            Part::Text => {
                let (ptr, len) = row(bytes)?;
                self.text(ptr, len)?
            }
            Part::List(elements) => {
                let (ptr, len) = row(bytes)?;
                self.planned(elements, ptr, len)?
            }
            Part::Members(kind, places) => {
                let own = self.room(places.len())?;
                self.take_all(places, bytes, own)?;
                runtime_value_t { of: members_of(own), ..header(*kind) }
            }
            Part::Cases(kind, cases) => self.take_case(*kind, cases, bytes)?,
            Part::Enum(count, size) => {
                let index = number(bytes, *size)?;
                self.check_enum(index, *count)?;
                runtime_value_t { index, ..header(Kind::Enum) }
            }
            Part::Flags(count, all) => {
                let words = self.room::<u32>(all.count)?;
                for (i, word) in words.iter_mut().enumerate() {
                    word.write(number(behind(bytes, i * all.size)?, all.size)?);
                }
                let of = runtime_value_of_t { flags: flags_of(words, *count) };
                runtime_value_t { of, ..header(Kind::Flags) }
            }
            Part::Handle(kind, ty) => {
                slot.write(header(*kind));
                let raw = ValRaw::u32(u32::from_le_bytes(first(bytes)?));
                let resource = ResourceAny::linear_lift_from_flat(self.cx, *ty, &raw)?;
                self.resource(resource, slot);
                return Ok(());
            }
            number => return self.take(number, bytes, slot),
        };
        slot.write(value);
        Ok(())
    }

    fn take_case(&mut self, kind: Kind, cases: &Cases, bytes: &'a [u8]) -> Result<runtime_value_t> {
        let index = number(bytes, cases.size)?;
        let Some(carried) = cases.carried.get(index as usize) else {
            bail!("discriminant {index} out of range [0..{})", cases.carried.len())
        };
        let payload = match carried {
            None => ptr::null(),
            Some(part) => {
                let room = self.room(1)?;
                self.take(part, behind(bytes, cases.at)?, &mut room[0])?;
                room.as_ptr().cast()
            }
        };
        let mut value = runtime_value_t { index, ..header(kind) };
        value.of.payload = payload;
        Ok(value)
    }
}

fn members_of(own: &[Slot]) -> runtime_value_of_t {
    runtime_value_of_t { values: slice_of(own) }
}

fn behind(bytes: &[u8], at: usize) -> Result<&[u8]> {
    bytes.get(at..).ok_or_else(out_of_bounds)
}

#[inline(always)]
fn first<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.first_chunk().copied().ok_or_else(out_of_bounds)
}

/// Where text or a list begins, and its length.
fn row(bytes: &[u8]) -> Result<(usize, usize)> {
    let both = u64::from_le_bytes(first(bytes)?);
    Ok((both as u32 as usize, (both >> 32) as usize))
}

/// A number of 1, 2 or 4 bytes.
fn number(bytes: &[u8], size: usize) -> Result<u32> {
    Ok(match size {
        1 => u8::from_le_bytes(first(bytes)?).into(),
        2 => u16::from_le_bytes(first(bytes)?).into(),
        _ => u32::from_le_bytes(first(bytes)?),
    })
}

#[cold]
fn out_of_bounds() -> wasmtime::Error {
    wasmtime::Error::msg("part of a value is out of bounds of memory")
}
