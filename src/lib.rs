//! WebAssembly components inside other people's programs: the safe core of libwasmcell.
//!
//! Data flows one way: host memory, [`capi`], this core, `marshal`, the guest.
//!
//! - [`RuntimeBuilder`] collects and checks settings; [`Runtime`] is a wasmtime engine with its
//!   pool, more of them for other processors, an epoch thread, a private tokio and a compile cache
//!   (`engine`).
//! - [`Component`] is checked for size and signature, compiled or fetched (`code`), and linked
//!   (`store`) once.
//! - [`Function`] is an export, looked up once. A call arms its deadline, is driven on its caller's
//!   thread (`call`), and runs in a fresh store (`store`) that is held to its limits.
//! - [`Error`] is what every failure becomes; those of wasmtime are classified in `traps`.
//!
//! Nouns of the header are files here. Machinery is in folders, each on its floor: imports go down,
//! from `capi` to `error`, and no two files import each other in a circle. tests/boundary/floors.rs
//! has the list.
//!
//! Unsafe code lives in [`capi`], in `marshal`, and where compiled code is deserialised.
#![deny(unsafe_code)]

mod abi;
pub mod builder;
pub mod call;
pub mod cancel;
pub mod capi;
mod code;
mod command;
pub mod component;
mod engine;
pub mod error;
mod failpoint;
pub mod features;
pub mod function;
pub mod host;
pub mod http;
pub mod instance;
pub mod interrupt;
pub mod linker;
pub mod marshal;
pub mod observer;
mod output;
pub mod runtime;
pub mod sandbox;
pub mod stats;
mod store;
mod system;
mod text;
mod traps;
pub mod types;
pub mod value;

pub use builder::RuntimeBuilder;
pub use call::{CallOptions, CallReport};
pub use cancel::CancelToken;
pub use code::{artifact, cache, signature};
pub use component::{Component, ComponentOptions};
pub use engine::limits::ComponentLimits;
pub use engine::loads::LoadStats;
pub use engine::pool::{Allocator, Info};
pub use engine::{deadline, pool};
pub use error::{Code, Error, Result};
pub use function::Function;
pub use instance::Instance;
pub use interrupt::{Interrupt, InterruptFn};
pub use linker::Linker;
pub use output::Output;
pub use runtime::Runtime;
pub use sandbox::Sandbox;
pub use stats::Stats;
pub use store::Reuse;
pub use value::Value;
