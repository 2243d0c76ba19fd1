//! From C memory into a guest. The types are wasmtime's own tables, made when the component was
//! compiled: they say where in the guest's memory, or on its stack, each part of a value goes.

use std::mem::MaybeUninit;
use std::slice;

use wasmtime::component::__internal::{ComponentTypes, InterfaceType, LowerContext};
use wasmtime::component::{Lower as _, ResourceAny};
use wasmtime::{Result, ValRaw, bail};

use super::array::checked;
use super::layout::{runtime_list_t, runtime_string_t, runtime_value_t};
use super::plan::Plan;
use super::same::{number, same, same_count, same_enum, same_payload};
use super::tables::{Members, Words, case, kind_of, members, words_of};
use crate::types::Kind;

mod planned;

/// Lowers checked values into the guest of a call.
pub(super) struct Lower<'c, 'a, T: 'static> {
    cx: &'c mut LowerContext<'a, T>,
    types: &'a ComponentTypes,
    /// The resources among the values that are still to come.
    resources: slice::Iter<'c, ResourceAny>,
}

/// Where the flat form of values goes.
type Flat<'d> = slice::IterMut<'d, MaybeUninit<ValRaw>>;

impl<'c, 'a, T> Lower<'c, 'a, T> {
    pub(super) fn new(cx: &'c mut LowerContext<'a, T>, resources: &'c [ResourceAny]) -> Self {
        let types = cx.types;
        Self { cx, types, resources: resources.iter() }
    }

    /// Puts `values` onto the guest's stack, or into new memory if they are too many: `ty` is the
    /// tuple of their types.
    ///
    /// # Safety
    /// The values were checked against these types.
    pub(super) unsafe fn args(
        &mut self,
        values: &[runtime_value_t],
        ty: InterfaceType,
        dst: &mut [MaybeUninit<ValRaw>],
    ) -> Result<()> {
        let members = self.members(ty)?;
        if values.is_empty() && members.len() == 0 {
            return Ok(());
        }
        let abi = self.types.canonical_abi(&ty);
        if abi.flat_count(dst.len()).is_some() {
            // SAFETY: passed on from the caller.
            return unsafe { self.flat_members(values, members, &mut dst.iter_mut()) };
        }
        let at = self.cx.realloc(0, 0, abi.align32, abi.size32 as usize)?;
        // SAFETY: passed on from the caller.
        unsafe { self.store_members(values, members, at)? };
        put(&mut dst.iter_mut(), at as u64)
    }

    /// As [`args`](Self::args), for what is known to fit onto the stack.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(super) unsafe fn on_stack(
        &mut self,
        values: &[runtime_value_t],
        ty: InterfaceType,
        dst: &mut [MaybeUninit<ValRaw>],
    ) -> Result<()> {
        // SAFETY: passed on from the caller.
        unsafe { self.flat_members(values, self.members(ty)?, &mut dst.iter_mut()) }
    }

    /// Puts `values` into the guest's memory at `at`, where there is room for them.
    ///
    /// # Safety
    /// As for [`args`](Self::args).
    pub(super) unsafe fn results(
        &mut self,
        values: &[runtime_value_t],
        ty: InterfaceType,
        at: usize,
    ) -> Result<()> {
        // SAFETY: passed on from the caller.
        unsafe { self.store_members(values, self.members(ty)?, at) }
    }

    /// The types of what a record or tuple is made of.
    fn members(&self, ty: InterfaceType) -> Result<Members<'a>> {
        members(self.types, ty)
    }

    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn flat_members(
        &mut self,
        values: &[runtime_value_t],
        types: Members<'a>,
        dst: &mut Flat<'_>,
    ) -> Result<()> {
        same_count(values, &types)?;
        for (value, ty) in values.iter().zip(types) {
            // SAFETY: passed on from the caller.
            unsafe { self.flat(value, ty, dst)? };
        }
        Ok(())
    }

    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn store_members(
        &mut self,
        values: &[runtime_value_t],
        types: Members<'a>,
        at: usize,
    ) -> Result<()> {
        same_count(values, &types)?;
        let mut offset = at;
        for (value, ty) in values.iter().zip(types) {
            let place = self.types.canonical_abi(&ty).next_field32_size(&mut offset);
            // SAFETY: passed on from the caller.
            unsafe { self.store(value, ty, place)? };
        }
        Ok(())
    }

    /// # Safety
    /// As for [`args`](Self::args).
    #[inline(always)]
    unsafe fn flat(
        &mut self,
        value: &runtime_value_t,
        ty: InterfaceType,
        dst: &mut Flat<'_>,
    ) -> Result<()> {
        // SAFETY: `same` finds the kind that belongs to the type; passed on from the caller.
        unsafe {
            match number(value, ty)? {
                Some((bits, _)) => put(dst, bits),
                None => {
                    same(value, ty)?;
                    self.flat_compound(value, ty, dst)
                }
            }
        }
    }

    /// Lowers what is not a number. Apart, so that numbers take no call.
    ///
    /// # Safety
    /// As for [`args`](Self::args); the value is of the type's kind.
    unsafe fn flat_compound(
        &mut self,
        value: &runtime_value_t,
        ty: InterfaceType,
        dst: &mut Flat<'_>,
    ) -> Result<()> {
        // SAFETY: the kind belongs to the arm; passed on from the caller.
        unsafe {
            match ty {
                InterfaceType::String | InterfaceType::List(_) => {
                    let (ptr, len) = self.row(value, ty)?;
                    put(dst, ptr)?;
                    put(dst, len)
                }
                InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                    let values = checked(value.of.values.ptr, value.of.values.len);
                    self.flat_members(values, self.members(ty)?, dst)
                }
                InterfaceType::Enum(i) => {
                    same_enum(value, &self.types[i])?;
                    put(dst, value.index.into())
                }
                InterfaceType::Flags(i) => {
                    let words = checked(value.of.flags.ptr, value.of.flags.len);
                    let count = self.types[i].names.len().div_ceil(32);
                    (0..count).try_for_each(|i| put(dst, words.get(i).copied().unwrap_or(0).into()))
                }
                InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                    let resource = self.resource()?;
                    let slot = dst.next().ok_or_else(too_many)?;
                    resource.linear_lower_to_flat(self.cx, ty, slot)
                }
                _ => {
                    let case = case(self.types, ty, value.index)?;
                    put(dst, value.index.into())?;
                    let before = dst.len();
                    if let Some((ty, payload)) = same_payload(case.ty, value)? {
                        self.flat(payload, ty, dst)?;
                    }
                    // Whatever the other cases would need.
                    let rest = case.abi.flat_count.map_or(0, usize::from).saturating_sub(1);
                    (before - dst.len()..rest).try_for_each(|_| put(dst, 0))
                }
            }
        }
    }

    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn store(
        &mut self,
        value: &runtime_value_t,
        ty: InterfaceType,
        at: usize,
    ) -> Result<()> {
        // SAFETY: `same` finds the kind that belongs to the arm; passed on from the caller.
        unsafe {
            if let Some((bits, size)) = number(value, ty)? {
                return self.write(at, bits, size);
            }
            same(value, ty)?;
            match ty {
                InterfaceType::String | InterfaceType::List(_) => {
                    let (ptr, len) = self.row(value, ty)?;
                    self.write(at, ptr | len << 32, 8)
                }
                InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                    let values = checked(value.of.values.ptr, value.of.values.len);
                    self.store_members(values, self.members(ty)?, at)
                }
                InterfaceType::Enum(i) => {
                    same_enum(value, &self.types[i])?;
                    self.write(at, value.index.into(), self.types[i].info.size.into())
                }
                InterfaceType::Flags(i) => {
                    let words = checked(value.of.flags.ptr, value.of.flags.len);
                    let word = |i| words.get(i).copied().unwrap_or(0).into();
                    let Words { count, size } = words_of(&self.types[i]);
                    (0..count).try_for_each(|i| self.write(at + size * i, word(i), size))
                }
                InterfaceType::Own(_) | InterfaceType::Borrow(_) => {
                    let resource = self.resource()?;
                    resource.linear_lower_to_memory(self.cx, ty, at)
                }
                _ => {
                    let case = case(self.types, ty, value.index)?;
                    self.write(at, value.index.into(), case.info.size.into())?;
                    match same_payload(case.ty, value)? {
                        Some((ty, payload)) => {
                            self.store(payload, ty, at + case.info.payload_offset32 as usize)
                        }
                        None => Ok(()),
                    }
                }
            }
        }
    }

    /// Text or a list, in new memory: where, and its length.
    ///
    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn row(&mut self, value: &runtime_value_t, ty: InterfaceType) -> Result<(u64, u64)> {
        // SAFETY: passed on from the caller.
        unsafe {
            match ty {
                InterfaceType::List(i) => {
                    self.list(value.of.list, value.element, self.types[i].element)
                }
                _ => self.string(value.of.string),
            }
        }
    }

    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn string(&mut self, string: runtime_string_t) -> Result<(u64, u64)> {
        // SAFETY: it was checked to be UTF-8; passed on from the caller.
        self.text(unsafe { str::from_utf8_unchecked(checked(string.ptr.cast::<u8>(), string.len)) })
    }

    /// In whichever encoding the guest wants.
    fn text(&mut self, text: &str) -> Result<(u64, u64)> {
        let mut place = MaybeUninit::uninit();
        text.linear_lower_to_flat(self.cx, InterfaceType::String, &mut place)?;
        // SAFETY: lowering succeeded, so both words were written.
        let [ptr, len] = unsafe { place.assume_init() };
        Ok((ptr.get_u32().into(), len.get_u32().into()))
    }

    /// # Safety
    /// As for [`args`](Self::args); the list has elements as `kind` says, of type `ty`.
    unsafe fn list(
        &mut self,
        list: runtime_list_t,
        kind: u8,
        ty: InterfaceType,
    ) -> Result<(u64, u64)> {
        if kind == 0
            && let Some(plan) = Plan::new(self.types, ty, list.len)
        {
            // SAFETY: passed on from the caller.
            return unsafe { self.planned(list, kind, &plan) };
        }
        let abi = self.types.canonical_abi(&ty);
        let size = abi.size32 as usize;
        let (at, bytes) = self.new_list(list, size, abi.align32)?;
        if kind != 0 {
            // SAFETY: passed on from the caller.
            unsafe { self.copy_list(list, kind, kind_of(ty), at, bytes)? };
        } else {
            // SAFETY: passed on from the caller.
            let values = unsafe { checked(list.ptr.cast::<runtime_value_t>(), list.len) };
            for (i, value) in values.iter().enumerate() {
                // SAFETY: passed on from the caller.
                unsafe { self.store(value, ty, at + i * size)? };
            }
        }
        Ok((at as u64, list.len as u64))
    }

    /// New memory for a list, and how many bytes that is.
    fn new_list(
        &mut self,
        list: runtime_list_t,
        size: usize,
        align: u32,
    ) -> Result<(usize, usize)> {
        let Some(bytes) = list.len.checked_mul(size) else { bail!("a list is too long") };
        Ok((self.cx.realloc(0, 0, align, bytes)?, bytes))
    }

    /// Copies a C array, which has the layout that the guest wants, to `at`. It has elements as
    /// `kind` says, and `wanted` ones belong there.
    ///
    /// # Safety
    /// As for [`args`](Self::args).
    unsafe fn copy_list(
        &mut self,
        list: runtime_list_t,
        kind: u8,
        wanted: Option<Kind>,
        at: usize,
        bytes: usize,
    ) -> Result<()> {
        if wanted.is_none_or(|wanted| wanted as u8 != kind) {
            bail!("a list was checked against another type");
        }
        // SAFETY: the list was checked; passed on from the caller.
        let from = unsafe { checked(list.ptr.cast::<u8>(), bytes) };
        self.memory(at, bytes)?.copy_from_slice(from);
        Ok(())
    }

    fn resource(&mut self) -> Result<ResourceAny> {
        match self.resources.next() {
            Some(resource) => Ok(*resource),
            None => bail!("a resource was not looked up"),
        }
    }

    /// Writes the lowest `size` bytes of `bits`, at most 8.
    fn write(&mut self, at: usize, bits: u64, size: usize) -> Result<()> {
        self.memory(at, size)?.copy_from_slice(&bits.to_le_bytes()[..size]);
        Ok(())
    }

    fn memory(&mut self, at: usize, len: usize) -> Result<&mut [u8]> {
        let memory = self.cx.as_slice_mut().get_mut(at..).and_then(|it| it.get_mut(..len));
        memory.ok_or_else(|| wasmtime::Error::msg("a value is out of bounds of memory"))
    }
}

// Numbers in C memory and in guests look the same.
const _: () = assert!(cfg!(target_endian = "little"), "C arrays are copied as they are");

fn put(dst: &mut Flat<'_>, bits: u64) -> Result<()> {
    dst.next().ok_or_else(too_many)?.write(ValRaw::u64(bits));
    Ok(())
}

fn too_many() -> wasmtime::Error {
    wasmtime::Error::msg("more values than the function takes")
}
