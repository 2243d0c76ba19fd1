//! The settings of a runtime: collected, checked one by one, and turned into a [`Runtime`].

mod bounds;
mod loads;
mod process;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Settings;
use crate::engine::sizes::{GIB, KIB, MIB, WASM_PAGE};
use crate::error::{Error, Result};
use crate::features;
use crate::runtime::Runtime;
use crate::system::log::{LogFn, LogSettings};

/// What a 32-bit memory can address.
const MAX_LINEAR_MEMORY: u64 = 4 * GIB;
/// A year. Longer times come from an overflow in the host.
pub(crate) const MAX_MILLISECONDS: u64 = 366 * 24 * 60 * 60 * 1000;

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
    /// once for each. Default 10 000; at most 1 000 000.
    pub fn max_components(&mut self, count: u64) -> &mut Self {
        self.count("max_components", count, 1_000_000, |s, n| s.max_components = n)
    }

    /// Core instances that make up one component. Default 30; at most 10 000.
    pub fn max_core_instances_per_component(&mut self, count: u64) -> &mut Self {
        self.count("max_core_instances_per_component", count, 10_000, |s, n| {
            s.max_core_instances_per_component = n;
        })
    }

    /// Linear memories of one component. Default 30; at most 10 000.
    pub fn max_memories_per_component(&mut self, count: u64) -> &mut Self {
        self.count("max_memories_per_component", count, 10_000, |s, n| {
            s.max_memories_per_component = n;
        })
    }

    /// Tables of one component. Default 20; at most 10 000.
    pub fn max_tables_per_component(&mut self, count: u64) -> &mut Self {
        self.count("max_tables_per_component", count, 10_000, |s, n| s.max_tables_per_component = n)
    }

    /// Elements of each table. Default 15 000; at most 10 000 000.
    pub fn max_table_elements(&mut self, count: u64) -> &mut Self {
        self.count("max_table_elements", count, 10_000_000, |s, n| {
            s.max_table_elements = n as usize
        })
    }

    /// Bytes of a component's binary; a larger one is refused before it is parsed.
    /// Default 50 MiB; at most 4 GiB.
    pub fn max_component_size(&mut self, bytes: u64) -> &mut Self {
        self.range("max_component_size", bytes, 1, 4 * GIB, |s, n| s.max_component_size = n)
    }

    /// Bytes of each linear memory, rounded down to whole pages of 64 KiB. Default 256 MiB; from
    /// 64 KiB to the 4 GiB that a 32-bit memory can address.
    pub fn max_linear_memory(&mut self, bytes: u64) -> &mut Self {
        self.range("max_linear_memory", bytes, WASM_PAGE, MAX_LINEAR_MEMORY, |s, n| {
            s.max_linear_memory = (n / WASM_PAGE * WASM_PAGE) as usize;
        })
    }

    /// Bytes of all linear memories and tables of one instance together. Default 512 MiB; at
    /// least 64 KiB.
    pub fn max_instance_memory(&mut self, bytes: u64) -> &mut Self {
        self.range("max_instance_memory", bytes, WASM_PAGE, 1 << 47, |s, n| {
            s.max_instance_memory = n;
        })
    }

    /// Milliseconds a call may take, wall clock, computing or waiting; rounded up to whole ticks.
    /// Default 10 minutes; from 1 ms to a year.
    pub fn max_execution_time(&mut self, milliseconds: u64) -> &mut Self {
        self.time("max_execution_time", milliseconds, 1, |s, time| s.max_execution_time = time)
    }

    /// Milliseconds between two looks at the clock while a guest computes: the precision of every
    /// time limit. Default 10 ms; from 1 ms to 10 s.
    pub fn epoch_tick(&mut self, milliseconds: u64) -> &mut Self {
        self.range("epoch_tick", milliseconds, 1, 10_000, |s, ms| {
            s.epoch_tick = Duration::from_millis(ms);
        })
    }

    /// Milliseconds a call waits for a free instance when `max_components` are alive. Default
    /// 1 s; 0 does not wait.
    pub fn instance_wait(&mut self, milliseconds: u64) -> &mut Self {
        self.time("instance_wait", milliseconds, 0, |s, time| s.instance_wait = time)
    }

    /// Bytes of stack a guest may use. Default 512 KiB; from 16 KiB to 64 MiB.
    pub fn max_stack(&mut self, bytes: u64) -> &mut Self {
        self.range("max_stack", bytes, 16 * KIB, 64 * MIB, |s, n| s.max_stack = n as usize)
    }

    /// Calls within each other on one thread: a guest calls a host function, which calls a guest.
    /// Default 128; from 1, which allows none within another, to 10 000.
    pub fn max_call_depth(&mut self, count: u64) -> &mut Self {
        self.count("max_call_depth", count, 10_000, |s, n| s.max_call_depth = n)
    }

    /// Bytes of the host's own memory that one transfer from a guest may take: the arguments of
    /// one host function, or the result of one call. Default 128 MiB; at most 4 GiB.
    pub fn max_hostcall_memory(&mut self, bytes: u64) -> &mut Self {
        self.range("max_hostcall_memory", bytes, 1, 4 * GIB, |s, n| {
            s.max_hostcall_memory = n as usize;
        })
    }

    /// Handles to resources that one instance may hold at once, and entries of WASI's own table
    /// for it. Default 10 000; at most 10 000 000.
    pub fn max_resources(&mut self, count: u64) -> &mut Self {
        self.count("max_resources", count, 10_000_000, |s, n| s.max_resources = n as usize)
    }

    /// Fuel for each call: about one unit an instruction, the same in every run. Off by default;
    /// counting it makes guests slower.
    pub fn fuel(&mut self, units: u64) -> &mut Self {
        self.range("fuel", units, 1, u64::MAX, |s, n| s.fuel = Some(n))
    }

    /// Threads for asynchronous calls and for WASI's timers and sockets. Default 0: as many as
    /// the machine has processors; at most 1024.
    pub fn worker_threads(&mut self, count: u64) -> &mut Self {
        self.range("worker_threads", count, 0, 1024, |s, n| s.worker_threads = n as usize)
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

    /// Bytes of compiled code kept in memory although no component uses it. Default 64 MiB; 0
    /// shares code among living components only.
    pub fn cache_memory(&mut self, bytes: u64) -> &mut Self {
        self.range("cache_memory", bytes, 0, 1 << 47, |s, n| s.cache.memory = n)
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

    fn count(
        &mut self,
        name: &str,
        n: u64,
        max: u32,
        set: impl FnOnce(&mut Settings, u32),
    ) -> &mut Self {
        self.range(name, n, 1, max.into(), |settings, n| set(settings, n as u32))
    }

    fn time(
        &mut self,
        name: &str,
        ms: u64,
        min: u64,
        set: impl FnOnce(&mut Settings, Duration),
    ) -> &mut Self {
        self.range(name, ms, min, MAX_MILLISECONDS, |settings, ms| {
            set(settings, Duration::from_millis(ms));
        })
    }

    fn range(
        &mut self,
        name: &str,
        value: u64,
        min: u64,
        max: u64,
        set: impl FnOnce(&mut Settings, u64),
    ) -> &mut Self {
        if (min..=max).contains(&value) {
            set(&mut self.settings, value);
        } else {
            self.poison(Error::invalid(name, format_args!("{value} is not from {min} to {max}")));
        }
        self
    }
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.settings;
        f.debug_struct("RuntimeBuilder")
            .field("max_components", &s.max_components)
            .field("max_component_size", &s.max_component_size)
            .field("max_linear_memory", &s.max_linear_memory)
            .field("max_instance_memory", &s.max_instance_memory)
            .field("max_execution_time", &s.max_execution_time)
            .field("epoch_tick", &s.epoch_tick)
            .field("force_pooling_allocator", &s.force_pooling_allocator)
            .field("require_signature", &s.require_signature)
            .field("experimental_features", &s.experimental_features)
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
