//! How many values of a guest's stack a type stands for, by the canonical ABI.

use super::typed::MAX_FLAT_PARAMS;
use crate::types::{FunctionType, Type};

/// Stack values of the parameters and of the result of a function; 0 if there are none or they go
/// through memory. `None` for types that cannot cross the boundary yet.
pub fn flat_counts(ty: &FunctionType) -> Option<(usize, usize)> {
    let params = ty.params.iter().map(|param| count(&param.ty)).sum::<Option<usize>>()?;
    let result = ty.result.as_ref().map_or(Some(0), count)?;
    let within = |count: usize, most| if count > most { 0 } else { count };
    Some((within(params, MAX_FLAT_PARAMS), within(result, 1)))
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
