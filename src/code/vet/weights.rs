//! What things cost a compiler, in units: about a microsecond each, and at most some 200 bytes of
//! memory while a function is compiled or 128 afterwards, whichever is dearer.
//!
//! Measured with wasmtime 48, thing by thing, by the generators in `tests/loads`, which finds those
//! that a new compiler makes much dearer.

use wasmparser::Operator;

/// A function, however small.
pub(super) const FUNCTION: f64 = 90.0;
/// A local, used or not.
pub(super) const LOCAL: f64 = 0.12;
pub(super) const CONST: f64 = 0.5;

pub(super) const BLOCK: f64 = 2.0;
pub(super) const BLOCK_VALUE: f64 = 2.5;
pub(super) const IF: f64 = 7.0;
pub(super) const IF_VALUE: f64 = 5.0;
/// A branch that is taken or not.
pub(super) const BRANCH: f64 = 4.0;
/// A value that a branch carries.
pub(super) const BRANCH_VALUE: f64 = 2.5;
/// An entry of a branch table.
pub(super) const TARGET: f64 = 4.0;

pub(super) const LOOP: f64 = 60.0;
pub(super) const LOOP_VALUE: f64 = 4.0;
/// More for each loop before it in the function.
pub(super) const LOOP_VALUE_MORE: f64 = 0.07;
/// Times the square of the loops of a function.
pub(super) const LOOPS: f64 = 0.065;
/// Loops within each other that people write; the deepest known are 21.
pub(super) const DEEP: u64 = 32;
/// More for each level that a loop lies deeper.
pub(super) const DEEP_LOOP: f64 = 1000.0;
/// Times the square of the locals that are set in a loop.
pub(super) const LOOP_LOCALS: f64 = 0.015;
pub(super) const LOOP_LOCAL: f64 = 3.0;

/// A local that has another value for each branch to where it is read.
pub(super) const JOIN: f64 = 2.0;
/// A local that is set in a frame, for those who count here.
pub(super) const PAIR: f64 = 0.01;
/// A local in a basic block.
pub(super) const LIVE: f64 = 0.04;
/// A local in a basic block where it is not wanted, but has a place.
pub(super) const KNOWN: f64 = 0.03;

pub(super) const CALL: f64 = 8.0;
pub(super) const CALL_VALUE: f64 = 4.0;
pub(super) const CALL_INDIRECT: f64 = 85.0;
pub(super) const CALL_REFERENCE: f64 = 30.0;
/// A place that an exception may be caught at, for each call that it may come from.
pub(super) const CATCHER: f64 = 0.5;
/// More for each local, which may have another value for each of these calls.
pub(super) const CAUGHT_LOCAL: f64 = 0.05;
/// Values that differ on such a way, beside locals, and times the square of all.
pub(super) const CAUGHT_ANYWAY: f64 = 1.5;
pub(super) const CAUGHT_VALUES: f64 = 0.001;
/// Times the square of the branches on casts of a function.
pub(super) const CAST_BRANCHES: f64 = 0.07;
/// Times the cube of the initial values of a module that are made with it.
pub(super) const MADE: f64 = 0.015;
/// A reference that may have to be found by the collector, at each place where it may run.
pub(super) const ROOT: f64 = 0.05;
/// Times the square of the indirect calls of a function.
pub(super) const INDIRECTS: f64 = 0.02;

/// An addition of a constant, which compilers merge with others.
pub(super) const FOLDED: f64 = 8.0;
/// More for each before it in the function, and how much at most.
pub(super) const FOLDED_MORE: f64 = 1.0 / 600.0;
pub(super) const FOLDED_MOST: f64 = 35.0;
/// More for anything else that is done with a constant.
const WITH_CONST: f64 = 4.0;

pub(super) const TYPE: f64 = 100.0;
pub(super) const TYPE_VALUE: f64 = 14.0;
/// A type above another one.
pub(super) const TYPE_ABOVE: f64 = 2.0;
pub(super) const TAG: f64 = 10.0;
pub(super) const IMPORT: f64 = 8.0;
pub(super) const EXPORT: f64 = 4.0;
/// A function that may be called from outside its module.
pub(super) const ESCAPE: f64 = 120.0;
pub(super) const GLOBAL: f64 = 1.0;
pub(super) const TABLE: f64 = 10.0;
pub(super) const MEMORY: f64 = 10.0;
pub(super) const SEGMENT: f64 = 1.0;
pub(super) const ELEMENTS: f64 = 20.0;
pub(super) const ELEMENT: f64 = 0.3;
/// An initial value that is known only when an instance is made.
pub(super) const REFERENCE: f64 = 60.0;
/// An operation of an initial value that is more than a number.
pub(super) const EXPRESSION: f64 = 40.0;
/// A byte of a hole in what a memory starts with.
pub(super) const IMAGE_BYTE: f64 = 1.0 / 60.0;
pub(super) const NAMED: f64 = 1.0;
pub(super) const MODULE: f64 = 900.0;

/// A part of a component type, where it is defined and wherever it is mentioned.
pub(super) const MENTION: f64 = 0.25;
/// More for a part of what the outermost component imports or exports, which is kept.
pub(super) const OUTERMOST: f64 = 3.0;
/// An import or export of a core module, where it is connected.
pub(super) const CORE_PART: f64 = 3.0;
pub(super) const ALIAS: f64 = 3.0;
/// A core instance.
pub(super) const INSTANCE: f64 = 100.0;
/// An instance of a component, beside its parts.
pub(super) const INSTANTIATE: f64 = 50.0;
pub(super) const COMPONENT: f64 = 50.0;
pub(super) const LIFT: f64 = 20.0;
/// Code between a guest and the host.
pub(super) const LOWER: f64 = 500.0;
/// Code between two guests, and more for each part of what it passes.
pub(super) const ADAPTER: f64 = 800.0;
pub(super) const ADAPTER_PART: f64 = 70.0;

/// What an instruction costs that nothing more is to be said of, and how many loops it becomes.
pub(super) fn operator(operator: &Operator<'_>, after_const: bool) -> (f64, u64) {
    use Operator as O;
    match operator {
        O::Nop | O::Drop | O::Unreachable | O::Return | O::Else => (1.0, 0),
        O::TableGet { .. } | O::MemoryGrow { .. } => (75.0, 0),
        O::TableSet { .. } | O::RefFunc { .. } => (10.0, 0),
        O::MemoryCopy { .. } | O::MemoryFill { .. } | O::MemoryInit { .. } => (90.0, 0),
        O::TableCopy { .. } | O::TableInit { .. } | O::TableFill { .. } => (350.0, 1),
        O::TableGrow { .. } => (170.0, 1),
        _ if after_const => (2.5 + WITH_CONST, 0),
        _ => (2.5, 0),
    }
}

/// A name of a core module.
pub(super) fn name(name: &str) -> f64 {
    name.len() as f64 / 64.0
}

/// The first `elements` of a table, which the compiler stores if they are not very many.
pub(super) fn table_image(elements: u64) -> f64 {
    const MAX: u64 = 1 << 20;
    if elements > MAX { 0.0 } else { elements as f64 * 0.1 }
}
