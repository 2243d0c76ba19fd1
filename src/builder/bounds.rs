//! What guests may take of the process, beside memory and time.

use super::RuntimeBuilder;
use crate::engine::sizes::{GIB, KIB, MIB};

impl RuntimeBuilder {
    /// Random bytes that a guest may ask for at a time. Default 64 MiB; at most 1 GiB.
    pub fn max_random_size(&mut self, bytes: u64) -> &mut Self {
        self.range("max_random_size", bytes, 1, GIB, |s, n| s.max_random_size = n)
    }

    /// Descriptors of the process that one instance may hold: files, directories, streams of
    /// directory entries, sockets. Default 64; at most 1 000 000.
    pub fn max_descriptors(&mut self, count: u64) -> &mut Self {
        self.range("max_descriptors", count, 1, 1_000_000, |s, n| s.bounds.max_descriptors = n)
    }

    /// Descriptors that all instances and granted directories may hold together. Default half of
    /// what the process may open; at most 1 000 000.
    pub fn max_total_descriptors(&mut self, count: u64) -> &mut Self {
        self.range("max_total_descriptors", count, 1, 1_000_000, |s, n| {
            s.bounds.max_total_descriptors = Some(n);
        })
    }

    /// Bytes that the streams of one instance may have read ahead or not yet written. Default 4
    /// MiB; from 128 KiB to 1 GiB.
    pub fn max_buffers(&mut self, bytes: u64) -> &mut Self {
        self.range("max_buffers", bytes, 128 * KIB, GIB, |s, n| s.bounds.max_buffers = n)
    }

    /// Bytes that the streams of all instances may have read ahead or not yet written. Default 256
    /// MiB; at least 1 MiB.
    pub fn max_total_buffers(&mut self, bytes: u64) -> &mut Self {
        self.range("max_total_buffers", bytes, MIB, 1 << 47, |s, n| s.bounds.max_total_buffers = n)
    }

    /// File operations of one instance that may run at once; others wait. Default 8; at most 1024.
    pub fn max_file_operations(&mut self, count: u64) -> &mut Self {
        self.range("max_file_operations", count, 1, 1024, |s, n| {
            s.bounds.max_file_operations = n as usize;
        })
    }

    /// Threads for file operations of guests; no component has more than half. Default 32; at most
    /// 1024.
    pub fn file_threads(&mut self, count: u64) -> &mut Self {
        self.range("file_threads", count, 1, 1024, |s, n| s.bounds.file_threads = n as usize)
    }

    /// Name look-ups of one instance that may be unanswered at once. Default 16; at most 1024.
    pub fn max_lookups(&mut self, count: u64) -> &mut Self {
        self.range("max_lookups", count, 1, 1024, |s, n| s.bounds.max_lookups = n)
    }

    /// Threads that wait for the system's resolver; no component has more than half. Default 16;
    /// at most 1024.
    pub fn lookup_threads(&mut self, count: u64) -> &mut Self {
        self.range("lookup_threads", count, 1, 1024, |s, n| s.bounds.lookup_threads = n as usize)
    }

    /// Threads on which asynchronous calls run functions of the host; no component has more than
    /// half. Default 64; at most 1024.
    pub fn host_threads(&mut self, count: u64) -> &mut Self {
        self.range("host_threads", count, 1, 1024, |s, n| s.bounds.host_threads = n as usize)
    }

    /// Bytes of arguments, environment and configuration of a sandbox together. Default 1 MiB; at
    /// most 1 GiB.
    pub fn max_environment(&mut self, bytes: u64) -> &mut Self {
        self.range("max_environment", bytes, 1, GIB, |s, n| s.bounds.max_environment = n)
    }

    /// Bytes of globals, function references and the like that one instance may have. Default 8
    /// MiB; from 4 KiB to 1 GiB.
    pub fn max_instance_state(&mut self, bytes: u64) -> &mut Self {
        self.range("max_instance_state", bytes, 4 * KIB, GIB, |s, n| {
            s.bounds.max_instance_state = n;
        })
    }

    /// Such bytes of all instances together. Default 4 GiB; from 1 MiB to 128 TiB.
    pub fn max_total_instance_state(&mut self, bytes: u64) -> &mut Self {
        self.range("max_total_instance_state", bytes, MIB, 1 << 47, |s, n| {
            s.bounds.max_total_instance_state = n;
        })
    }
}
