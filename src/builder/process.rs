//! What a runtime takes of its process: address space, and signals.

use super::RuntimeBuilder;

impl RuntimeBuilder {
    /// Bytes of each pooled memory and table that stay resident between two instances: zeroed
    /// rather than given back to the system.
    pub fn pool_keep_resident(&mut self, bytes: u64) -> &mut Self {
        self.number("pool_keep_resident", bytes)
    }

    /// Have a pool find the pages that a guest wrote to by the system's `PAGEMAP_SCAN`, for which
    /// the process gets a descriptor and a handler for its forks. Off by default; `UNSUPPORTED` at
    /// build where the system lacks it.
    pub fn pool_scan(&mut self, enable: bool) -> &mut Self {
        self.settings.pool_scan = enable;
        self
    }

    /// Fail rather than run without a pool. Off by default.
    pub fn force_pooling_allocator(&mut self) -> &mut Self {
        self.settings.force_pooling_allocator = true;
        self
    }

    /// Run without a pool, also where there is room for one. Off by default.
    pub fn force_on_demand_allocator(&mut self) -> &mut Self {
        self.settings.force_on_demand_allocator = true;
        self
    }

    /// Have the system's signals tell of traps, by handlers that stay installed for the process. On
    /// by default; off, guests check for themselves, and are slower.
    pub fn signal_handlers(&mut self, enable: bool) -> &mut Self {
        self.settings.signal_handlers = enable;
        self
    }

    /// Take the host's word that no thread that makes calls blocks the signals of traps, so that
    /// calls need not look. Off by default.
    pub fn trust_signal_masks(&mut self, trust: bool) -> &mut Self {
        self.settings.trust_signal_masks = trust;
        self
    }
}
