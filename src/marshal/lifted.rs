//! What a guest gave, before its resources have numbers.

use std::ptr::NonNull;

use wasmtime::component::ResourceAny;

use super::results::Results;
use crate::handles::{Handles, NoHandles};

/// Values from a guest, in C memory. Resources among them have no numbers yet.
pub struct Lifted {
    results: Results,
    resources: Resources,
}

/// Resources, each with the place of its number in the results.
pub(super) type Resources = Box<[(NonNull<u64>, ResourceAny)]>;

// SAFETY: the places are in `results`, which moves along.
unsafe impl Send for Lifted {}
// SAFETY: sharing gives no access to the places.
unsafe impl Sync for Lifted {}

impl Lifted {
    /// `results`, without the numbers of `resources`, which belong to the places in it.
    pub(super) fn new(results: Results, resources: Resources) -> Self {
        Self { results, resources }
    }

    /// No values.
    pub fn nothing() -> Self {
        Self { results: Results::none(), resources: Box::default() }
    }

    /// The resources among the values, in order.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceAny> {
        self.resources.iter().map(|(_, resource)| resource)
    }

    /// The values, where the type has no resources.
    ///
    /// # Errors
    /// `UNSUPPORTED` if there are resources.
    pub fn plain(self) -> crate::Result<Results> {
        match self.resources.is_empty() {
            true => Ok(self.results),
            false => self.give(&mut NoHandles).map(|(results, _)| results),
        }
    }

    /// The values, with the numbers that `handles` gives the resources, which come along in order.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if the host holds too many.
    pub fn give(self, handles: &mut dyn Handles) -> crate::Result<(Results, Vec<u64>)> {
        let mut numbers = Vec::with_capacity(self.resources.len());
        for (place, resource) in self.resources {
            let number = handles.give(resource)?;
            // SAFETY: the place is in `results`, which nobody else has seen yet.
            unsafe { place.write(number) };
            numbers.push(number);
        }
        Ok((self.results, numbers))
    }
}

impl std::fmt::Debug for Lifted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifted").field("results", &self.results).finish_non_exhaustive()
    }
}
