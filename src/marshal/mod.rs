//! Between values in C memory and values of components.
//!
//! What a caller passes is checked against the types of the function ([`check_args`]), and then
//! goes straight into the guest's memory (`lower`); what a guest gives comes straight out of it
//! (`lift`). Both walk wasmtime's tables of the types beside the values, so they never trust a tag,
//! a length or a pointer that the type does not ask for, and recurse no deeper than the type does.
//!
//! This is the one module of the core that may use `unsafe`: it reads memory that a caller
//! describes with pointers, and builds memory that C reads with pointers.

#![allow(unsafe_code)]

mod agree;
mod arena;
mod array;
mod check;
mod copy;
mod elements;
mod export;
mod few;
mod fits;
mod flat;
mod handles;
mod import;
pub mod layout;
mod lift;
mod lifted;
mod lower;
mod pieces;
mod plan;
mod read;
mod reply;
mod results;
mod rust;
mod same;
mod tables;
#[cfg(test)]
mod tests;
mod val;
mod whole;

pub use agree::Agreed;
pub use arena::{Arena, Block, Memory};
pub use check::{Args, check_args, keep_args, keep_results};
pub use copy::{Copied, copy_results};
pub use export::{call, call_here};
pub use few::{Few, Number, Passed, Values};
pub use handles::{Handles, NoHandles, Unclaimed};
pub use import::{Checked, Host, can_define, define};
pub use lifted::Lifted;
pub use reply::{Replied, Reply};
pub use results::Results;
pub use val::lift_args;
#[cfg(test)]
use val::{lift_results, lower_args};
pub use whole::{Whole, parse};
