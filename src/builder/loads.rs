//! What loading a component may take.

use super::RuntimeBuilder;

impl RuntimeBuilder {
    /// Bytes of the full names of all that a component imports and exports together.
    pub fn max_names_size(&mut self, bytes: u64) -> &mut Self {
        self.number("max_names_size", bytes)
    }

    /// Bytes of a component given as WebAssembly text, which grows when it is read.
    pub fn max_text_size(&mut self, bytes: u64) -> &mut Self {
        self.number("max_text_size", bytes)
    }

    /// Units that compiling a component, or one of its functions, may cost beyond what ordinary
    /// code of its size does. A unit is about a microsecond of one processor and 200 bytes of
    /// memory; 4 units a byte are always allowed in the first 400 000 bytes, and 2.2 in the others.
    pub fn max_compile_cost(&mut self, units: u64) -> &mut Self {
        self.number("max_compile_cost", units)
    }

    /// Threads that compile at once, for all loads together; 0 for one each processor.
    pub fn max_compile_threads(&mut self, count: u64) -> &mut Self {
        self.number("max_compile_threads", count)
    }
}
