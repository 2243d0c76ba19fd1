//! How the elements of a list lie in a guest's memory, worked out once for all of them: lowering
//! and lifting one then takes no look at wasmtime's tables.

use wasmtime::component::__internal::{ComponentTypes, InterfaceType};

use super::tables::{Words, case, kind_of, members, words_of};
use crate::types::Kind;

/// How many elements a list has at least for a plan to be worth it.
const MANY: usize = 4;

/// How many parts a plan has at most. A guest can make a type of any size by naming another one in
/// many places; elements of such types are walked as what stands alone is.
const MOST: usize = 200;

/// Elements of a list, all of one type.
pub(super) struct Plan {
    pub part: Part,
    /// Bytes of an element, at least one.
    pub size: usize,
    pub align: u32,
    /// Whether an element lies in one piece, with nothing elsewhere.
    pub plain: bool,
}

/// What a value is.
pub(super) enum Part {
    Bool,
    Char,
    /// Other numbers, by how many bytes they have.
    One(Kind),
    Two(Kind),
    Four(Kind),
    Eight(Kind),
    Text,
    List(Box<Plan>),
    /// A record or tuple.
    Members(Kind, Box<[Place]>),
    /// A variant, option or result.
    Cases(Kind, Cases),
    /// How many cases, and how many bytes for their number.
    Enum(usize, usize),
    /// How many flags.
    Flags(usize, Words),
    Handle(Kind, InterfaceType),
}

/// A part of a record or tuple, and how far behind its beginning it lies.
pub(super) struct Place {
    pub at: usize,
    pub part: Part,
}

/// The cases of a variant, option or result.
pub(super) struct Cases {
    /// Bytes of the number of the case.
    pub size: usize,
    /// Where what a case carries lies.
    pub at: usize,
    /// What each carries.
    pub carried: Box<[Option<Part>]>,
}

impl Plan {
    /// For `len` elements of type `ty`; `None` if they are of no size or of a type that cannot
    /// cross the boundary yet, or if the plan would have more than two parts for each: a guest can
    /// have many short lists, and is not to make the host spend more on a plan than on them.
    pub(super) fn new(types: &ComponentTypes, ty: InterfaceType, len: usize) -> Option<Self> {
        match len < MANY {
            true => None,
            false => Draft { types, left: len.saturating_mul(2).min(MOST) }.plan(ty),
        }
    }

    /// What C arrays of it have as their `element`; `None` if there are none.
    pub(super) fn flat(&self) -> Option<Kind> {
        match self.part {
            Part::Bool => Some(Kind::Bool),
            Part::Char => Some(Kind::Char),
            Part::One(kind) | Part::Two(kind) | Part::Four(kind) | Part::Eight(kind) => Some(kind),
            _ => None,
        }
    }
}

/// A plan that is being made.
struct Draft<'a> {
    types: &'a ComponentTypes,
    /// How many parts it may still get.
    left: usize,
}

impl Draft<'_> {
    fn plan(&mut self, ty: InterfaceType) -> Option<Plan> {
        let part = self.part(ty)?;
        let abi = self.types.canonical_abi(&ty);
        let (size, align, plain) = (abi.size32 as usize, abi.align32, part.is_plain());
        (size > 0).then_some(Plan { part, size, align, plain })
    }

    fn part(&mut self, ty: InterfaceType) -> Option<Part> {
        self.left = self.left.checked_sub(1)?;
        let kind = kind_of(ty)?;
        Some(match ty {
            InterfaceType::Bool => Part::Bool,
            InterfaceType::Char => Part::Char,
            InterfaceType::S8 | InterfaceType::U8 => Part::One(kind),
            InterfaceType::S16 | InterfaceType::U16 => Part::Two(kind),
            InterfaceType::S32 | InterfaceType::U32 | InterfaceType::Float32 => Part::Four(kind),
            InterfaceType::S64 | InterfaceType::U64 | InterfaceType::Float64 => Part::Eight(kind),
            InterfaceType::String => Part::Text,
            InterfaceType::List(i) => Part::List(Box::new(self.plan(self.types[i].element)?)),
            InterfaceType::Record(_) | InterfaceType::Tuple(_) => {
                Part::Members(kind, self.places(ty)?)
            }
            InterfaceType::Variant(_) | InterfaceType::Option(_) | InterfaceType::Result(_) => {
                Part::Cases(kind, self.cases(ty)?)
            }
            InterfaceType::Enum(i) => {
                Part::Enum(self.types[i].names.len(), self.types[i].info.size.into())
            }
            InterfaceType::Flags(i) => {
                Part::Flags(self.types[i].names.len(), words_of(&self.types[i]))
            }
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => Part::Handle(kind, ty),
            _ => return None,
        })
    }

    fn places(&mut self, ty: InterfaceType) -> Option<Box<[Place]>> {
        let all = members(self.types, ty).ok()?;
        // Before anything that takes longer for a wider type.
        self.left.checked_sub(all.len())?;
        // With room for exactly as many, which takes one allocation.
        let (mut offset, mut places) = (0, Vec::with_capacity(all.len()));
        for ty in all {
            let at = self.types.canonical_abi(&ty).next_field32_size(&mut offset);
            places.push(Place { at, part: self.part(ty)? });
        }
        Some(places.into_boxed_slice())
    }

    fn cases(&mut self, ty: InterfaceType) -> Option<Cases> {
        let first = case(self.types, ty, 0).ok()?;
        self.left = self.left.checked_sub(first.count)?;
        let mut carried = Vec::with_capacity(first.count);
        for i in 0..first.count {
            carried.push(match case(self.types, ty, i as u32).ok()?.ty {
                None => None,
                Some(ty) => Some(self.part(ty)?),
            });
        }
        let (size, at) = (first.info.size.into(), first.info.payload_offset32 as usize);
        Some(Cases { size, at, carried: carried.into_boxed_slice() })
    }
}

impl Part {
    /// Whether it lies in one piece, with nothing elsewhere.
    fn is_plain(&self) -> bool {
        match self {
            Self::Text | Self::List(_) | Self::Handle(..) => false,
            Self::Members(_, places) => places.iter().all(|it| it.part.is_plain()),
            Self::Cases(_, cases) => cases.carried.iter().flatten().all(Self::is_plain),
            _ => true,
        }
    }
}
