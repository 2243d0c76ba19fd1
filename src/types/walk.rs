//! Walks over types that look at what is shared once.
//!
//! A type is a tree in which one branch may stand in many places: walked as a tree, a component of
//! some hundred bytes keeps a processor busy for seconds.

use std::collections::HashSet;
use std::sync::Arc;

use super::{FunctionType, Type};

/// Where shared parts are.
pub(crate) type Address = *const u8;

impl Type {
    /// Whether `test` holds for it, or for something that it is made of.
    pub(crate) fn any(&self, test: &mut dyn FnMut(&Self) -> bool) -> bool {
        Walk { seen: HashSet::new(), test }.ty(self)
    }

    /// Where its parts are, if others may have the same.
    pub(crate) fn shared(&self) -> Option<Address> {
        match self {
            Self::List(part) | Self::Option(part) => address(part),
            Self::Record(parts) => address(parts),
            Self::Tuple(parts) => address(parts),
            Self::Variant(parts) => address(parts),
            Self::Enum(parts) | Self::Flags(parts) => address(parts),
            Self::Result(parts) => address(parts),
            Self::Function(parts) => address(parts),
            _ => None,
        }
    }
}

impl FunctionType {
    /// Whether `test` holds for a parameter, the result, or something that they are made of.
    pub(crate) fn any(&self, test: &mut dyn FnMut(&Type) -> bool) -> bool {
        Walk { seen: HashSet::new(), test }.function(self)
    }
}

fn address<T: ?Sized>(parts: &Arc<T>) -> Option<Address> {
    (Arc::strong_count(parts) > 1).then(|| Arc::as_ptr(parts).cast())
}

struct Walk<'a> {
    seen: HashSet<Address>,
    test: &'a mut dyn FnMut(&Type) -> bool,
}

impl Walk<'_> {
    fn ty(&mut self, ty: &Type) -> bool {
        if (self.test)(ty) {
            return true;
        }
        if ty.shared().is_some_and(|shared| !self.seen.insert(shared)) {
            return false;
        }
        match ty {
            Type::List(ty) | Type::Option(ty) => self.ty(ty),
            Type::Record(fields) => fields.iter().any(|field| self.ty(&field.ty)),
            Type::Tuple(types) => types.iter().any(|ty| self.ty(ty)),
            Type::Variant(cases) => {
                cases.iter().filter_map(|case| case.ty.as_ref()).any(|ty| self.ty(ty))
            }
            Type::Result(it) => [&it.ok, &it.err].into_iter().flatten().any(|ty| self.ty(ty)),
            Type::Function(function) => self.function(function),
            _ => false,
        }
    }

    fn function(&mut self, function: &FunctionType) -> bool {
        function.params.iter().any(|param| self.ty(&param.ty))
            || function.result.as_ref().is_some_and(|ty| self.ty(ty))
    }
}
