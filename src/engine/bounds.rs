//! How much guests may take of the process, beside memory and time.

use super::sizes::{GIB, MIB};

/// Limits of each instance and of all together.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub max_descriptors: u64,
    pub max_total_descriptors: Option<u64>,
    pub max_buffers: u64,
    pub max_total_buffers: u64,
    pub max_file_operations: usize,
    pub file_threads: usize,
    pub max_lookups: u64,
    pub lookup_threads: usize,
    pub host_threads: usize,
    pub max_environment: u64,
    pub max_instance_state: u64,
    pub max_total_instance_state: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_descriptors: 64,
            max_total_descriptors: None,
            max_buffers: 4 * MIB,
            max_total_buffers: 256 * MIB,
            max_file_operations: 8,
            file_threads: 32,
            max_lookups: 16,
            lookup_threads: 16,
            host_threads: 64,
            max_environment: MIB,
            max_instance_state: 8 * MIB,
            max_total_instance_state: 4 * GIB,
        }
    }
}

impl Bounds {
    /// What the builder said, or half of what the process may open now.
    pub(crate) fn total_descriptors(&self) -> u64 {
        self.max_total_descriptors.unwrap_or_else(|| (open_files() / 2).clamp(1, 1_000_000))
    }
}

/// Mappings of the process that each of `max_components` takes at most: two for a stack, and five
/// for a memory, which are what is before its initial data, these, what is behind them, what an
/// earlier guest in the same slot of the pool grew into, and what nobody may touch.
const MAPPINGS: u64 = 7;

/// Instances that may be alive unless the builder says otherwise: 10 000, if they take no more than
/// half of the mappings that this process may have.
pub(crate) fn components() -> u32 {
    (mappings() / 2 / MAPPINGS).clamp(1, 10_000) as u32
}

#[cfg(target_os = "linux")]
fn mappings() -> u64 {
    let said = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    said.and_then(|count| count.trim().parse().ok()).unwrap_or(65_530)
}

#[cfg(not(target_os = "linux"))]
fn mappings() -> u64 {
    u64::MAX
}

#[cfg(unix)]
fn open_files() -> u64 {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn open_files() -> u64 {
    1024
}
