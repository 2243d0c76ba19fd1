//! How many slots, of what size, and what to fall back to.
//!
//! A pooled memory slot is as large as `memory_reservation`, not as large as the memory in it may
//! become: 10 000 slots of 4 GiB take some 40 TiB of address space, which containers, small
//! machines and `ulimit -v` refuse. So the engine is tried in steps, each needing less.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::engine::Settings;
use crate::error::{Code, Error, Result};
use crate::features::proposals::{self, Proposal};
use crate::system::room::Room;
use crate::system::signals;
use crate::types::Name;

/// Where instances come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Allocator {
    /// A pool whose slots are large enough to leave bounds checks out of the guest's code.
    Pooling = 1,
    /// A pool whose slots are as large as the memory limit; bounds checks are compiled in.
    PoolingShrunk = 2,
    /// Memory is mapped for each instance, when it is made.
    OnDemand = 3,
}

/// What a runtime got, and why.
#[derive(Debug)]
pub struct Info {
    /// Where instances come from.
    pub allocator: Allocator,
    /// Instances that may be alive at once, each counted once for each of its linear memories.
    pub max_components: u64,
    /// Linear memories that the pool holds; 0 without a pool.
    pub total_memories: u64,
    /// Bytes of address space for each memory, without guard pages.
    pub memory_reservation: u64,
    /// Bytes of address space that the pool reserves; 0 without a pool.
    pub address_space: u64,
    /// Why it is not [`Allocator::Pooling`]; empty if it is.
    pub reason: Name,
}

/// Room that host functions have on a guest's stack, beyond what the guest may use.
const HOST_STACK: usize = 1536 << 10;
/// Bytes of address space that an engine leaves to the rest of the process, at least.
const HEADROOM: usize = 48 << 20;
/// What lets 32-bit guests do without bounds checks.
const FULL_RESERVATION: u64 = 4 << 30;
const FULL_GUARD: u64 = 32 << 20;
const SMALL_GUARD: u64 = 64 << 10;
/// What a pool may keep resident from the start, to know its slots by: settings that each are in
/// range may ask for gigabytes together. The defaults take 14 MiB.
const MAX_BOOKS: u64 = 32 << 20;
/// Bytes that wasmtime keeps for a slot for a table, and for those of memory, stack and heap.
const TABLE_BOOKS: u64 = 56;
const INSTANCE_BOOKS: u64 = 344;

/// One way to build an engine.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// What code is compiled for.
    allocator: Allocator,
    /// Whether there is a pool.
    pooled: bool,
    memory_reservation: u64,
    guard: u64,
    tables_per_component: u32,
    /// Regions of memory given back to the system at a time. More than one saves system calls, and
    /// interruptions of other processors; but slots that wait for their batch are neither alive nor
    /// free, and whoever has more has to have so many more slots.
    batch: u32,
    /// How many instances can be alive, if fewer than there are slots.
    alive: Option<u32>,
}

impl Step {
    /// Tables that the pool has for each slot.
    pub(super) fn tables_per_component(&self) -> u32 {
        self.tables_per_component
    }

    /// Whether instances come from a pool.
    pub(super) fn is_pooled(&self) -> bool {
        self.pooled
    }
}

/// Builds the engine by the first step that this machine allows.
///
/// # Errors
/// `POOL` if a pool was insisted on and none fits; `INVALID_ARGUMENT` if wasmtime refuses the
/// settings even without a pool.
pub(super) fn engine(settings: &Settings) -> Result<(Engine, Info, Step)> {
    // With RUST_BACKTRACE in the environment, each trap would unwind the native stack under a lock
    // of the whole process. Nobody is shown what comes of it.
    wasmtime::error::disable_backtrace();
    if settings.pool_scan && !PoolingAllocationConfig::is_pagemap_scan_available() {
        let problem = "`pool_scan`: the system has no PAGEMAP_SCAN; Linux has it from 6.7 on";
        return Err(Error::new(Code::Unsupported, problem));
    }
    let mut reason = String::new();
    for step in steps(settings) {
        match build(settings, &step) {
            Ok(engine) => {
                if settings.force_on_demand_allocator {
                    "force_on_demand_allocator".clone_into(&mut reason);
                } else if !settings.signal_handlers && reason.is_empty() {
                    "guests check bounds: signal_handlers is off".clone_into(&mut reason);
                }
                return Ok((engine, info(settings, &step, &reason), step));
            }
            Err(error) => {
                tracing::warn!(target: "wasmcell::pool", step = ?step.allocator, "{error}");
                reason = if reason.is_empty() { error } else { format!("{reason}; {error}") };
            }
        }
    }
    let code = if settings.force_pooling_allocator { Code::Pool } else { Code::InvalidArgument };
    Err(Error::new(code, format_args!("no instance allocator fits: {reason}")))
}

/// Another engine for the same code, which `step` built one for. It has no pool: that would take
/// as much address space as the first.
///
/// # Errors
/// `RESOURCE_LIMIT` if there is no room for it.
pub(super) fn another(settings: &Settings, step: &Step) -> Result<Engine> {
    build(settings, &Step { pooled: false, ..*step })
        .map_err(|problem| Error::new(Code::ResourceLimit, format_args!("no engine: {problem}")))
}

/// Another engine for the same code, with a pool as `settings` say that gives memory back `batch`
/// regions at a time, and has as many stacks as instances can be alive.
///
/// # Errors
/// `RESOURCE_LIMIT` if there is no room for it.
pub(super) fn batching(settings: &Settings, step: &Step, batch: u32, alive: u32) -> Result<Engine> {
    build(settings, &Step { batch, alive: Some(alive), ..*step })
        .map_err(|problem| Error::new(Code::ResourceLimit, format_args!("no engine: {problem}")))
}

fn build(settings: &Settings, step: &Step) -> Result<Engine, String> {
    books_fit(settings, step)?;
    // A pool that just fits would leave nothing to anybody: the next allocation would end the
    // process.
    let headroom = Room::reserve(HEADROOM).ok_or_else(|| {
        let left = HEADROOM >> 20;
        format!("less than {left} MiB of address space are left, which all else needs")
    })?;
    let make = || Engine::new(&config(settings, step));
    let engine = match settings.signal_handlers {
        true => signals::with_handlers(make),
        false => make(),
    };
    drop(headroom);
    engine.map_err(|error| describe(settings, step, &error))
}

fn steps(settings: &Settings) -> Vec<Step> {
    let full = Step {
        allocator: Allocator::Pooling,
        pooled: true,
        memory_reservation: FULL_RESERVATION,
        guard: FULL_GUARD,
        tables_per_component: settings.max_tables_per_component,
        batch: 1,
        alive: None,
    };
    let shrunk = Step {
        allocator: Allocator::PoolingShrunk,
        pooled: true,
        memory_reservation: settings.max_linear_memory as u64,
        guard: SMALL_GUARD,
        // Enough for a component made from a core module by its toolchain.
        tables_per_component: settings.max_tables_per_component.min(4),
        batch: 1,
        alive: None,
    };
    // Bounds are checked whatever the size of slots is, so address space would buy nothing.
    let checked = Step { tables_per_component: settings.max_tables_per_component, ..shrunk };
    let on_demand = Step {
        allocator: Allocator::OnDemand,
        pooled: false,
        memory_reservation: 0,
        guard: SMALL_GUARD,
        tables_per_component: 0,
        batch: 1,
        alive: None,
    };
    if settings.force_on_demand_allocator {
        vec![on_demand]
    } else {
        let largest = if settings.signal_handlers { full } else { checked };
        let last = if settings.force_pooling_allocator { None } else { Some(on_demand) };
        [largest, shrunk].into_iter().chain(last).collect()
    }
}

fn config(settings: &Settings, step: &Step) -> Config {
    let details = match settings.backtrace_details {
        true => wasmtime::WasmBacktraceDetails::Enable,
        false => wasmtime::WasmBacktraceDetails::Disable,
    };
    let on = |proposal: Proposal| settings.proposals & proposal.bit != 0;
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(settings.fuel.is_some())
        .concurrency_support(false)
        .wasm_backtrace_details(details)
        .max_wasm_stack(settings.max_stack)
        .async_stack_size(settings.max_stack + HOST_STACK)
        .memory_reservation(step.memory_reservation)
        .memory_reservation_for_growth(step.guard)
        .memory_guard_size(step.guard)
        .guard_before_linear_memory(step.allocator == Allocator::Pooling)
        // A slot is as large as the memory in it may become.
        .memory_may_move(step.allocator == Allocator::OnDemand)
        // What others compile is small, and comes on threads that are not to start more.
        .parallel_compilation(step.alive.is_none())
        // Off, spectre mitigations of heap and tables are off too: they work by faults.
        .signals_based_traps(settings.signal_handlers)
        .gc_support(proposals::have_heap(settings.proposals))
        .wasm_exceptions(on(proposals::EXCEPTIONS))
        .wasm_gc(on(proposals::GC))
        .wasm_memory64(on(proposals::MEMORY64))
        // Mach ports do not survive a fork, and a host may fork.
        .macos_use_mach_ports(false);
    if step.pooled {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings, step)));
    }
    config
}

fn pool(settings: &Settings, step: &Step) -> PoolingAllocationConfig {
    let components = settings.max_components;
    let per_component = settings.max_core_instances_per_component;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(components)
        .total_core_instances(components.saturating_mul(per_component))
        .total_memories(components)
        .total_tables(components.saturating_mul(step.tables_per_component))
        .total_stacks(step.alive.unwrap_or(components))
        .total_gc_heaps(components)
        .max_core_instances_per_component(per_component)
        .max_memories_per_component(settings.max_memories_per_component)
        .max_memories_per_module(settings.max_memories_per_component)
        .max_tables_per_component(settings.max_tables_per_component)
        .max_tables_per_module(settings.max_tables_per_component)
        .table_elements(settings.max_table_elements)
        .max_memory_size(settings.max_linear_memory)
        .max_core_instance_size(settings.bounds.max_instance_state as usize)
        .max_component_instance_size(settings.bounds.max_instance_state as usize)
        .linear_memory_keep_resident(settings.pool_keep_resident)
        .table_keep_resident(settings.pool_keep_resident)
        .decommit_batch_size(step.batch as usize)
        .pagemap_scan(if settings.pool_scan { Enabled::Yes } else { Enabled::No });
    pool
}

fn info(settings: &Settings, step: &Step, reason: &str) -> Info {
    let pooled = step.pooled;
    Info {
        allocator: step.allocator,
        max_components: settings.max_components.into(),
        total_memories: if pooled { settings.max_components.into() } else { 0 },
        memory_reservation: step.memory_reservation,
        address_space: if pooled { address_space(settings, step) } else { 0 },
        reason: Name::new(reason),
    }
}

/// Bytes of address space that the pool of `step` takes: memories, tables and stacks.
fn address_space(settings: &Settings, step: &Step) -> u64 {
    let slots = u64::from(settings.max_components);
    let memories = slots.saturating_mul(step.memory_reservation + step.guard) + step.guard;
    let table = settings.max_table_elements as u64 * size_of::<usize>() as u64;
    let tables = slots * u64::from(step.tables_per_component) * table;
    let stacks = slots * (settings.max_stack + HOST_STACK) as u64;
    memories.saturating_add(tables).saturating_add(stacks)
}

/// Refuses a pool that takes too much memory before anything runs.
fn books_fit(settings: &Settings, step: &Step) -> Result<(), String> {
    if !step.pooled {
        return Ok(());
    }
    let (slots, tables) =
        (u64::from(settings.max_components), u64::from(step.tables_per_component));
    let books = slots * (INSTANCE_BOOKS + tables * TABLE_BOOKS);
    match books > MAX_BOOKS {
        true => Err(format!(
            "a pool for {slots} instances (`max_components`) with {tables} tables each \
             (`max_tables_per_component`) takes {} MiB to know its slots by; at most {} MiB are \
             spent on that",
            books >> 20,
            MAX_BOOKS >> 20,
        )),
        false => Ok(()),
    }
}

fn describe(settings: &Settings, step: &Step, error: &wasmtime::Error) -> String {
    match step.pooled {
        false => format!("on demand: {error:#}"),
        true => format!(
            "a pool of {} memories of {} MiB needs {} GiB of address space: {error:#}",
            settings.max_components,
            step.memory_reservation >> 20,
            address_space(settings, step) >> 30,
        ),
    }
}
