//! Host functions: from a guest's fiber to the native stack and back.
//!
//! A guest runs on a fiber, a small stack of wasmtime's. Host code must not: a Go callback entered
//! there ends the process, and a C callback finds little room. So the host function's future puts
//! its request into the call's mailbox and waits; the thread that drives the call, back on a native
//! stack, serves the request and polls again.

mod call;
pub(crate) mod handles;
mod mailbox;
mod resources;

pub use call::{Answer, Arguments, Context, HostCall, HostFn};
pub(crate) use mailbox::{AtEnd, Mailbox, dropped};
pub use resources::Destructor;
pub(crate) use resources::{HostType, Lent, Returned};
