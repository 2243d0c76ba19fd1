//! The elements of a list, whichever way it is given.

use std::ptr;

use super::array::array;
use super::check::numbers;
use super::layout::{runtime_list_t, runtime_value_t};
use super::pieces::header;
use super::read::flat_kind;
use crate::error::Result;
use crate::types::{Kind, Path, Type};

/// The elements of a list.
pub(super) enum Elements<'a> {
    /// Each a value.
    Values(&'a [runtime_value_t]),
    /// In a C array of that kind, whose length and alignment were checked.
    Flat(Kind, runtime_list_t),
}

impl Elements<'_> {
    /// Those of `value`, of which C arrays are checked.
    ///
    /// # Safety
    /// As for [`super::check_args`]; `value` is a list.
    pub(super) unsafe fn of(
        value: &runtime_value_t,
        element: &Type,
        at: &Path<'_>,
    ) -> Result<Self> {
        let kind = flat_kind(value, element, at)?;
        // SAFETY: the kind says that `list` is the initialised field, and `element` says what it is
        // an array of; the caller vouches for both.
        unsafe {
            let list = value.of.list;
            match kind {
                None => Ok(Self::Values(array(list.ptr.cast(), list.len, at)?)),
                Some(kind) => {
                    numbers(list, kind, at)?;
                    Ok(Self::Flat(kind, list))
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Flat(_, list) => list.len,
        }
    }

    /// The elements as values, in order.
    ///
    /// # Safety
    /// As for [`Elements::of`], as long as they are read.
    pub(super) unsafe fn iter(&self) -> impl Iterator<Item = runtime_value_t> {
        (0..self.len()).filter_map(|index| match self {
            Self::Values(values) => values.get(index).copied(),
            // SAFETY: `numbers` found the array to be of a possible length, and the caller vouches
            // for its elements.
            Self::Flat(kind, list) => Some(unsafe { element(list, *kind, index) }),
        })
    }
}

/// # Safety
/// `list` is an array of the C type of `kind`, with more than `index` elements.
unsafe fn element(list: &runtime_list_t, kind: Kind, index: usize) -> runtime_value_t {
    let (mut value, size) = (header(kind), size(kind));
    // SAFETY: the element is there, and fits into the union, whose fields all begin where it does.
    unsafe {
        let from = list.ptr.cast::<u8>().add(index * size);
        ptr::copy_nonoverlapping(from, (&raw mut value.of).cast::<u8>(), size);
    }
    value
}

/// How many bytes an element of a C array has.
fn size(kind: Kind) -> usize {
    match kind {
        Kind::Bool | Kind::S8 | Kind::U8 => 1,
        Kind::S16 | Kind::U16 => 2,
        Kind::S64 | Kind::U64 | Kind::F64 => 8,
        _ => 4,
    }
}
