//! The settings of a runtime: collected, checked one by one, and turned into a [`Runtime`].

mod bounds;
mod loads;
mod numbers;
mod process;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use self::numbers::NUMBERS;
use crate::engine::Settings;
use crate::error::{Error, Result};
use crate::features::{self, proposals};
use crate::runtime::Runtime;
use crate::system::log::{LogFn, LogSettings};

pub(crate) use self::numbers::MAX_MILLISECONDS;

/// Configures and builds a [`Runtime`].
///
/// Setters never fail: the first unusable value is remembered, and reported by
/// [`build`](Self::build). Building borrows, so one builder can build several runtimes.
#[derive(Clone, Default)]
pub struct RuntimeBuilder {
    settings: Settings,
    problem: Option<Error>,
}

impl RuntimeBuilder {
    /// A builder with every setting at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Instances alive at once, under either allocator; one with several linear memories counts
    /// once for each.
    pub fn max_components(&mut self, count: u64) -> &mut Self {
        self.number("max_components", count)
    }

    /// Pools that instances come from: the first, which has room for all of them, and one for each
    /// processor once calls are made on several at once. 1 is the first alone.
    pub fn max_pools(&mut self, count: u64) -> &mut Self {
        self.number("max_pools", count)
    }

    /// Core instances that make up one component.
    pub fn max_core_instances_per_component(&mut self, count: u64) -> &mut Self {
        self.number("max_core_instances_per_component", count)
    }

    /// Linear memories of one component.
    pub fn max_memories_per_component(&mut self, count: u64) -> &mut Self {
        self.number("max_memories_per_component", count)
    }

    /// Tables of one component.
    pub fn max_tables_per_component(&mut self, count: u64) -> &mut Self {
        self.number("max_tables_per_component", count)
    }

    /// Elements of each table.
    pub fn max_table_elements(&mut self, count: u64) -> &mut Self {
        self.number("max_table_elements", count)
    }

    /// Bytes of a component's binary; a larger one is refused before it is parsed.
    pub fn max_component_size(&mut self, bytes: u64) -> &mut Self {
        self.number("max_component_size", bytes)
    }

    /// Bytes of each linear memory, rounded down to whole pages of 64 KiB.
    pub fn max_linear_memory(&mut self, bytes: u64) -> &mut Self {
        self.number("max_linear_memory", bytes)
    }

    /// Bytes of all linear memories and tables of one instance together.
    pub fn max_instance_memory(&mut self, bytes: u64) -> &mut Self {
        self.number("max_instance_memory", bytes)
    }

    /// Milliseconds a call may take, wall clock, computing or waiting; rounded up to whole ticks.
    pub fn max_execution_time(&mut self, milliseconds: u64) -> &mut Self {
        self.number("max_execution_time", milliseconds)
    }

    /// Milliseconds between two looks at the clock while a guest computes: the precision of every
    /// time limit.
    pub fn epoch_tick(&mut self, milliseconds: u64) -> &mut Self {
        self.number("epoch_tick", milliseconds)
    }

    /// Milliseconds a call waits for a free instance when `max_components` are alive; 0 does not
    /// wait.
    pub fn instance_wait(&mut self, milliseconds: u64) -> &mut Self {
        self.number("instance_wait", milliseconds)
    }

    /// Bytes of stack a guest may use.
    pub fn max_stack(&mut self, bytes: u64) -> &mut Self {
        self.number("max_stack", bytes)
    }

    /// Calls within each other on one thread: a guest calls a host function, which calls a guest.
    pub fn max_call_depth(&mut self, count: u64) -> &mut Self {
        self.number("max_call_depth", count)
    }

    /// Bytes of the host's own memory that one transfer from a guest may take: the arguments of one
    /// host function, or the result of one call.
    pub fn max_hostcall_memory(&mut self, bytes: u64) -> &mut Self {
        self.number("max_hostcall_memory", bytes)
    }

    /// Handles to resources that one instance may hold at once, and entries of WASI's own table for
    /// it.
    pub fn max_resources(&mut self, count: u64) -> &mut Self {
        self.number("max_resources", count)
    }

    /// Fuel for each call: about one unit an instruction, the same in every run. Off by default;
    /// counting it makes guests slower.
    pub fn fuel(&mut self, units: u64) -> &mut Self {
        self.number("fuel", units)
    }

    /// Threads for asynchronous calls and for WASI's timers and sockets; 0 for one each processor.
    pub fn worker_threads(&mut self, count: u64) -> &mut Self {
        self.number("worker_threads", count)
    }

    /// Refuse components without a signature by a [`trusted_key`](Self::trusted_key). Off by
    /// default.
    pub fn require_signature(&mut self, require: bool) -> &mut Self {
        self.settings.require_signature = require;
        self
    }

    /// Adds a public key (PEM, DER or OpenSSH) whose signatures count. None by default.
    pub fn trusted_key(&mut self, key: &[u8]) -> &mut Self {
        if let Err(error) = self.settings.verifier.add_key(key) {
            self.poison(error);
        }
        self
    }

    /// Source files and lines in backtraces, from the guest's own debug information, as far as that
    /// has at most 16 MiB and is quick to read. Off by default: it is read at each trap.
    pub fn backtrace_details(&mut self, enable: bool) -> &mut Self {
        self.settings.backtrace_details = enable;
        self
    }

    /// Adds experimental features, by bit. None by default.
    pub fn experimental_features(&mut self, set: u64) -> &mut Self {
        match features::check(set) {
            Ok(()) => self.settings.experimental_features |= set,
            Err(error) => self.poison(error),
        }
        self
    }

    /// Adds experimental features, by name; see [`features::parse`].
    pub fn experimental_feature_names(&mut self, names: &str) -> &mut Self {
        match features::parse(names) {
            Ok(set) => self.settings.experimental_features |= set,
            Err(error) => self.poison(error),
        }
        self
    }

    /// Adds proposals of WebAssembly that guests may use, by bit. None by default.
    pub fn proposals(&mut self, set: u64) -> &mut Self {
        match proposals::check(set) {
            Ok(()) => self.settings.proposals |= set,
            Err(error) => self.poison(error),
        }
        self
    }

    /// Bytes of compiled code kept in memory although no component uses it; 0 shares code among
    /// living components only.
    pub fn cache_memory(&mut self, bytes: u64) -> &mut Self {
        self.number("cache_memory", bytes)
    }

    /// Directory for compiled code, made if it is missing. Nobody else may be able to write to
    /// it: what lies there is run. None by default.
    pub fn cache_directory(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        let path = path.into();
        if path.as_os_str().is_empty() {
            self.poison(Error::invalid("cache_directory", "is empty"));
        } else {
            self.settings.cache.directory = Some(path);
        }
        self
    }

    /// Where this runtime's log records at `level` and above go. Nowhere by default.
    pub fn log(&mut self, level: tracing::Level, write: Arc<LogFn>) -> &mut Self {
        self.settings.log = Some(LogSettings::new(level, write));
        self
    }

    /// Remembers a problem, unless there is one already; [`build`](Self::build) reports it.
    pub fn poison(&mut self, problem: Error) {
        self.problem.get_or_insert(problem);
    }

    /// Builds a runtime.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` names the first unusable setting, `POOL` says that
    /// [`force_pooling_allocator`](Self::force_pooling_allocator) cannot be met, `IO` that the
    /// cache directory cannot be used.
    pub fn build(&self) -> Result<Runtime> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let settings = &self.settings;
        if settings.require_signature && settings.verifier.is_empty() {
            return Err(Error::invalid("require_signature", "no trusted_key was given"));
        }
        if settings.force_pooling_allocator && settings.force_on_demand_allocator {
            let problem = "contradicts force_pooling_allocator";
            return Err(Error::invalid("force_on_demand_allocator", problem));
        }
        Runtime::with_settings(settings.clone())
    }

    /// Sets the setting that the table of numbers calls so.
    fn number(&mut self, name: &str, value: u64) -> &mut Self {
        match NUMBERS.iter().find(|number| number.name == name) {
            Some(number) if number.range.contains(&value) => {
                (number.set)(&mut self.settings, value);
            }
            Some(number) => {
                let (least, most) = (number.range.start(), number.range.end());
                let problem = format_args!("{value} is not from {least} to {most}");
                self.poison(Error::invalid(name, problem));
            }
            None => self.poison(Error::invalid(name, "is not in the table of settings")),
        }
        self
    }
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.settings;
        let mut out = f.debug_struct("RuntimeBuilder");
        for number in &NUMBERS {
            out.field(number.name, &(number.get)(s));
        }
        out.field("force_pooling_allocator", &s.force_pooling_allocator)
            .field("require_signature", &s.require_signature)
            .field("experimental_features", &s.experimental_features)
            .field("proposals", &s.proposals)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime with every setting at its default.
    ///
    /// # Errors
    /// As [`RuntimeBuilder::build`].
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// A builder with every setting at its default.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::new()
    }
}

impl TryFrom<RuntimeBuilder> for Runtime {
    type Error = Error;

    fn try_from(builder: RuntimeBuilder) -> Result<Self> {
        builder.build()
    }
}
