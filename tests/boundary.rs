//! The rules of the boundary, checked on its sources: a walk over `src/capi` with `syn`, a walk
//! over `include/wasmcell.h`, and a few searches. The row numbers are those of the pitfalls in
//! the project's conventions.

mod support;

#[path = "boundary/header_walk.rs"]
mod header_walk;
#[path = "boundary/reading.rs"]
mod reading;
#[path = "boundary/searches.rs"]
mod searches;
#[path = "boundary/security.rs"]
mod security;
#[path = "boundary/source_walk.rs"]
mod source_walk;
