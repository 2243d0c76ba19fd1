//! From a guest into C memory. Nothing that a guest says is believed: pointers, lengths, text, case
//! numbers are checked, and the host memory it makes the host spend is counted.

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::slice;

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType, LiftContext};
use wasmtime::component::{Lift as _, ResourceAny};
use wasmtime::{Result, ValRaw, bail};

use super::arena::{Arena, Resources};
use super::few::{lift_number, tuple};
use super::layout::{runtime_string_t, runtime_value_of_t, runtime_value_t};
use super::lifted::Lifted;
use super::pieces::{
    Slot, bits, character, flags_of, header, list_of, number, part, slice_of, unsupported,
};
use super::plan::Plan;
use super::results::Results;
use super::tables::{Members, Words, case, kind_of, members, words_of};
use crate::error::Error;
use crate::types::Kind;

mod planned;

/// Where the values that a guest gives are.
pub(super) enum From<'s> {
    Flat(&'s [ValRaw]),
    /// At this address in its memory.
    Memory(usize),
}

/// Lifts values: `ty` is the tuple of their types.
pub(super) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, from: From<'_>) -> Result<Lifted> {
    crate::failpoint::hit("core:lift");
    let types: &ComponentTypes = cx.types;
    if let From::Flat([raw]) = from
        && let [ty] = *tuple(types, ty)?
        && let Some(number) = lift_number(ty, raw)?
    {
        // Most results that are not in the guest's memory.
        let results = Results::one(number).map_err(Error::into_wasmtime)?;
        return Ok(Lifted::new(results, Vec::new()));
    }
    let (arena, all) = (Arena::new(), members(types, ty)?);
    let room = arena.room(all.len()).map_err(Error::into_wasmtime)?;
    let mut lift = Lift { cx, types, arena: &arena, resources: Vec::new() };
    match from {
        From::Flat(src) => lift.flat_members(all, &mut src.iter(), room)?,
        From::Memory(at) => {
            let abi = types.canonical_abi(&ty);
            if !at.is_multiple_of(abi.align32 as usize) {
                bail!("pointer not aligned");
            }
            let bytes = lift.bytes(at, abi.size32 as usize)?;
            lift.load_members(all, bytes, room)?;
        }
    }
    let (resources, values, len) = (lift.resources, room.as_ptr().cast(), room.len());
    let results = Results::new(arena, values, len).map_err(Error::into_wasmtime)?;
    Ok(Lifted::new(results, resources))
}

struct Lift<'c, 'a, 't> {
    cx: &'c mut LiftContext<'a>,
    types: &'t ComponentTypes,
    arena: &'t Arena,
    resources: Resources,
}

type Flat<'s> = slice::Iter<'s, ValRaw>;

impl<'a, 't> Lift<'_, 'a, 't> {
    fn flat_members(
        &mut self,
        types: Members<'t>,
        src: &mut Flat<'_>,
        slots: &mut [Slot],
    ) -> Result<()> {
        for (ty, slot) in types.zip(slots) {
            self.flat(ty, src, slot)?;
        }
        Ok(())
    }

    fn load_members(
        &mut self,
        types: Members<'t>,
        bytes: &'a [u8],
        slots: &mut [Slot],
    ) -> Result<()> {
        let mut offset = 0;
        for (ty, slot) in types.zip(slots) {
            let abi = self.types.canonical_abi(&ty);
            let place = abi.next_field32_size(&mut offset);
            self.load(ty, part(bytes, place, abi.size32 as usize)?, slot)?;
        }
        Ok(())
    }

    /// Reads a value from the guest's stack into `slot`.
    #[inline(always)]
    fn flat(&mut self, ty: InterfaceType, src: &mut Flat<'_>, slot: &mut Slot) -> Result<()> {
        let kind = kind_of(ty).ok_or_else(unsupported)?;
        if !kind.is_flat() {
            return self.flat_compound(kind, ty, src, slot);
        }
        let bits = match kind {
            Kind::S64 | Kind::U64 | Kind::F64 => next(src)?.get_u64(),
            _ => next(src)?.get_u32().into(),
        };
        slot.write(runtime_value_t { of: number(kind, bits)?, ..header(kind) });
        Ok(())
    }

    /// Lifts what is not a number. Apart, so that numbers take no call.
    fn flat_compound(
        &mut self,
        kind: Kind,
        ty: InterfaceType,
        src: &mut Flat<'_>,
        slot: &mut Slot,
    ) -> Result<()> {
        let mut value = header(kind);
        match ty {
            InterfaceType::String | InterfaceType::List(_) => {
                let (ptr, len) = (next(src)?.get_u32(), next(src)?.get_u32());
                value = self.row(ty, ptr as usize, len as usize)?;
            }
            InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                let all = members(self.types, ty)?;
                let room = self.room(all.len())?;
                self.flat_members(all, src, room)?;
                value.of.values = slice_of(room);
            }
            InterfaceType::Enum(i) => {
                value.index = next(src)?.get_u32();
                self.check_enum(value.index, self.types[i].names.len())?;
            }
            InterfaceType::Flags(i) => {
                let count = self.types[i].names.len();
                let room = self.room::<u32>(count.div_ceil(32))?;
                for word in &mut *room {
                    word.write(next(src)?.get_u32());
                }
                value.of.flags = flags_of(room, count);
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                slot.write(value);
                let resource = ResourceAny::linear_lift_from_flat(self.cx, ty, next(src)?)?;
                self.resource(resource, slot);
                return Ok(());
            }
            InterfaceType::Variant(_) | InterfaceType::Option(_) | InterfaceType::Result(_) => {
                value.index = next(src)?.get_u32();
                let case = case(self.types, ty, value.index)?;
                let before = src.len();
                value.of.payload = match case.ty {
                    None => ptr::null(),
                    Some(ty) => {
                        let room = self.room(1)?;
                        self.flat(ty, src, &mut room[0])?;
                        room.as_ptr().cast()
                    }
                };
                // Whatever the other cases would need.
                let rest = case.abi.flat_count.map_or(0, usize::from).saturating_sub(1);
                for _ in before - src.len()..rest {
                    next(src)?;
                }
            }
            _ => return Err(unsupported()),
        }
        slot.write(value);
        Ok(())
    }

    /// Reads a value from `bytes` of the guest's memory, all of it, into `slot`.
    fn load(&mut self, ty: InterfaceType, bytes: &'a [u8], slot: &mut Slot) -> Result<()> {
        let kind = kind_of(ty).ok_or_else(unsupported)?;
        if kind.is_flat() {
            slot.write(runtime_value_t { of: number(kind, bits(bytes))?, ..header(kind) });
            return Ok(());
        }
        let mut value = header(kind);
        match ty {
            InterfaceType::String | InterfaceType::List(_) => {
                let (ptr, len) = (bits(part(bytes, 0, 4)?), bits(part(bytes, 4, 4)?));
                value = self.row(ty, ptr as usize, len as usize)?;
            }
            InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                let all = members(self.types, ty)?;
                let room = self.room(all.len())?;
                self.load_members(all, bytes, room)?;
                value.of.values = slice_of(room);
            }
            InterfaceType::Enum(i) => {
                value.index = bits(bytes) as u32;
                self.check_enum(value.index, self.types[i].names.len())?;
            }
            InterfaceType::Flags(i) => {
                let Words { count, size } = words_of(&self.types[i]);
                let room = self.room::<u32>(count)?;
                for (i, word) in room.iter_mut().enumerate() {
                    word.write(bits(part(bytes, i * size, size)?) as u32);
                }
                value.of.flags = flags_of(room, self.types[i].names.len());
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                slot.write(value);
                let resource = ResourceAny::linear_lift_from_memory(self.cx, ty, bytes)?;
                self.resource(resource, slot);
                return Ok(());
            }
            InterfaceType::Variant(_) | InterfaceType::Option(_) | InterfaceType::Result(_) => {
                // The case decides what the rest is; where it begins is the same in all.
                let info = case(self.types, ty, 0)?.info;
                value.index = bits(part(bytes, 0, info.size.into())?) as u32;
                let case = case(self.types, ty, value.index)?;
                value.of.payload = match case.ty {
                    None => ptr::null(),
                    Some(ty) => {
                        let size = self.types.canonical_abi(&ty).size32 as usize;
                        let payload = part(bytes, info.payload_offset32 as usize, size)?;
                        let room = self.room(1)?;
                        self.load(ty, payload, &mut room[0])?;
                        room.as_ptr().cast()
                    }
                };
            }
            _ => return Err(unsupported()),
        }
        slot.write(value);
        Ok(())
    }

    /// Text or a list, at `ptr` in the guest's memory.
    fn row(&mut self, ty: InterfaceType, ptr: usize, len: usize) -> Result<runtime_value_t> {
        match ty {
            InterfaceType::List(i) => self.list(self.types[i].element, ptr, len),
            _ => self.text(ptr, len),
        }
    }

    fn text(&mut self, ptr: usize, len: usize) -> Result<runtime_value_t> {
        let string = if self.cx.options().string_encoding == StringEncoding::Utf8 {
            let bytes = self.bytes(ptr, len)?;
            self.copy_text(str::from_utf8(bytes)?)?
        } else {
            let place = [ValRaw::u32(ptr as u32), ValRaw::u32(len as u32)];
            let text = String::linear_lift_from_flat(self.cx, InterfaceType::String, &place)?;
            self.copy_text(&text)?
        };
        Ok(runtime_value_t { of: runtime_value_of_t { string }, ..header(Kind::String) })
    }

    fn copy_text(&mut self, text: &str) -> Result<runtime_string_t> {
        self.spend(text.len() + 1)?;
        let ptr = self.arena.text(text.as_bytes()).map_err(Error::into_wasmtime)?.cast();
        Ok(runtime_string_t { ptr, len: text.len() })
    }

    fn list(&mut self, ty: InterfaceType, ptr: usize, len: usize) -> Result<runtime_value_t> {
        let kind = kind_of(ty).ok_or_else(unsupported)?;
        if !kind.is_flat()
            && let Some(plan) = Plan::new(self.types, ty, len)
        {
            return self.planned(&plan, ptr, len);
        }
        let abi = self.types.canonical_abi(&ty);
        let size = abi.size32 as usize;
        let bytes = self.list_bytes(ptr, len, size, abi.align32)?;
        let flat = kind.is_flat().then_some(kind);
        if len == 0 {
            // A guest can have millions of these, and a type of any width.
            return Ok(list_of(flat, ptr::null(), len));
        }
        if kind.is_flat() {
            return Ok(list_of(flat, self.array(kind, bytes)?, len));
        }
        let room = self.room(len)?;
        for (i, slot) in room.iter_mut().enumerate() {
            self.load(ty, part(bytes, i * size, size)?, slot)?;
        }
        Ok(list_of(None, room.as_ptr().cast(), len))
    }

    /// What the guest has at `ptr`, if that is a list of elements of `size` bytes.
    fn list_bytes(&self, ptr: usize, len: usize, size: usize, align: u32) -> Result<&'a [u8]> {
        // A power of two.
        if ptr & (align as usize - 1) != 0 {
            bail!("list pointer is not aligned");
        }
        match len.checked_mul(size) {
            Some(all) => self.bytes(ptr, all),
            None => bail!("list length is out of bounds of memory"),
        }
    }

    /// A C array of numbers, bools or chars, which looks as in the guest's memory.
    fn array(&mut self, kind: Kind, bytes: &[u8]) -> Result<*const std::ffi::c_void> {
        self.spend(bytes.len())?;
        // Aligned for any number.
        let words = self.arena.room::<u64>(bytes.len().div_ceil(8));
        let words = words.map_err(Error::into_wasmtime)?;
        // The last word may have more bytes than the guest gave.
        if let Some(last) = words.last_mut() {
            last.write(0);
        }
        let start = words.as_mut_ptr().cast::<u8>();
        match kind {
            Kind::Bool => {
                for (i, byte) in bytes.iter().enumerate() {
                    // SAFETY: the room has as many bytes.
                    unsafe { start.add(i).write(u8::from(*byte != 0)) };
                }
            }
            kind => {
                if kind == Kind::Char {
                    bytes.chunks_exact(4).try_for_each(|it| character(bits(it)).map(drop))?;
                }
                // SAFETY: the room has as many bytes, and is nobody else's.
                unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len()) };
            }
        }
        Ok(start.cast_const().cast())
    }

    /// Remembers where the number of a resource has to go.
    fn resource(&mut self, resource: ResourceAny, slot: &mut Slot) {
        // SAFETY: the slot was written; the field is written before anybody reads it.
        let place = unsafe { &raw mut (*slot.as_mut_ptr()).of.resource };
        self.resources.extend(NonNull::new(place).map(|place| (place, resource)));
    }

    fn check_enum(&self, index: u32, count: usize) -> Result<()> {
        match (index as usize) < count {
            true => Ok(()),
            false => bail!("discriminant {index} out of range [0..{count})"),
        }
    }

    /// What the guest has at `ptr`.
    fn bytes(&self, ptr: usize, len: usize) -> Result<&'a [u8]> {
        let bytes = self.cx.memory().get(ptr..).and_then(|it| it.get(..len));
        bytes.ok_or_else(|| {
            wasmtime::Error::msg("pointer and length of a value are out of bounds of memory")
        })
    }

    /// Room for `len` parts of values.
    fn room<T: Copy>(&mut self, len: usize) -> Result<&'t mut [MaybeUninit<T>]> {
        self.spend(len.saturating_mul(size_of::<T>()))?;
        self.arena.room(len).map_err(Error::into_wasmtime)
    }

    /// Counts host memory that the guest makes the host spend.
    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.cx.consume_fuel(bytes).map_err(|error| {
            error.context(format!("a value of the guest takes {bytes} more bytes of the host"))
        })
    }
}

fn next<'s>(src: &mut Flat<'s>) -> Result<&'s ValRaw> {
    src.next().ok_or_else(|| wasmtime::Error::msg("fewer values than the function gives"))
}
