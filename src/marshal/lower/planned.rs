//! Elements of a list into a guest's memory, by a plan: rows are put together here, and a whole
//! piece of memory is bound-checked and written at once.

use wasmtime::component::__internal::InterfaceType;
use wasmtime::component::Lower as _;
use wasmtime::{Result, ValRaw, bail};

use super::super::array::checked;
use super::super::layout::{runtime_list_t, runtime_value_t};
use super::super::plan::{Cases, Part, Place, Plan};
use super::super::same::{same_count, same_kind, same_payload};
use super::Lower;
use crate::types::Kind;

/// Bytes of rows that are put together before they go into the guest's memory.
const ROWS: usize = 512;

/// Where parts of a value go that lie elsewhere than the rest.
trait Elsewhere {
    /// Text, in new memory: where, and its length.
    ///
    /// # Safety
    /// As for [`Lower::args`]; the value is text.
    unsafe fn text(&mut self, value: &runtime_value_t) -> Result<(u64, u64)>;

    /// As [`text`](Self::text), for a list of `elements`.
    ///
    /// # Safety
    /// As for [`Lower::args`]; the value is a list.
    unsafe fn list(&mut self, value: &runtime_value_t, elements: &Plan) -> Result<(u64, u64)>;

    /// The number of the next resource in the guest.
    fn handle(&mut self, ty: InterfaceType) -> Result<u32>;
}

/// For what lies in one piece.
struct Nowhere;

impl Elsewhere for Nowhere {
    unsafe fn text(&mut self, _: &runtime_value_t) -> Result<(u64, u64)> {
        Err(not_plain())
    }

    unsafe fn list(&mut self, _: &runtime_value_t, _: &Plan) -> Result<(u64, u64)> {
        Err(not_plain())
    }

    fn handle(&mut self, _: InterfaceType) -> Result<u32> {
        Err(not_plain())
    }
}

#[cold]
fn not_plain() -> wasmtime::Error {
    wasmtime::Error::msg("a value that is not plain")
}

impl<T> Elsewhere for Lower<'_, '_, T> {
    unsafe fn text(&mut self, value: &runtime_value_t) -> Result<(u64, u64)> {
        // SAFETY: passed on from the caller.
        unsafe { self.string(value.of.string) }
    }

    unsafe fn list(&mut self, value: &runtime_value_t, elements: &Plan) -> Result<(u64, u64)> {
        // SAFETY: passed on from the caller.
        unsafe { self.planned(value.of.list, value.element, elements) }
    }

    fn handle(&mut self, ty: InterfaceType) -> Result<u32> {
        let mut slot = std::mem::MaybeUninit::new(ValRaw::u32(0));
        self.resource()?.linear_lower_to_flat(self.cx, ty, &mut slot)?;
        // SAFETY: it was initialised above.
        Ok(unsafe { slot.assume_init() }.get_u32())
    }
}

impl<T> Lower<'_, '_, T> {
    /// A list, in new memory: where, and its length.
    ///
    /// # Safety
    /// As for [`Lower::args`]; the list has elements as `kind` says, of the type of `elements`.
    pub(super) unsafe fn planned(
        &mut self,
        list: runtime_list_t,
        kind: u8,
        elements: &Plan,
    ) -> Result<(u64, u64)> {
        let Plan { part, size, align, plain } = elements;
        let (at, bytes) = self.new_list(list, *size, *align)?;
        if kind != 0 {
            // SAFETY: passed on from the caller.
            unsafe { self.copy_list(list, kind, elements.flat(), at, bytes)? };
        } else {
            // SAFETY: passed on from the caller.
            let values = unsafe { checked(list.ptr.cast::<runtime_value_t>(), list.len) };
            if *plain {
                // SAFETY: passed on from the caller.
                unsafe { rows(part, values, *size, self.memory(at, bytes)?, &mut Nowhere)? };
            } else {
                // SAFETY: passed on from the caller.
                unsafe { self.batches(part, values, *size, at)? };
            }
        }
        Ok((at as u64, list.len as u64))
    }

    /// Puts elements into the guest's memory from `at` on, some at a time: to put one of them
    /// together runs code of the guest's, so that its memory is not at hand meanwhile.
    ///
    /// # Safety
    /// As for [`rows`].
    unsafe fn batches(
        &mut self,
        part: &Part,
        values: &[runtime_value_t],
        size: usize,
        mut at: usize,
    ) -> Result<()> {
        let (mut small, mut large) = ([0; ROWS], Vec::new());
        let room = match size <= ROWS {
            true => &mut small[..],
            false => {
                large.resize(size, 0);
                &mut large[..]
            }
        };
        let all = room.len() / size;
        for values in values.chunks(all) {
            let batch = &mut room[..values.len() * size];
            // Nothing of the elements before goes where a case needs less than others.
            batch.fill(0);
            // SAFETY: passed on from the caller.
            unsafe { rows(part, values, size, batch, self)? };
            self.memory(at, batch.len())?.copy_from_slice(batch);
            at += batch.len();
        }
        Ok(())
    }
}

/// Puts `values` into as many rows of `size` bytes.
///
/// # Safety
/// The values were checked against the type that `part` was made from.
unsafe fn rows(
    part: &Part,
    values: &[runtime_value_t],
    size: usize,
    into: &mut [u8],
    rest: &mut impl Elsewhere,
) -> Result<()> {
    let rows = values.iter().zip(into.chunks_exact_mut(size));
    match part {
        // The most common row by far takes no call for each.
        Part::Members(kind, places) => {
            for (value, into) in rows {
                // SAFETY: passed on from the caller.
                unsafe { put_all(*kind, places, value, into, rest)? };
            }
        }
        part => {
            for (value, into) in rows {
                // SAFETY: passed on from the caller.
                unsafe { put(part, value, into, rest)? };
            }
        }
    }
    Ok(())
}

/// Puts a value where `into` begins.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn put(
    part: &Part,
    value: &runtime_value_t,
    into: &mut [u8],
    rest: &mut impl Elsewhere,
) -> Result<()> {
    // SAFETY: `same_kind` finds the kind that the field belongs to; passed on from the caller.
    unsafe {
        match part {
            Part::Bool => {
                same_kind(value, Kind::Bool)?;
                write(into, [value.of.boolean])
            }
            Part::Char => {
                same_kind(value, Kind::Char)?;
                write(into, value.of.character.to_le_bytes())
            }
            Part::One(kind) => {
                same_kind(value, *kind)?;
                write(into, [value.of.u8])
            }
            Part::Two(kind) => {
                same_kind(value, *kind)?;
                write(into, value.of.u16.to_le_bytes())
            }
            Part::Four(kind) => {
                same_kind(value, *kind)?;
                write(into, value.of.u32.to_le_bytes())
            }
            Part::Eight(kind) => {
                same_kind(value, *kind)?;
                write(into, value.of.u64.to_le_bytes())
            }
            part => put_compound(part, value, into, rest),
        }
    }
}

/// Puts what is not a number. Apart, so that numbers take no call.
///
/// # Safety
/// As for [`rows`].
unsafe fn put_compound(
    part: &Part,
    value: &runtime_value_t,
    into: &mut [u8],
    rest: &mut impl Elsewhere,
) -> Result<()> {
    // SAFETY: `same_kind` finds the kind that belongs to the arm; passed on from the caller.
    unsafe {
        match part {
            Part::Text => {
                same_kind(value, Kind::String)?;
                let (at, len) = rest.text(value)?;
                write(into, (at | len << 32).to_le_bytes())
            }
            Part::List(elements) => {
                same_kind(value, Kind::List)?;
                let (at, len) = rest.list(value, elements)?;
                write(into, (at | len << 32).to_le_bytes())
            }
            Part::Members(kind, places) => put_all(*kind, places, value, into, rest),
            Part::Cases(kind, cases) => {
                same_kind(value, *kind)?;
                put_case(cases, value, into, rest)
            }
            Part::Enum(count, size) => {
                same_kind(value, Kind::Enum)?;
                if value.index as usize >= *count {
                    bail!("case {} of an enum of {count}", value.index);
                }
                write_number(into, value.index, *size)
            }
            Part::Flags(_, all) => {
                same_kind(value, Kind::Flags)?;
                let words = checked(value.of.flags.ptr, value.of.flags.len);
                (0..all.count).try_for_each(|i| {
                    let word = words.get(i).copied().unwrap_or(0);
                    write_number(behind(into, all.size * i)?, word, all.size)
                })
            }
            Part::Handle(kind, ty) => {
                same_kind(value, *kind)?;
                write(into, rest.handle(*ty)?.to_le_bytes())
            }
            number => put(number, value, into, rest),
        }
    }
}

/// Puts a record or tuple.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn put_all(
    kind: Kind,
    places: &[Place],
    value: &runtime_value_t,
    into: &mut [u8],
    rest: &mut impl Elsewhere,
) -> Result<()> {
    same_kind(value, kind)?;
    // SAFETY: the kind says that `values` is the initialised field; passed on from the caller.
    let values = unsafe { checked(value.of.values.ptr, value.of.values.len) };
    same_count(values, &places.iter())?;
    for (value, place) in values.iter().zip(places) {
        // SAFETY: passed on from the caller.
        unsafe { put(&place.part, value, behind(into, place.at)?, rest)? };
    }
    Ok(())
}

/// Puts a variant, option or result.
///
/// # Safety
/// As for [`rows`]; the value is one of these.
unsafe fn put_case(
    cases: &Cases,
    value: &runtime_value_t,
    into: &mut [u8],
    rest: &mut impl Elsewhere,
) -> Result<()> {
    let Some(carried) = cases.carried.get(value.index as usize) else {
        bail!("discriminant {} out of range [0..{})", value.index, cases.carried.len())
    };
    write_number(into, value.index, cases.size)?;
    // SAFETY: passed on from the caller.
    match unsafe { same_payload(carried.as_ref(), value)? } {
        // SAFETY: passed on from the caller.
        Some((part, payload)) => unsafe { put(part, payload, behind(into, cases.at)?, rest) },
        None => Ok(()),
    }
}

fn behind(into: &mut [u8], at: usize) -> Result<&mut [u8]> {
    into.get_mut(at..).ok_or_else(out_of_bounds)
}

#[inline(always)]
fn write<const N: usize>(into: &mut [u8], bytes: [u8; N]) -> Result<()> {
    *into.first_chunk_mut().ok_or_else(out_of_bounds)? = bytes;
    Ok(())
}

/// The lowest bytes of a number: 1, 2 or 4.
fn write_number(into: &mut [u8], number: u32, size: usize) -> Result<()> {
    match size {
        1 => write(into, [number as u8]),
        2 => write(into, (number as u16).to_le_bytes()),
        _ => write(into, number.to_le_bytes()),
    }
}

#[cold]
fn out_of_bounds() -> wasmtime::Error {
    wasmtime::Error::msg("part of a value is out of bounds of memory")
}
