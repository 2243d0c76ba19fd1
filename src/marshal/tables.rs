//! wasmtime's tables of a component's types, as lowering and lifting need them.

use std::slice;

use wasmtime::component::__internal::wasmtime_environ::component::{
    RecordField, TypeFlags, VariantInfo,
};
use wasmtime::component::__internal::{CanonicalAbiInfo, ComponentTypes, InterfaceType};
use wasmtime::{Result, bail};

use crate::types::Kind;

/// The types of the fields of a record, or of the members of a tuple, in order.
pub(super) enum Members<'a> {
    Fields(slice::Iter<'a, RecordField>),
    Types(slice::Iter<'a, InterfaceType>),
}

impl Iterator for Members<'_> {
    type Item = InterfaceType;

    fn next(&mut self) -> Option<InterfaceType> {
        match self {
            Self::Fields(fields) => fields.next().map(|field| field.ty),
            Self::Types(types) => types.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Fields(fields) => fields.size_hint(),
            Self::Types(types) => types.size_hint(),
        }
    }
}

impl ExactSizeIterator for Members<'_> {}

pub(super) fn members(types: &ComponentTypes, ty: InterfaceType) -> Result<Members<'_>> {
    match ty {
        InterfaceType::Record(i) => Ok(Members::Fields(types[i].fields.iter())),
        InterfaceType::Tuple(i) => Ok(Members::Types(types[i].types.iter())),
        _ => bail!("a type without members"),
    }
}

/// One case of a variant, option or result.
pub(super) struct Case<'a> {
    /// What it carries.
    pub ty: Option<InterfaceType>,
    /// How many there are.
    pub count: usize,
    pub info: &'a VariantInfo,
    /// Of the whole type.
    pub abi: &'a CanonicalAbiInfo,
}

pub(super) fn case(types: &ComponentTypes, ty: InterfaceType, index: u32) -> Result<Case<'_>> {
    let (carried, count, info, abi) = match ty {
        InterfaceType::Variant(i) => {
            let ty = &types[i];
            let carried = ty.cases.get_index(index as usize).map(|(_, carried)| *carried);
            (carried, ty.cases.len(), &ty.info, &ty.abi)
        }
        InterfaceType::Option(i) => {
            let ty = &types[i];
            let carried = [None, Some(ty.ty)].get(index as usize).copied();
            (carried, 2, &ty.info, &ty.abi)
        }
        InterfaceType::Result(i) => {
            let ty = &types[i];
            (([ty.ok, ty.err]).get(index as usize).copied(), 2, &ty.info, &ty.abi)
        }
        _ => bail!("a type without cases"),
    };
    match carried {
        Some(ty) => Ok(Case { ty, count, info, abi }),
        None => bail!("discriminant {index} out of range [0..{count})"),
    }
}

/// How a set of flags lies in memory.
pub(super) struct Words {
    pub count: usize,
    /// Bytes of each.
    pub size: usize,
}

pub(super) fn words_of(ty: &TypeFlags) -> Words {
    match ty.names.len() {
        0 => Words { count: 0, size: 0 },
        1..=8 => Words { count: 1, size: 1 },
        9..=16 => Words { count: 1, size: 2 },
        more => Words { count: more.div_ceil(32), size: 4 },
    }
}

/// `None` for what cannot cross the boundary yet.
pub(super) fn kind_of(ty: InterfaceType) -> Option<Kind> {
    Some(match ty {
        InterfaceType::Bool => Kind::Bool,
        InterfaceType::S8 => Kind::S8,
        InterfaceType::U8 => Kind::U8,
        InterfaceType::S16 => Kind::S16,
        InterfaceType::U16 => Kind::U16,
        InterfaceType::S32 => Kind::S32,
        InterfaceType::U32 => Kind::U32,
        InterfaceType::S64 => Kind::S64,
        InterfaceType::U64 => Kind::U64,
        InterfaceType::Float32 => Kind::F32,
        InterfaceType::Float64 => Kind::F64,
        InterfaceType::Char => Kind::Char,
        InterfaceType::String => Kind::String,
        InterfaceType::List(_) => Kind::List,
        InterfaceType::Record(_) => Kind::Record,
        InterfaceType::Tuple(_) => Kind::Tuple,
        InterfaceType::Variant(_) => Kind::Variant,
        InterfaceType::Enum(_) => Kind::Enum,
        InterfaceType::Option(_) => Kind::Option,
        InterfaceType::Result(_) => Kind::Result,
        InterfaceType::Flags(_) => Kind::Flags,
        InterfaceType::Own(_) => Kind::Own,
        InterfaceType::Borrow(_) => Kind::Borrow,
        InterfaceType::Map(_)
        | InterfaceType::Future(_)
        | InterfaceType::Stream(_)
        | InterfaceType::ErrorContext(_)
        | InterfaceType::FixedLengthList(_) => return None,
    })
}
