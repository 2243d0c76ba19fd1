//! What exceptions and what is collected ask of the compiler.

use wasmparser::{Catch, Operator};

use super::signatures::Signatures;

/// A place that catches exceptions.
const CATCH: f64 = 40.0;
/// Code that asks for room, and for more of it.
const ALLOCATION: f64 = 200.0;
/// A field that is written there.
const FIELD: f64 = 20.0;
/// Code that asks what a reference is to.
const CAST: f64 = 90.0;
/// A field or an element, where there may be none.
const ACCESS: f64 = 30.0;
/// A whole array, or a part of it.
const ARRAY: f64 = 350.0;

/// What else counts of an operator, in a function.
#[derive(Clone, Copy, Default)]
pub(super) struct Traits {
    /// Gives a reference.
    pub(super) gives: bool,
    /// The collector may run in it.
    pub(super) collects: bool,
    /// Basic blocks and loops that it becomes.
    pub(super) blocks: u64,
    pub(super) loops: u64,
}

/// What an operator costs; nothing if it is one of others.
pub(super) fn operator(operator: &Operator<'_>, known: &Signatures) -> (f64, Traits) {
    use Operator as O;
    let new = Traits { gives: true, collects: true, blocks: 4, loops: 0 };
    let many = Traits { loops: 1, ..new };
    let plain = Traits { blocks: 1, ..Traits::default() };
    let gives = Traits { gives: true, ..plain };
    match operator {
        O::StructNew { struct_type_index } | O::StructNewDefault { struct_type_index } => {
            (ALLOCATION + known.fields(*struct_type_index) as f64 * FIELD, new)
        }
        O::ArrayNewFixed { array_size, .. } => (ALLOCATION + f64::from(*array_size) * FIELD, new),
        O::ArrayNew { .. } | O::ArrayNewDefault { .. } => (ALLOCATION + ARRAY, many),
        O::ArrayNewData { .. } | O::ArrayNewElem { .. } => (ALLOCATION + 2.0 * ARRAY, many),
        O::ArrayFill { .. }
        | O::ArrayCopy { .. }
        | O::ArrayInitData { .. }
        | O::ArrayInitElem { .. } => (2.0 * ARRAY, Traits { gives: false, loops: 2, ..many }),
        O::StructGet { .. }
        | O::StructGetS { .. }
        | O::StructGetU { .. }
        | O::ArrayGet { .. }
        | O::ArrayGetS { .. }
        | O::ArrayGetU { .. } => (ACCESS, gives),
        O::StructSet { .. } | O::ArraySet { .. } | O::ArrayLen => (ACCESS, plain),
        O::RefTestNonNull { .. }
        | O::RefTestNullable { .. }
        | O::RefCastNonNull { .. }
        | O::RefCastNullable { .. }
        | O::BrOnCast { .. }
        | O::BrOnCastFail { .. } => (CAST, Traits { blocks: 6, ..gives }),
        O::Throw { tag_index } => (ALLOCATION + known.tag(*tag_index) as f64 * FIELD, new),
        O::ThrowRef => (ACCESS, Traits { collects: true, ..plain }),
        O::RefI31 | O::RefAsNonNull | O::RefEq | O::RefNull { .. } => (5.0, plain),
        _ => (0.0, Traits::default()),
    }
}

/// How many values a branch carries to where exceptions of this sort are caught, and what that
/// costs.
pub(super) fn catch(catch: &Catch, known: &Signatures) -> (u32, f64) {
    let (label, values) = match *catch {
        Catch::One { tag, label } => (label, known.tag(tag)),
        Catch::OneRef { tag, label } => (label, known.tag(tag) + 1),
        Catch::All { label } => (label, 0),
        Catch::AllRef { label } => (label, 1),
    };
    (label, CATCH + values as f64 * FIELD)
}
