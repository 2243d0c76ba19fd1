//! The shell's whole vocabulary: how pointers come in, and how failures go out.

mod catch;
mod guard;
mod pointers;
mod structs;

#[cfg(test)]
mod tests;

pub(super) use catch::{catch, contain, quietly, release};
pub(super) use guard::{guard, guard_keeping, guard_roomy};
pub(super) use pointers::{
    Out, borrow, borrow_mut, literal, out_pointer, out_value, share, slice, take, text,
};
pub(super) use structs::{OutStruct, SizeTagged, array, options, overlay};
