//! Values laid out for C, with the memory they live in.

use std::mem;
use std::ptr::NonNull;

use wasmtime::component::ResourceAny;

use super::arena::{Arena, Block, Memory, Resources};
use super::handles::Unclaimed;
use super::layout::runtime_value_t;
use crate::error::Result;

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

    /// One value, which leads nowhere.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub(super) fn one(value: runtime_value_t) -> Result<Self> {
        Memory::of_one(value).map(Self)
    }

    /// No values.
    pub(crate) fn none() -> Self {
        Self(Memory::default())
    }

    /// Notes that the numbers of `resources` are still to come.
    pub(super) fn set_pending(&mut self, resources: Resources) {
        if let Some(pending) = self.0.resources_mut() {
            *pending = resources;
        }
    }

    /// Resources whose numbers are still to come.
    pub(super) fn pending(&self) -> &[(NonNull<u64>, ResourceAny)] {
        self.0.resources()
    }

    /// Takes those resources out.
    pub(super) fn take_pending(&mut self) -> Resources {
        self.0.resources_mut().map(mem::take).unwrap_or_default()
    }

    /// Has `unclaimed` dropped with the results, unless C gets them.
    pub(crate) fn unless_claimed(&mut self, unclaimed: Box<dyn Unclaimed>) {
        if let Some(place) = self.0.unclaimed_mut() {
            *place = Some(unclaimed);
        }
    }

    /// The results, in order.
    pub fn values(&self) -> &[runtime_value_t] {
        self.0.values()
    }

    /// The results as a `Box<Block>` that C owns.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`.
    pub fn into_raw(mut self) -> Result<*mut Block> {
        if let Some(mut unclaimed) = self.0.unclaimed_mut().and_then(Option::take) {
            unclaimed.claim();
        }
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
