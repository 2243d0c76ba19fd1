//! What an instance may take, summed over all its memories and tables, with any allocator.

use std::time::Duration;

use wasmtime::ResourceLimiter;
use wasmtime::ResourcesRequired;

use crate::engine::Settings;
use crate::engine::sizes::WASM_PAGE;
use crate::error::{Code, Error, Result, TrapKind};
use crate::features::proposals;
use crate::observer::NearObserver;
use crate::stats::Limited;
use crate::traps::{exhausted, words};

/// A table element is a pointer.
const TABLE_ELEMENT: u64 = size_of::<usize>() as u64;

/// Bytes of stack that a guest has at least.
pub(crate) const MIN_STACK: u64 = 16 << 10;

/// The limits of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub components: usize,
    pub linear_memory: usize,
    pub instance_memory: u64,
    pub table_elements: usize,
    pub core_instances: usize,
    pub memories: usize,
    pub tables: usize,
    pub state: u64,
    pub stack: usize,
    pub hostcall_memory: usize,
    pub resources: usize,
    pub random_size: u64,
    pub descriptors: u64,
    pub buffers: u64,
    pub lookups: u64,
    /// Whether a guest may have a heap besides its memories.
    pub has_heap: bool,
}

/// Less than the runtime allows, for one component. What is `None`, or more than the runtime
/// allows, is as the runtime's.
#[derive(Clone, Debug, Default)]
pub struct ComponentLimits {
    /// Bytes of each linear memory.
    pub max_linear_memory: Option<u64>,
    /// Bytes of all memories and tables of an instance.
    pub max_instance_memory: Option<u64>,
    /// Bytes that an instance may use of a stack.
    pub max_stack: Option<u64>,
    /// Elements of each table.
    pub max_table_elements: Option<u64>,
    /// Bytes that the host copies for one call of a host function, or for one call.
    pub max_hostcall_memory: Option<u64>,
    /// Resources that an instance may have, and that the host may hold of it.
    pub max_resources: Option<u64>,
    /// Random bytes that an instance may ask for at a time.
    pub max_random_size: Option<u64>,
    /// Descriptors of an instance.
    pub max_descriptors: Option<u64>,
    /// Bytes in buffers of an instance.
    pub max_buffers: Option<u64>,
    /// Name look-ups of an instance that wait for an answer.
    pub max_lookups: Option<u64>,
    /// How many instances may be alive at once, whatever their memories.
    pub max_instances: Option<u32>,
    /// How long each call may take.
    pub max_execution_time: Option<Duration>,
    /// Fuel of each call, in a runtime with fuel.
    pub fuel: Option<u64>,
}

impl Limits {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            components: settings.max_components as usize,
            linear_memory: settings.max_linear_memory,
            instance_memory: settings.max_instance_memory,
            table_elements: settings.max_table_elements,
            core_instances: settings.max_core_instances_per_component as usize,
            memories: settings.max_memories_per_component as usize,
            tables: settings.max_tables_per_component as usize,
            state: settings.bounds.max_instance_state,
            stack: settings.max_stack,
            hostcall_memory: settings.max_hostcall_memory,
            resources: settings.max_resources,
            random_size: settings.max_random_size,
            descriptors: settings.bounds.max_descriptors,
            buffers: settings.bounds.max_buffers,
            lookups: settings.bounds.max_lookups,
            has_heap: proposals::have_heap(settings.proposals),
        }
    }

    /// These, or less where a component is to have less.
    pub(crate) fn within(self, less: &ComponentLimits) -> Self {
        Self {
            linear_memory: least_size(self.linear_memory, less.max_linear_memory),
            instance_memory: least(self.instance_memory, less.max_instance_memory),
            stack: least_size(self.stack, less.max_stack),
            table_elements: least_size(self.table_elements, less.max_table_elements),
            hostcall_memory: least_size(self.hostcall_memory, less.max_hostcall_memory),
            resources: least_size(self.resources, less.max_resources),
            random_size: least(self.random_size, less.max_random_size),
            descriptors: least(self.descriptors, less.max_descriptors),
            buffers: least(self.buffers, less.max_buffers),
            lookups: least(self.lookups, less.max_lookups),
            ..self
        }
    }

    /// Says how much the limit is that a call met, if the error does not yet. `fuel` is what the
    /// call was given.
    pub(crate) fn quantify(&self, error: Error, fuel: Option<u64>) -> Error {
        let limit = match error.details().setting {
            _ if error.details().allowed.is_some() => None,
            Some("fuel") => fuel,
            Some(setting) => self.of_setting(setting),
            None => None,
        };
        match limit {
            Some(limit) => error.with_limit(limit),
            None => error,
        }
    }

    fn of_setting(&self, setting: &str) -> Option<u64> {
        Some(match setting {
            "max_stack" => self.stack as u64,
            "max_resources" => self.resources as u64,
            "max_hostcall_memory" => self.hostcall_memory as u64,
            "max_random_size" => self.random_size,
            "max_core_instances_per_component" => self.core_instances as u64,
            "max_memories_per_component" => self.memories as u64,
            "max_tables_per_component" => self.tables as u64,
            "max_instance_state" => self.state,
            "max_linear_memory" => self.linear_memory as u64,
            "max_table_elements" => self.table_elements as u64,
            _ => return None,
        })
    }

    /// Refuses a component that cannot be instantiated within these limits, at load. Otherwise says
    /// how many of `max_components` an instance takes: a pool has one linear memory for each, and
    /// without a pool each takes mappings, of which the system gives a process so many.
    pub(crate) fn admit(&self, needs: &ResourcesRequired) -> Result<u32> {
        let count = |what, has: u32, limit: usize, setting| match has as usize > limit {
            true => Err(too_much(Code::ResourceLimit, what, has.into(), setting, limit as u64)),
            false => Ok(()),
        };
        count("linear memories", needs.num_memories, self.memories, "max_memories_per_component")?;
        count("linear memories", needs.num_memories, self.components, "max_components")?;
        count("tables", needs.num_tables, self.tables, "max_tables_per_component")?;
        if let Some(pages) = needs.max_initial_memory_size
            && pages.saturating_mul(WASM_PAGE) > self.linear_memory as u64
        {
            let bytes = pages.saturating_mul(WASM_PAGE);
            let what = "bytes of initial linear memory";
            let limit = self.linear_memory as u64;
            return Err(too_much(Code::MemoryLimit, what, bytes, "max_linear_memory", limit));
        }
        if let Some(elements) = needs.max_initial_table_size
            && elements > self.table_elements as u64
        {
            let what = "initial table elements";
            let limit = self.table_elements as u64;
            return Err(too_much(Code::MemoryLimit, what, elements, "max_table_elements", limit));
        }
        Ok(needs.num_memories.max(1))
    }

    /// How many of `max_components` an instance takes that takes `places` for its linear memories.
    /// Any guest may have a heap where heaps are: its code says so in many ways.
    pub(crate) fn with_heap(&self, places: u32) -> Result<u32> {
        let all = places.saturating_add(self.has_heap.into());
        match all as usize > self.components {
            true => {
                let (what, limit) =
                    ("linear memories, its heap among them", self.components as u64);
                Err(too_much(Code::ResourceLimit, what, all.into(), "max_components", limit))
            }
            false => Ok(all),
        }
    }

    /// Refuses a component whose instances have too much besides memories and tables, at load.
    pub(crate) fn admit_state(&self, bytes: u64) -> Result<()> {
        let what = "bytes of globals, function references and the like";
        match bytes > self.state {
            true => {
                let (setting, limit) = ("max_instance_state", self.state);
                Err(too_much(Code::MemoryLimit, what, bytes, setting, limit))
            }
            false => Ok(()),
        }
    }

    /// Gives a refusal by the pool the code, the setting and the limit that it has without a pool.
    ///
    /// The tests compare both allocators, so that a change of wasmtime's words is noticed.
    pub(crate) fn explain_load(&self, error: Error) -> Error {
        let message = error.message();
        if !words::is_of_pool(message) {
            return error;
        }
        let Some((code, setting)) = words::met_in_pool(message) else {
            let problem = format!("an instance is too large for the pool: {message}");
            return Error::new(Code::ResourceLimit, problem);
        };
        let limit = self.of_setting(setting).unwrap_or_default();
        let problem = format_args!("the component wants more; `{setting}` is {limit}: {message}");
        Error::new(code, problem).met(setting, words::wanted_of_pool(message), limit)
    }
}

fn least(most: u64, less: Option<u64>) -> u64 {
    less.map_or(most, |less| less.min(most))
}

fn least_size(most: usize, less: Option<u64>) -> usize {
    usize::try_from(least(most as u64, less)).unwrap_or(most)
}

fn too_much(code: Code, what: &str, wanted: u64, setting: &'static str, limit: u64) -> Error {
    let problem = format_args!("the component wants {wanted} {what}; `{setting}` is {limit}");
    Error::new(code, problem).met(setting, Some(wanted), limit)
}

/// Watches one instance grow.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    /// Bytes of all memories and tables. Growth that the system then has no memory for stays
    /// counted: wasmtime reports some failures without having asked, so undoing could be abused.
    used: u64,
    denied: Option<Error>,
    observer: NearObserver,
}

impl Limiter {
    pub(crate) fn new(limits: Limits, observer: NearObserver) -> Self {
        Self { limits, used: 0, denied: None, observer }
    }

    /// Bytes of all memories and tables.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Forgets what was denied to an earlier call.
    pub(crate) fn begin_call(&mut self) {
        self.denied = None;
    }

    /// A guest that is denied memory, or something else, usually aborts; says then that the limit
    /// was the cause.
    pub(crate) fn explain(&mut self, error: Error, denied: Option<Error>) -> Error {
        let aborts = matches!(error.trap(), Some(TrapKind::Unreachable | TrapKind::Other));
        match self.denied.take().or(denied) {
            Some(denied) if aborts && error.code() == Code::Trap => error.because_of(denied),
            _ => error,
        }
    }

    fn grow(&mut self, what: &str, wanted: u64, limit: (&'static str, u64), added: u64) -> bool {
        if wanted > limit.1 {
            return self.deny(&format_args!("{what} wanted {wanted}"), wanted, limit);
        }
        let used = self.used.saturating_add(added);
        let together = ("max_instance_memory", self.limits.instance_memory);
        if used > together.1 {
            let what = format_args!("memories and tables together wanted {used} bytes");
            return self.deny(&what, used, together);
        }
        self.used = used;
        self.observer.counters().memory_grew(added);
        true
    }

    /// A growth that no limit denied and that failed nevertheless. The guest is told, and goes on.
    fn failed(&mut self, error: &wasmtime::Error) {
        if let Some(why) = exhausted(error) {
            self.denied = Some(Error::new(Code::MemoryLimit, why.message()));
        }
    }

    fn deny(
        &mut self,
        what: &dyn std::fmt::Display,
        wanted: u64,
        limit: (&'static str, u64),
    ) -> bool {
        let (setting, max) = limit;
        let problem = format_args!("{what}; `{setting}` is {max}");
        let why = Error::new(Code::MemoryLimit, problem).met(setting, Some(wanted), max);
        self.observer.denied(Limited::Memory, &why);
        self.denied = Some(why);
        false
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.observer.counters().memory_freed(self.used);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false); // beyond what the guest itself declared
        }
        let limit = ("max_linear_memory", self.limits.linear_memory as u64);
        let added = (desired - current) as u64;
        Ok(self.grow("a linear memory (bytes)", desired as u64, limit, added))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // In a pool, `maximum` is the slot's size where the guest declared none or more.
        let max = self.limits.table_elements;
        if maximum.is_some_and(|maximum| desired > maximum && maximum < max) {
            return Ok(false);
        }
        let limit = ("max_table_elements", max as u64);
        let added = ((desired - current) as u64).saturating_mul(TABLE_ELEMENT);
        Ok(self.grow("a table (elements)", desired as u64, limit, added))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.failed(&error);
        Ok(())
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.failed(&error);
        Ok(())
    }

    fn instances(&self) -> usize {
        self.limits.core_instances
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }
}
