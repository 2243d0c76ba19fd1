//! The ABI number: SONAME, `RUNTIME_ABI_VERSION` and `runtime_abi_version()` all read it here.
//!
//! It moves when a program built against an older header would no longer work, and then only.

/// The ABI number.
pub const NUMBER: u32 = 0;
