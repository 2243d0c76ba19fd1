//! What loading a component may take.

use super::RuntimeBuilder;
use crate::engine::sizes::{GIB, KIB};

impl RuntimeBuilder {
    /// Bytes of the full names of all that a component imports and exports together. Default 4
    /// MiB; from 1 KiB to 1 GiB.
    pub fn max_names_size(&mut self, bytes: u64) -> &mut Self {
        self.range("max_names_size", bytes, KIB, GIB, |s, n| s.max_names_size = n)
    }

    /// Bytes of a component given as WebAssembly text, which grows when it is read. Default 1 MiB;
    /// 0 takes no text, at most 4 GiB.
    pub fn max_text_size(&mut self, bytes: u64) -> &mut Self {
        self.range("max_text_size", bytes, 0, 4 * GIB, |s, n| s.max_text_size = n)
    }

    /// Units that compiling a component, or one of its functions, may cost beyond what ordinary
    /// code of its size does. A unit is about a microsecond of one processor and 200 bytes of
    /// memory; 4 units a byte are always allowed in the first 400 000 bytes, and 2.2 in the others.
    /// Default 500 000; at most 10^15.
    pub fn max_compile_cost(&mut self, units: u64) -> &mut Self {
        self.range("max_compile_cost", units, 0, 1_000_000_000_000_000, |s, n| {
            s.max_compile_cost = n;
        })
    }

    /// Threads that compile at once, for all loads together. Default 0: as many as the machine
    /// has processors; at most 1024.
    pub fn max_compile_threads(&mut self, count: u64) -> &mut Self {
        self.range("max_compile_threads", count, 0, 1024, |s, n| s.max_compile_threads = n as usize)
    }
}
