//! Resources on their way between a guest and its host.

use wasmtime::component::{ResourceAny, ResourceDynamic, ResourceType};
use wasmtime::{AsContextMut, StoreContextMut};

use super::guest::Guest;
use crate::error::{Error, Result};
use crate::host::{Lent, Returned};
use crate::marshal::{Handles, NoHandles};
use crate::types::Name;

/// The handles of the guest in a store, for one set of values that enters or leaves it.
pub(crate) struct StoreHandles<'a> {
    store: StoreContextMut<'a, Guest>,
    passage: Passage,
}

/// Resources on their way. They change owner by [`commit`](Self::commit), when everything around
/// them has turned out well.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Passage {
    /// Numbers of guests' resources, and whether the guest will own them.
    taken: Vec<(u64, bool)>,
    /// Resources of the host that the guest will own: index of the type, and number.
    entering: Vec<(ResourceAny, u32, u32)>,
    /// Resources of the host that the guest owned.
    leaving: Vec<(u32, u32)>,
    /// Resources of the host that the guest may use until the call ends.
    loans: Vec<ResourceAny>,
}

/// Resources of the host that a guest may use until its call ends.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Loans(Vec<ResourceAny>);

impl<'a> StoreHandles<'a> {
    pub(crate) fn new(store: StoreContextMut<'a, Guest>) -> Self {
        Self { store, passage: Passage::default() }
    }

    /// What has been asked for so far.
    pub(crate) fn finish(self) -> Passage {
        self.passage
    }
}

impl Passage {
    /// Has the resources change owner. The loans end after the call.
    pub(crate) fn commit(self, mut store: StoreContextMut<'_, Guest>) -> Result<Loans> {
        let guest = store.data_mut();
        for (number, owned) in self.taken {
            if owned {
                guest.handles.remove(number)?;
            }
        }
        self.entering.iter().for_each(|(_, index, rep)| guest.lent.add(*index, *rep));
        self.leaving.iter().for_each(|(index, rep)| guest.lent.remove(*index, *rep));
        Ok(Loans(self.loans))
    }

    /// Whether the guest will own any of them.
    pub(crate) fn gives(&self) -> bool {
        !self.entering.is_empty() || self.taken.iter().any(|(_, owned)| *owned)
    }

    /// The host's resources that the guest gives back, for as long as the host has not got them.
    pub(crate) fn returned(&self, lent: &Lent) -> Option<Returned> {
        (!self.leaving.is_empty()).then(|| Returned::new(lent, &self.leaving))
    }

    /// Leaves everything with whom it belonged to.
    pub(crate) fn undo(self, store: StoreContextMut<'_, Guest>) -> Result<()> {
        let entering = self.entering.into_iter().map(|(resource, ..)| resource);
        Loans(entering.chain(self.loans).collect()).end(store)
    }

    /// Whether a value before took the guest's resource with this number, or the guest will own it.
    fn is_contested(&self, number: u64, owned: bool) -> bool {
        self.taken.iter().any(|taken| taken.0 == number && (taken.1 || owned))
    }
}

impl Loans {
    /// Takes back what was lent.
    pub(crate) fn end(self, mut store: StoreContextMut<'_, Guest>) -> Result<()> {
        for resource in self.0 {
            ResourceDynamic::try_from_resource_any(resource, store.as_context_mut())?;
        }
        Ok(())
    }
}

impl Handles for StoreHandles<'_> {
    fn give(&mut self, resource: ResourceAny) -> Result<u64> {
        let Some(index) = self.store.data().lent.index(&resource.ty()) else {
            return self.store.data_mut().handles.insert(resource);
        };
        let owned = resource.owned();
        let rep = ResourceDynamic::try_from_resource_any(resource, self.store.as_context_mut())?;
        if owned {
            self.passage.leaving.push((index, rep.rep()));
        }
        Ok(rep.rep().into())
    }

    fn take(&mut self, handle: u64, ty: &ResourceType, owned: bool) -> Result<Option<ResourceAny>> {
        if let Some(index) = self.store.data().lent.index(ty) {
            let rep = number(handle)?;
            // Owned by nobody yet. Where the guest expects a borrow it is lent from here.
            let resource = ResourceDynamic::new_own(rep, index)
                .try_into_resource_any(self.store.as_context_mut())?;
            match owned {
                true => self.passage.entering.push((resource, index, rep)),
                false => self.passage.loans.push(resource),
            }
            return Ok(Some(resource));
        }
        if self.passage.is_contested(handle, owned) {
            let problem = format_args!("{handle:#x} is given away and used in one call");
            return Err(Error::invalid("resource", problem));
        }
        let resource = self.store.data_mut().handles.peek(handle)?;
        if resource.ty() != *ty {
            let problem = format_args!("{handle:#x} is a resource of another type");
            return Err(Error::invalid("resource", problem));
        }
        self.passage.taken.push((handle, owned));
        Ok(Some(resource))
    }
}

/// The number of a resource of the host.
fn number(handle: u64) -> Result<u32> {
    u32::try_from(handle).map_err(|_| {
        let problem = format_args!("{handle:#x}: the host's own resources have 32-bit numbers");
        Error::invalid("resource", problem)
    })
}

/// The handles that a call can be given before it has an instance: numbers of the host's own
/// resources, which say nothing of an instance.
pub(crate) struct HostNumbers<'a>(pub &'a [(ResourceType, Name)]);

impl Handles for HostNumbers<'_> {
    fn give(&mut self, resource: ResourceAny) -> Result<u64> {
        NoHandles.give(resource)
    }

    fn take(&mut self, handle: u64, ty: &ResourceType, owned: bool) -> Result<Option<ResourceAny>> {
        match self.0.iter().any(|(known, _)| known == ty) {
            true => number(handle).map(|_| None),
            false => NoHandles.take(handle, ty, owned),
        }
    }
}
