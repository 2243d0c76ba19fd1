//! By way of wasmtime's own values: for host functions that give resources, and what the tests
//! compare the direct way with.

mod leaf;
mod lift;
mod lower;

pub use lift::lift_args;
#[cfg(test)]
pub use lift::lift_results;
#[cfg(test)]
pub use lower::lower_args;
pub use lower::lower_results;
