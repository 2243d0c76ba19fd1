//! What values say of resources: numbers, which only a store can turn into resources and back.

use wasmtime::component::{ResourceAny, ResourceType};

use crate::error::{Code, Error, Result};

/// Turns handles into resources and back, where a store is at hand.
pub trait Handles {
    /// The number for a resource that leaves the guest.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if the host holds too many.
    fn give(&mut self, resource: ResourceAny) -> Result<u64>;

    /// The resource behind a number that enters the guest, of the type that the guest expects.
    /// `None` where there is no store yet, which may have one for this number:
    /// [`Args::resolve`](super::Args::resolve) asks again then.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is of another instance or type, or no more.
    fn take(&mut self, handle: u64, ty: &ResourceType, owned: bool) -> Result<Option<ResourceAny>>;
}

/// Resources in the results of a call that the host has not got yet. Dropped, it drops them.
pub trait Unclaimed: Send + Sync {
    /// The host has got them.
    fn claim(&mut self);
}

/// Where there is no instance yet, there are no handles.
pub struct NoHandles;

impl Handles for NoHandles {
    fn give(&mut self, _: ResourceAny) -> Result<u64> {
        Err(Error::new(Code::Unsupported, "resources need an instance that outlives the call"))
    }

    fn take(&mut self, handle: u64, _: &ResourceType, _: bool) -> Result<Option<ResourceAny>> {
        Err(strange(handle))
    }
}

/// The error of a handle that is passed where there is no instance that it could be of.
pub(crate) fn strange(handle: u64) -> Error {
    let problem = format_args!("{handle:#x} is of no instance: the call makes a fresh one");
    Error::invalid("resource", problem)
}
