//! Units of memory.

pub(crate) const KIB: u64 = 1 << 10;
pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const GIB: u64 = 1 << 30;
pub(crate) const TIB: u64 = 1 << 40;

/// WebAssembly's page: linear memories have a whole number of them.
pub(crate) const WASM_PAGE: u64 = 64 * KIB;
