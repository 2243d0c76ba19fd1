//! The rules of the boundary, checked on its sources: a walk over `src/capi` with `syn`, a walk
//! over `include/wasmcell.h`, a few searches, and what SECURITY.md and CONTRIBUTING.md list. The
//! numbered rows are those of docs/conventions.md.

#[path = "../support/mod.rs"]
mod support;

mod contributing;
mod floors;
mod header_walk;
mod imports;
mod reading;
mod rows;
mod searches;
mod security;
mod source_walk;
