//! What a guest gave, before its resources have numbers.

use wasmtime::component::ResourceAny;

use super::arena::Resources;
use super::results::Results;
use crate::marshal::handles::{Handles, NoHandles};

/// Values from a guest, in C memory. Resources among them have no numbers yet; the memory knows
/// which. A thin pointer, as [`Results`] are.
pub struct Lifted(Results);

impl Lifted {
    /// `results`, without the numbers of `resources`, which belong to the places in it.
    pub(super) fn new(mut results: Results, resources: Resources) -> Self {
        if !resources.is_empty() {
            results.set_pending(resources);
        }
        Self(results)
    }

    /// No values.
    pub fn nothing() -> Self {
        Self(Results::none())
    }

    /// The resources among the values, in order.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceAny> {
        self.0.pending().iter().map(|(_, resource)| resource)
    }

    /// The values, where the type has no resources.
    ///
    /// # Errors
    /// `UNSUPPORTED` if there are resources.
    pub fn plain(self) -> crate::error::Result<Results> {
        match self.0.pending().is_empty() {
            true => Ok(self.0),
            false => self.give(&mut NoHandles).map(|(results, _)| results),
        }
    }

    /// The values, with the numbers that `handles` gives the resources, which come along in order.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if the host holds too many.
    pub fn give(mut self, handles: &mut dyn Handles) -> crate::error::Result<(Results, Vec<u64>)> {
        let resources = self.0.take_pending();
        let mut numbers = Vec::with_capacity(resources.len());
        for (place, resource) in resources {
            let number = handles.give(resource)?;
            // SAFETY: the place is in the results, which nobody else has seen yet.
            unsafe { place.write(number) };
            numbers.push(number);
        }
        Ok((self.0, numbers))
    }
}

impl std::fmt::Debug for Lifted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lifted").field(&self.0).finish()
    }
}
