//! What a call goes by that is the same for all calls of a component.

use crate::engine::Services;

/// What a component asks of every call.
pub(crate) struct Policy {
    pub services: Services,
    /// Whether its guests may wait for something of the host, which takes stacks of their own.
    pub may_wait: bool,
    /// Whether its guests may use timers, sockets and files of the reactor.
    pub uses_wasi: bool,
    /// Whether asynchronous calls are refused.
    pub blocking_only: bool,
    /// Whether its guests call the host from their caller's stack, and so have to run there.
    pub calls_directly: bool,
}
