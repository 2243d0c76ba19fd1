//! Nothing of its own: it exports the functions of wasmtime's C API.

pub use wasmtime_c_api::*;
