//! Values laid out for C, with the memory they live in.

use super::arena::Memory;
use super::array::checked;
use super::layout::runtime_value_t;

/// What a call returned, laid out for C. It owns everything that its values point to.
pub struct Results {
    values: *const runtime_value_t,
    len: usize,
    /// Where `values` and all they point to live.
    #[cfg_attr(not(test), expect(dead_code, reason = "kept for its drop"))]
    memory: Memory,
}

// SAFETY: the pointers lead into `memory`, which moves along and which nobody writes to.
unsafe impl Send for Results {}
// SAFETY: sharing gives read access to memory that nobody writes to.
unsafe impl Sync for Results {}

impl Results {
    /// `len` values at `values`, which live in `memory` with all they point to.
    pub(super) fn new(values: *const runtime_value_t, len: usize, memory: Memory) -> Self {
        Self { values, len, memory }
    }

    /// No values.
    pub(super) fn none() -> Self {
        Self::new(std::ptr::null(), 0, Memory::default())
    }

    /// The results, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        // SAFETY: whoever made this wrote `len` values there, into `memory`.
        unsafe { checked(self.values, self.len) }
    }

    /// How many bytes of host memory the results occupy.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.memory.size()
    }
}

impl std::fmt::Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Results").field("len", &self.len).finish_non_exhaustive()
    }
}
