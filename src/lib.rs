//! WebAssembly components inside other people's programs: the safe core of libwasmcell.
//!
//! Data flows one way: host memory, [`capi`], this core, `marshal`, the guest.
//!
//! - [`RuntimeBuilder`] collects and checks settings; [`Runtime`] is one wasmtime engine with its
//!   pool (`pool`), epoch thread (`epoch`), private tokio (`workers`) and compile cache
//!   ([`cache`]).
//! - [`Component`] is checked for size and signature ([`signature`]), compiled or fetched
//!   ([`artifact`]), and linked (`link`) once.
//! - [`Function`] is an export, looked up once. A call arms its `deadline`, is driven on its
//!   caller's thread by `executor`, and runs in a fresh store (`guest`, `instance`) that is held
//!   to its `limits`.
//! - [`Error`] is the single place where failures are classified.
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
pub mod deadline;
mod engine;
mod epoch;
pub mod error;
mod executor;
mod failpoint;
pub mod features;
pub mod function;
pub mod host;
pub mod instance;
pub mod interrupt;
mod limits;
pub mod linker;
mod loads;
pub mod marshal;
mod offload;
pub mod output;
pub mod pool;
mod portion;
pub mod runtime;
pub mod sandbox;
mod share;
pub mod stats;
mod store;
mod system;
mod task;
mod text;
mod traps;
pub mod types;
pub mod value;
mod workers;

pub use builder::RuntimeBuilder;
pub use call::{CallOptions, CallReport};
pub use cancel::CancelToken;
pub use code::{artifact, cache, signature};
pub use component::{Component, ComponentOptions};
pub use error::{Code, Error, Result};
pub use function::Function;
pub use instance::Instance;
pub use interrupt::{Interrupt, InterruptFn};
pub use linker::Linker;
pub use loads::LoadStats;
pub use output::Output;
pub use pool::{Allocator, Info};
pub use runtime::Runtime;
pub use sandbox::Sandbox;
pub use stats::Stats;
pub use value::Value;
