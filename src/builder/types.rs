//! How much a component may declare.

use super::{GIB, KIB, RuntimeBuilder};

impl RuntimeBuilder {
    /// Bytes of the full names of all that a component imports and exports together. Default 4
    /// MiB; from 1 KiB to 1 GiB.
    pub fn max_names_size(&mut self, bytes: u64) -> &mut Self {
        self.range("max_names_size", bytes, KIB, GIB, |s, n| s.max_names_size = n)
    }
}
