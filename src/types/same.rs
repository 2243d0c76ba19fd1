//! Whether two types are the same, by structure.
//!
//! A guest's type may be a tree far larger than what describes it. Here it is walked beside another
//! one, so that no more of it is looked at than that has; and shared branches of both are compared
//! once.

use std::collections::HashSet;
use std::fmt;

use super::walk::Address;
use super::{Case, Field, FunctionType, Resource, Type};

/// Tells whether two resources are the same, the left one's first.
pub(crate) type SameResource<'a> = dyn Fn(&Resource, &Resource) -> bool + 'a;

impl FunctionType {
    /// Whether both take and give the same, names of parameters included.
    pub(crate) fn is_same(&self, other: &Self, resource: &SameResource<'_>) -> bool {
        Same { resource, seen: HashSet::new() }.functions(self, other)
    }
}

impl Type {
    /// Whether both have the same structure, and `resource` takes their resources for the same.
    pub(crate) fn is_same(&self, other: &Self, resource: &SameResource<'_>) -> bool {
        Same { resource, seen: HashSet::new() }.types(self, other)
    }

    /// Whether its kind says all about it.
    fn is_number(&self) -> bool {
        self.kind().is_flat() || matches!(self, Self::String)
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other, &Resource::eq)
    }
}

impl PartialEq for FunctionType {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other, &Resource::eq)
    }
}

/// As text, which ends at a bound.
impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for FunctionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Same<'a> {
    resource: &'a SameResource<'a>,
    /// Shared branches that were compared. They are the same so far: a difference ends it all.
    seen: HashSet<(Address, Address)>,
}

impl Same<'_> {
    fn types(&mut self, a: &Type, b: &Type) -> bool {
        if a.kind() != b.kind() {
            return false;
        }
        if let (Some(one), Some(other)) = (a.shared(), b.shared())
            && !self.seen.insert((one, other))
        {
            return true;
        }
        match (a, b) {
            (Type::List(a), Type::List(b)) | (Type::Option(a), Type::Option(b)) => self.types(a, b),
            (Type::Record(a), Type::Record(b)) => self.fields(a, b),
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| self.types(a, b))
            }
            (Type::Variant(a), Type::Variant(b)) => {
                a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| self.cases(a, b))
            }
            (Type::Enum(a), Type::Enum(b)) | (Type::Flags(a), Type::Flags(b)) => a == b,
            (Type::Result(a), Type::Result(b)) => {
                self.optional(a.ok.as_ref(), b.ok.as_ref())
                    && self.optional(a.err.as_ref(), b.err.as_ref())
            }
            (Type::Own(a), Type::Own(b)) | (Type::Borrow(a), Type::Borrow(b)) => {
                (self.resource)(a, b)
            }
            (Type::Function(a), Type::Function(b)) => self.functions(a, b),
            (Type::Unsupported(a), Type::Unsupported(b)) => a == b,
            _ => a.is_number(),
        }
    }

    fn functions(&mut self, a: &FunctionType, b: &FunctionType) -> bool {
        self.fields(&a.params, &b.params) && self.optional(a.result.as_ref(), b.result.as_ref())
    }

    fn fields(&mut self, a: &[Field], b: &[Field]) -> bool {
        let mut both = a.iter().zip(b);
        a.len() == b.len() && both.all(|(a, b)| a.name == b.name && self.types(&a.ty, &b.ty))
    }

    fn cases(&mut self, a: &Case, b: &Case) -> bool {
        a.name == b.name && self.optional(a.ty.as_ref(), b.ty.as_ref())
    }

    fn optional(&mut self, a: Option<&Type>, b: Option<&Type>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.types(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let parse = |text| FunctionType::parse(text).unwrap();
        let (a, b) = (parse(a), parse(b));
        let by_name = |a: &Resource, b: &Resource| a.name() == b.name();
        assert_eq!(a.is_same(&b, &by_name), b.is_same(&a, &by_name));
        a.is_same(&b, &by_name)
    }

    #[test]
    fn each_part_counts() {
        let types = [
            "func()",
            "func() -> u32",
            "func() -> s32",
            "func(a: u32)",
            "func(b: u32)",
            "func(a: u32, b: u32)",
            "func(a: string)",
            "func(a: list<u8>)",
            "func(a: option<u8>)",
            "func(a: list<u16>)",
            "func(a: tuple<u8>)",
            "func(a: tuple<u8, u8>)",
            "func(a: record { x: u8 })",
            "func(a: record { y: u8 })",
            "func(a: record { x: u8, y: u8 })",
            "func(a: variant { x })",
            "func(a: variant { x(u8) })",
            "func(a: variant { x(u16) })",
            "func(a: variant { x, y })",
            "func(a: enum { x })",
            "func(a: enum { y })",
            "func(a: flags { x })",
            "func(a: result)",
            "func(a: result<u8>)",
            "func(a: result<_, u8>)",
            "func(a: result<u8, u8>)",
            "func(a: own<x>)",
            "func(a: own<y>)",
            "func(a: borrow<x>)",
        ];
        for (i, a) in types.iter().enumerate() {
            for (k, b) in types.iter().enumerate() {
                assert_eq!(same(a, b), i == k, "{a} and {b}");
            }
        }
    }
}
