//! What a call goes by that is the same for all calls of a component.

use std::borrow::Cow;
use std::time::Duration;

use super::options::CallOptions;
use crate::engine::Services;
use crate::engine::deadline::Span;

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
    /// How long a call may take, and that in ticks.
    pub max_time: Duration,
    pub span: Span,
    /// Bytes that its guests may use of a stack.
    pub max_stack: usize,
    /// Fuel of a call, in a runtime with fuel.
    pub fuel: Option<u64>,
    /// Bytes that a result may have as text.
    pub max_text: usize,
    /// What a call goes by that does not say otherwise.
    pub defaults: Option<Box<CallOptions>>,
}

impl Policy {
    /// How its calls are, as far as that matters when it is linked.
    pub(crate) fn calls(&self) -> Calls {
        Calls { blocking_only: self.blocking_only, directly: self.calls_directly }
    }

    /// The options of a call, with defaults in the place of what they do not say.
    #[inline(always)]
    pub(crate) fn complete<'a>(&self, options: &'a CallOptions) -> Cow<'a, CallOptions> {
        match &self.defaults {
            None => Cow::Borrowed(options),
            Some(defaults) => Cow::Owned(options.or(defaults)),
        }
    }
}

/// How the calls of a component will be, as far as that matters when it is linked.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    /// None of them is asynchronous.
    pub blocking_only: bool,
    /// Its guests call the host from their caller's stack, and never from one of their own.
    pub directly: bool,
}
