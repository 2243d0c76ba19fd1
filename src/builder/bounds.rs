//! What guests may take of the process, beside memory and time.

use super::RuntimeBuilder;

impl RuntimeBuilder {
    /// Random bytes that a guest may ask for at a time.
    pub fn max_random_size(&mut self, bytes: u64) -> &mut Self {
        self.number("max_random_size", bytes)
    }

    /// Descriptors of the process that one instance may hold: files, directories, streams of
    /// directory entries, sockets.
    pub fn max_descriptors(&mut self, count: u64) -> &mut Self {
        self.number("max_descriptors", count)
    }

    /// Descriptors that all instances and granted directories may hold together.
    pub fn max_total_descriptors(&mut self, count: u64) -> &mut Self {
        self.number("max_total_descriptors", count)
    }

    /// Bytes that the streams of one instance may have read ahead or not yet written.
    pub fn max_buffers(&mut self, bytes: u64) -> &mut Self {
        self.number("max_buffers", bytes)
    }

    /// Bytes that the streams of all instances may have read ahead or not yet written.
    pub fn max_total_buffers(&mut self, bytes: u64) -> &mut Self {
        self.number("max_total_buffers", bytes)
    }

    /// File operations of one instance that may run at once; others wait.
    pub fn max_file_operations(&mut self, count: u64) -> &mut Self {
        self.number("max_file_operations", count)
    }

    /// Threads for file operations of guests; no component has more than half.
    pub fn file_threads(&mut self, count: u64) -> &mut Self {
        self.number("file_threads", count)
    }

    /// Name look-ups of one instance that may be unanswered at once.
    pub fn max_lookups(&mut self, count: u64) -> &mut Self {
        self.number("max_lookups", count)
    }

    /// Threads that wait for the system's resolver; no component has more than half.
    pub fn lookup_threads(&mut self, count: u64) -> &mut Self {
        self.number("lookup_threads", count)
    }

    /// Threads on which asynchronous calls run functions of the host; no component has more than
    /// half.
    pub fn host_threads(&mut self, count: u64) -> &mut Self {
        self.number("host_threads", count)
    }

    /// Bytes of arguments, environment and configuration of a sandbox together.
    pub fn max_environment(&mut self, bytes: u64) -> &mut Self {
        self.number("max_environment", bytes)
    }

    /// Bytes of globals, function references and the like that one instance may have.
    pub fn max_instance_state(&mut self, bytes: u64) -> &mut Self {
        self.number("max_instance_state", bytes)
    }

    /// Such bytes of all instances together.
    pub fn max_total_instance_state(&mut self, bytes: u64) -> &mut Self {
        self.number("max_total_instance_state", bytes)
    }
}
