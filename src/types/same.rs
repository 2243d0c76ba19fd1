//! Whether two types are the same, by structure.
//!
//! A guest's type may be a tree far larger than what describes it. Here it is walked beside another
//! one, so that no more of it is looked at than that has.

use super::{Field, FunctionType, Resource, Type};

/// Tells whether two resources are the same, the left one's first.
pub(crate) type SameResource<'a> = dyn Fn(&Resource, &Resource) -> bool + 'a;

impl FunctionType {
    /// Whether both take and give the same, names of parameters included.
    pub(crate) fn is_same(&self, other: &Self, resource: &SameResource<'_>) -> bool {
        fields(&self.params, &other.params, resource)
            && optional(self.result.as_ref(), other.result.as_ref(), resource)
    }
}

impl Type {
    /// Whether both have the same structure, and `resource` takes their resources for the same.
    pub(crate) fn is_same(&self, other: &Self, resource: &SameResource<'_>) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) | (Self::Option(a), Self::Option(b)) => {
                a.is_same(b, resource)
            }
            (Self::Record(a), Self::Record(b)) => fields(a, b, resource),
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| a.is_same(b, resource))
            }
            (Self::Variant(a), Self::Variant(b)) => {
                let same = |a: &super::Case, b: &super::Case| {
                    a.name == b.name && optional(a.ty.as_ref(), b.ty.as_ref(), resource)
                };
                a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| same(a, b))
            }
            (Self::Enum(a), Self::Enum(b)) | (Self::Flags(a), Self::Flags(b)) => a == b,
            (Self::Result(a), Self::Result(b)) => {
                optional(a.ok.as_ref(), b.ok.as_ref(), resource)
                    && optional(a.err.as_ref(), b.err.as_ref(), resource)
            }
            (Self::Own(a), Self::Own(b)) | (Self::Borrow(a), Self::Borrow(b)) => resource(a, b),
            (Self::Function(a), Self::Function(b)) => a.is_same(b, resource),
            (Self::Unsupported(a), Self::Unsupported(b)) => a == b,
            _ => self.kind() == other.kind() && self.is_number(),
        }
    }

    /// Whether its kind says all about it.
    fn is_number(&self) -> bool {
        self.kind().is_flat() || matches!(self, Self::String)
    }
}

fn fields(a: &[Field], b: &[Field], resource: &SameResource<'_>) -> bool {
    let same = |a: &Field, b: &Field| a.name == b.name && a.ty.is_same(&b.ty, resource);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn optional(a: Option<&Type>, b: Option<&Type>, resource: &SameResource<'_>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.is_same(b, resource),
        (None, None) => true,
        _ => false,
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
