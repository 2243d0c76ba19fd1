//! How many values of a guest's stack a type stands for, by the canonical ABI.

use wasmtime::component::__internal::CanonicalAbiInfo;

use crate::types::{FunctionType, Type};

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
    let params = ty.params.iter().map(|param| count(&param.ty)).sum::<Option<usize>>()?;
    let result = ty.result.as_ref().map_or(Some(0), count)?;
    let within = |count: usize, most| if count > most { 0 } else { count };
    Some((within(params, MAX_FLAT_PARAMS), within(result, MAX_FLAT_RESULTS)))
}

fn count(ty: &Type) -> Option<usize> {
    let children = || (0..ty.len()).map(|i| ty.child(i).map_or(Some(0), count));
    match ty {
        Type::String | Type::List(_) => Some(2),
        Type::Record(_) | Type::Tuple(_) => children().sum(),
        Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
            let most = children().try_fold(0, |most, count| Some(count?.max(most)))?;
            Some(1 + most)
        }
        Type::Flags(names) => Some(names.len().div_ceil(32)),
        Type::Function(_) | Type::Unsupported(_) => None,
        _ => Some(1),
    }
}
