//! The values of all settings.

use std::time::Duration;

use super::bounds::Bounds;
use super::sizes::MIB;
use crate::code::artifact::{self, Stop, Terms};
use crate::code::cache::CacheSettings;
use crate::code::signature::Verifier;
use crate::code::vet::Budget;
use crate::system::lanes;
use crate::system::log::LogSettings;

/// Pools of a runtime, at most: the first, and one for each lane.
pub(crate) const MOST_POOLS: u32 = lanes::MOST as u32 + 1;

/// What a runtime is built from, every value checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub max_components: u32,
    pub max_pools: u32,
    pub max_core_instances_per_component: u32,
    pub max_memories_per_component: u32,
    pub max_tables_per_component: u32,
    pub max_table_elements: usize,
    pub max_component_size: u64,
    pub max_names_size: u64,
    pub max_text_size: u64,
    pub max_compile_cost: u64,
    pub max_compile_threads: usize,
    pub max_linear_memory: usize,
    pub max_instance_memory: u64,
    pub max_execution_time: Duration,
    pub epoch_tick: Duration,
    pub instance_wait: Duration,
    pub max_stack: usize,
    pub max_call_depth: u32,
    pub max_hostcall_memory: usize,
    pub max_resources: usize,
    pub max_random_size: u64,
    pub bounds: Bounds,
    pub fuel: Option<u64>,
    pub pool_keep_resident: usize,
    pub worker_threads: usize,
    pub force_pooling_allocator: bool,
    pub force_on_demand_allocator: bool,
    pub signal_handlers: bool,
    pub trust_signal_masks: bool,
    pub pool_scan: bool,
    pub require_signature: bool,
    pub backtrace_details: bool,
    pub experimental_features: u64,
    pub proposals: u64,
    pub verifier: Verifier,
    pub cache: CacheSettings,
    pub log: Option<LogSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_components: 10_000,
            max_pools: MOST_POOLS,
            max_core_instances_per_component: artifact::MAX_CORE_INSTANCES,
            max_memories_per_component: 30,
            max_tables_per_component: 20,
            max_table_elements: 15_000,
            max_component_size: 50 * MIB,
            max_names_size: 4 * MIB,
            max_text_size: artifact::MAX_TEXT_SIZE,
            max_compile_cost: artifact::MAX_COMPILE_COST,
            max_compile_threads: 0,
            max_linear_memory: 256 << 20,
            max_instance_memory: 512 * MIB,
            max_execution_time: Duration::from_secs(600),
            epoch_tick: Duration::from_millis(10),
            instance_wait: Duration::from_secs(1),
            max_stack: 512 << 10,
            max_call_depth: 128,
            max_hostcall_memory: 128 << 20,
            max_resources: 10_000,
            max_random_size: 64 * MIB,
            bounds: Bounds::default(),
            fuel: None,
            pool_keep_resident: 10 << 10,
            worker_threads: 0,
            force_pooling_allocator: false,
            force_on_demand_allocator: false,
            signal_handlers: true,
            trust_signal_masks: false,
            pool_scan: false,
            require_signature: false,
            backtrace_details: false,
            experimental_features: 0,
            proposals: 0,
            verifier: Verifier::new(),
            cache: CacheSettings { memory: 64 * MIB, directory: None },
            log: None,
        }
    }
}

impl Settings {
    /// Whether a call has to see to it that its thread lets the signals of traps through.
    pub(crate) fn opens_masks(&self) -> bool {
        self.signal_handlers && !self.trust_signal_masks
    }

    /// On what terms components are compiled.
    pub(crate) fn terms(&self) -> Terms {
        Terms {
            max_text_size: self.max_text_size,
            budget: Budget::new(self.max_compile_cost),
            max_core_instances: self.max_core_instances_per_component.into(),
            threads: self.max_compile_threads,
            backtrace_details: self.backtrace_details,
            stop: Stop::default(),
        }
    }
}
