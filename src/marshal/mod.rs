//! Between values in C memory and values of components.
//!
//! [`lower_args`] reads what a caller passes, [`lift_results`] lays out what a call returned. Both
//! walk the type beside the value, so they never trust a tag, a length or a pointer that the type
//! does not ask for, and recurse no deeper than the type does.
//!
//! This is the one module of the core that may use `unsafe`: it reads memory that a caller
//! describes with pointers, and builds memory that C reads with pointers.

#![allow(unsafe_code)]

mod arena;
mod array;
mod copy;
pub mod layout;
mod leaf;
mod lift;
mod lower;
#[cfg(test)]
mod tests;

pub use arena::{Arena, Memory};
pub use copy::{Copied, copy_results};
pub use lift::{Results, lift_args, lift_results};
pub use lower::{lower_args, lower_results};
