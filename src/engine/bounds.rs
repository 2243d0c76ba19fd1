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

#[cfg(unix)]
fn open_files() -> u64 {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn open_files() -> u64 {
    1024
}
