//! Whether wasmtime's types of a function are those that its host function was defined with.
//!
//! They are: linking saw to it. This is the second lock. A host function believes the kinds of its
//! arguments, so a mistake in linking would let a guest choose addresses for it to read.

use std::collections::HashSet;
use std::sync::OnceLock;

use wasmtime::component::__internal::{ComponentTypes, InterfaceType};
use wasmtime::{Result, bail};

use super::tables::{kind_of, members};
use crate::types::{Address, FunctionType, Type};

/// The types that a guest's arguments were lifted by.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    types: *const ComponentTypes,
    params: InterfaceType,
}

// SAFETY: the pointer is only followed by `Agreed::check`, whose callers vouch for it.
unsafe impl Send for Origin {}
// SAFETY: as above.
unsafe impl Sync for Origin {}

impl Origin {
    /// `params` is the tuple of the parameters' types.
    pub(super) fn new(types: &ComponentTypes, params: InterfaceType) -> Self {
        Self { types, params }
    }

    fn is(&self, other: &Self) -> bool {
        self.types == other.types && self.params == other.params
    }
}

/// The types of arguments that were found to be those of a host function.
#[derive(Debug, Default)]
pub struct Agreed(OnceLock<Origin>);

impl Agreed {
    /// Refuses arguments that were lifted by other types than the parameters of `ty`.
    ///
    /// # Errors
    /// If they were.
    ///
    /// # Safety
    /// `origin` came with arguments of a guest that is still in its call, so that the component it
    /// is made from is alive.
    #[inline(always)]
    pub unsafe fn check(&self, origin: Origin, ty: &FunctionType) -> Result<()> {
        match self.0.get() {
            Some(known) if known.is(&origin) => Ok(()),
            // SAFETY: passed on from the caller.
            _ => unsafe { self.compare(origin, ty) },
        }
    }

    /// # Safety
    /// As for [`check`](Self::check).
    #[cold]
    unsafe fn compare(&self, origin: Origin, ty: &FunctionType) -> Result<()> {
        // SAFETY: a component keeps its types, and the caller vouches for the component.
        let types = unsafe { &*origin.types };
        let declared = ty.params.iter().map(|param| &param.ty);
        let found = members(types, origin.params)?;
        let mut agreement = Agreement { types, seen: HashSet::new() };
        let same = found.len() == declared.len()
            && found.zip(declared).all(|(found, declared)| agreement.holds(found, declared));
        if !same {
            bail!("a guest passes values of other types than its host function was linked with");
        }
        // Another thread may have been first, with the same.
        let _ = self.0.set(origin);
        Ok(())
    }
}

/// Compares wasmtime's types with ours. Where ours are shared, as in types that a guest makes large
/// by naming one in many places, a pair is compared once.
struct Agreement<'a> {
    types: &'a ComponentTypes,
    seen: HashSet<(InterfaceType, Address)>,
}

impl Agreement<'_> {
    /// Whether `found` has the structure of `declared`.
    fn holds(&mut self, found: InterfaceType, declared: &Type) -> bool {
        if let Some(shared) = declared.shared()
            && !self.seen.insert((found, shared))
        {
            // Compared before, or being compared: a difference would have ended it all.
            return true;
        }
        let types = self.types;
        match (found, declared) {
            (InterfaceType::List(i), Type::List(element)) => self.holds(types[i].element, element),
            (InterfaceType::Option(i), Type::Option(some)) => self.holds(types[i].ty, some),
            (InterfaceType::Record(i), Type::Record(fields)) => {
                let mut all = types[i].fields.iter().zip(&**fields);
                types[i].fields.len() == fields.len()
                    && all.all(|(found, declared)| {
                        *found.name == *declared.name.as_str() && self.holds(found.ty, &declared.ty)
                    })
            }
            (InterfaceType::Tuple(i), Type::Tuple(members)) => {
                let mut all = types[i].types.iter().zip(&**members);
                types[i].types.len() == members.len()
                    && all.all(|(found, declared)| self.holds(*found, declared))
            }
            (InterfaceType::Variant(i), Type::Variant(cases)) => {
                let mut all = types[i].cases.iter().zip(&**cases);
                types[i].cases.len() == cases.len()
                    && all.all(|((name, found), declared)| {
                        **name == *declared.name.as_str()
                            && self.optional(*found, declared.ty.as_ref())
                    })
            }
            (InterfaceType::Result(i), Type::Result(declared)) => {
                self.optional(types[i].ok, declared.ok.as_ref())
                    && self.optional(types[i].err, declared.err.as_ref())
            }
            (InterfaceType::Enum(i), Type::Enum(names)) => {
                let found = types[i].names.iter().map(|name| &**name);
                found.eq(names.iter().map(|name| name.as_str()))
            }
            (InterfaceType::Flags(i), Type::Flags(names)) => {
                let found = types[i].names.iter().map(|name| &**name);
                found.eq(names.iter().map(|name| name.as_str()))
            }
            _ => {
                // Which resource a handle is of is checked where the handle is looked up.
                let plain =
                    |ty: &Type| ty.is_empty() && !matches!(ty, Type::List(_) | Type::Option(_));
                plain(declared) && kind_of(found) == Some(declared.kind())
            }
        }
    }

    fn optional(&mut self, found: Option<InterfaceType>, declared: Option<&Type>) -> bool {
        match (found, declared) {
            (Some(found), Some(declared)) => self.holds(found, declared),
            (None, None) => true,
            _ => false,
        }
    }
}
