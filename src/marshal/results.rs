//! Values laid out for C, with the memory they live in.

use super::arena::{Arena, Block, Memory};
use super::layout::runtime_value_t;
use crate::Result;

/// What a call returned, laid out for C. It owns everything that its values point to. A thin
/// pointer, since it passes through many hands.
pub struct Results(Memory);

impl Results {
    /// `len` values at `values`, which live in `arena` with all they point to.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub(super) fn new(arena: Arena, values: *const runtime_value_t, len: usize) -> Result<Self> {
        arena.lay_out(values, len).map(Self)
    }

    /// No values.
    pub(super) fn none() -> Self {
        Self(Memory::default())
    }

    /// The results, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        self.0.values()
    }

    /// The same, for C to own as a `Box<Block>`.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub fn into_raw(self) -> Result<*mut Block> {
        let raw = self.0.into_raw();
        match raw.is_null() {
            true => Ok(Arena::new().lay_out(raw.cast(), 0)?.into_raw()),
            false => Ok(raw),
        }
    }

    /// How many bytes of host memory the results occupy.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.0.size()
    }
}

impl std::fmt::Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Results").field("len", &self.values().len()).finish_non_exhaustive()
    }
}
