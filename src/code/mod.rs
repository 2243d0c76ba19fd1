//! From a component's bytes to machine code.

pub mod artifact;
pub mod cache;
pub mod signature;
pub(crate) mod vet;
