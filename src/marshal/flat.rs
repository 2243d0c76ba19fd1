//! How many values of a guest's stack a type stands for, by the canonical ABI.

use std::collections::HashMap;

use wasmtime::component::__internal::CanonicalAbiInfo;

use crate::types::{Address, FunctionType, Kind, Type};

/// How many arguments go onto a guest's stack at most; more go through its memory. From the
/// canonical ABI, MAX_FLAT_PARAMS.
pub(super) const MAX_FLAT_PARAMS: usize = 16;

/// How many results stay on the stack at most, from the canonical ABI as well.
pub(super) const MAX_FLAT_RESULTS: usize = 1;

/// What wasmtime is told about types of `count` values on the stack. It asks for sizes in memory
/// only of types whose values are never there as a whole.
pub(super) const fn flat(count: u8) -> CanonicalAbiInfo {
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(count) }
}

/// Stack values of the parameters and of the result of a function; 0 if there are none or they go
/// through memory. `None` for types that cannot cross the boundary yet.
pub(super) fn flat_counts(ty: &FunctionType) -> Option<(usize, usize)> {
    let mut counts = Counts::default();
    let params = counts.sum(ty.params.iter().map(|param| &param.ty))?;
    let result = ty.result.as_ref().map_or(Some(0), |ty| counts.of(ty))?;
    let within = |count: usize, most| if count > most { 0 } else { count };
    Some((within(params, MAX_FLAT_PARAMS), within(result, MAX_FLAT_RESULTS)))
}

/// How many values types stand for; of shared ones, what was found out before.
#[derive(Default)]
struct Counts(HashMap<(Kind, Address), Option<usize>>);

impl Counts {
    fn of(&mut self, ty: &Type) -> Option<usize> {
        let shared = ty.shared().map(|address| (ty.kind(), address));
        if let Some(known) = shared.and_then(|shared| self.0.get(&shared)) {
            return *known;
        }
        let count = self.count(ty);
        if let Some(shared) = shared {
            self.0.insert(shared, count);
        }
        count
    }

    fn count(&mut self, ty: &Type) -> Option<usize> {
        match ty {
            Type::String | Type::List(_) => Some(2),
            Type::Record(fields) => self.sum(fields.iter().map(|field| &field.ty)),
            Type::Tuple(types) => self.sum(types.iter()),
            Type::Variant(cases) => self.most(cases.iter().filter_map(|case| case.ty.as_ref())),
            Type::Option(some) => self.most([&**some]),
            Type::Result(it) => self.most([&it.ok, &it.err].into_iter().flatten()),
            Type::Flags(names) => Some(names.len().div_ceil(32)),
            Type::Function(_) | Type::Unsupported(_) => None,
            _ => Some(1),
        }
    }

    /// Those of all members.
    fn sum<'t>(&mut self, types: impl IntoIterator<Item = &'t Type>) -> Option<usize> {
        types.into_iter().try_fold(0, |sum: usize, ty| Some(sum.saturating_add(self.of(ty)?)))
    }

    /// That of the case, and those of the largest payload.
    fn most<'t>(&mut self, types: impl IntoIterator<Item = &'t Type>) -> Option<usize> {
        let most = types.into_iter().try_fold(0, |most, ty| Some(self.of(ty)?.max(most)))?;
        Some(most.saturating_add(1))
    }
}
