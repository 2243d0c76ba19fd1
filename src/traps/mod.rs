//! What failures of wasmtime mean to a host. They are classified in one place, so that every layer
//! above sees the same code for the same cause.

mod classify;
#[cfg(feature = "demangle")]
mod demangle;
pub(crate) mod words;

pub(crate) use classify::exhausted;
