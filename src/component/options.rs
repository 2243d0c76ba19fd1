//! How components are loaded, and what that means for their calls.

use std::fmt;
use std::time::Duration;

use crate::call::{CallOptions, Policy};
use crate::cancel::CancelToken;
use crate::engine::Services;
use crate::engine::deadline::Span;
use crate::engine::limits::{ComponentLimits, Limits, MIN_STACK};
use crate::error::{Error, Result};
use crate::linker::Linker;
use crate::sandbox::Sandbox;
use crate::store::Reuse;
use crate::system::stack::Stack;
use crate::types::{ComponentTypes, ItemKind};

/// How a component is to be loaded.
#[derive(Clone, Default)]
pub struct ComponentOptions {
    /// What to call it in log records and messages.
    pub name: Option<String>,
    /// What the host provides to it; copied.
    pub linker: Option<Linker>,
    /// What it is granted of the world outside; copied. Nothing, by default.
    pub sandbox: Option<Sandbox>,
    /// Whether all its calls are blocking ones; asynchronous ones are refused then. Unless it
    /// imports WASI, its guests then run on their caller's stack, and call the host from there.
    pub blocking_only: bool,
    /// How long loading may take, by the clock on the wall; as long as it takes, by default.
    pub timeout: Option<Duration>,
    /// What may cancel the load.
    pub cancel: Option<CancelToken>,
    /// What it may take, where that is less than the runtime allows.
    pub limits: ComponentLimits,
    /// What its calls go by that do not say otherwise. Neither a report nor an output.
    pub call_defaults: Option<CallOptions>,
    /// How long its instances are used again: each call has a fresh one, by default.
    pub reuse: Option<Reuse>,
    /// Whether it is only to be looked at, and linked by
    /// [`link_again`](super::Component::link_again) if at all.
    pub unlinked: bool,
}

impl fmt::Debug for ComponentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentOptions")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .field("unlinked", &self.unlinked)
            .finish_non_exhaustive()
    }
}

impl ComponentOptions {
    /// What the component, of these types, asks of every call within `limits`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if a limit means nothing in this runtime.
    pub(super) fn policy(
        &self,
        services: &Services,
        types: &ComponentTypes,
        limits: &Limits,
    ) -> Result<Policy> {
        let settings = services.settings();
        let imports = &types.imports;
        let uses_wasi = imports.iter().any(|item| item.name.outermost().starts_with("wasi:"));
        let imports_nothing = imports.iter().all(|item| item.kind == ItemKind::Type);
        let may_share = !uses_wasi && !imports_nothing && Stack::is_told();
        let calls_directly = self.blocking_only && may_share;
        let less = &self.limits;
        let by_default = self.call_defaults.as_ref().and_then(|it| it.fuel);
        let of = match (less.fuel, by_default) {
            _ if settings.fuel.is_some() => None,
            (Some(_), _) => Some("options.limits.fuel"),
            (None, by_default) => by_default.map(|_| "options.call_defaults.fuel"),
        };
        if let Some(of) = of {
            return Err(Error::invalid(of, "the runtime was built without fuel"));
        }
        if let Some(stack) = less.max_stack.filter(|stack| *stack < MIN_STACK) {
            let problem =
                format_args!("{stack} bytes are too few for a guest: {MIN_STACK} at least");
            return Err(Error::invalid("options.limits.max_stack", problem));
        }
        let most = settings.max_execution_time;
        let max_time = less.max_execution_time.map_or(most, |less| less.min(most));
        Ok(Policy {
            services: services.clone(),
            // Only what is imported can make a guest wait.
            may_wait: !imports_nothing && !calls_directly,
            uses_wasi,
            blocking_only: self.blocking_only,
            calls_directly,
            max_time,
            span: Span::new(max_time, settings.epoch_tick),
            fuel: settings.fuel.map(|most| less.fuel.map_or(most, |less| less.min(most))),
            max_stack: limits.stack,
            max_text: limits.hostcall_memory,
            defaults: self.call_defaults.clone().map(Box::new),
        })
    }
}
