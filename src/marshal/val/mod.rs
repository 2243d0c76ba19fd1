//! By way of wasmtime's own values: for hosts in Rust, for host functions that give resources, and
//! what the tests compare the direct way with.

mod leaf;
mod lift;
mod lower;

pub(super) use leaf::names_of;
pub use lift::{lift_args, lift_one, lift_results};
pub use lower::{lower_args, lower_results};
