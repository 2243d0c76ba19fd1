//! The host's own resources, as far as a guest owns them.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use wasmtime::component::ResourceType;

use crate::marshal::Unclaimed;
use crate::system::process::Kept;

/// Gets the host's number for a resource of the host that a guest owned: when the guest drops it,
/// or when its instance ends. On a native stack, once for each time the guest was given it.
pub type Destructor = dyn Fn(u32) + Send + Sync;

/// A type of resource that the host defined.
#[derive(Clone)]
pub(crate) struct HostType {
    ty: ResourceType,
    drop: Arc<Destructor>,
}

impl HostType {
    /// The `index`th type of a linker.
    pub(crate) fn new(index: u32, drop: Arc<Destructor>) -> Self {
        Self { ty: ResourceType::host_dynamic(index), drop }
    }

    /// Drops `rep`, if it is of this type.
    pub(crate) fn drop_if(&self, ty: &ResourceType, rep: u32) {
        if self.ty == *ty {
            self.end(rep);
        }
    }

    /// Drops `rep`, which is of this type.
    fn end(&self, rep: u32) {
        // Code of the host, which often runs while something else ends.
        if panic::catch_unwind(AssertUnwindSafe(|| (self.drop)(rep))).is_err() {
            tracing::error!(
                target: "wasmcell::handles::lent",
                resource = rep,
                "the destructor of a resource panicked"
            );
        }
    }
}

impl fmt::Debug for HostType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostType").field("ty", &self.ty).finish_non_exhaustive()
    }
}

/// Resources of the host that one instance owns. wasmtime forgets them with the store, so what is
/// left then is dropped here: each resource that a guest was given is dropped once or comes back.
pub(crate) struct Lent {
    types: Arc<[HostType]>,
    /// How often the guest owns a number, by the index of its type and that number.
    owned: BTreeMap<(u32, u32), usize>,
}

impl Lent {
    pub(crate) fn new(types: Arc<[HostType]>) -> Self {
        Self { types, owned: BTreeMap::new() }
    }

    /// Whether the guest owns any.
    pub(crate) fn is_empty(&self) -> bool {
        self.owned.is_empty()
    }

    /// All types of the host.
    pub(crate) fn types(&self) -> &Arc<[HostType]> {
        &self.types
    }

    /// The index of `ty`, if it is the host's.
    pub(crate) fn index(&self, ty: &ResourceType) -> Option<u32> {
        let position = self.types.iter().position(|known| known.ty == *ty)?;
        u32::try_from(position).ok()
    }

    /// The guest owns `rep` from here on.
    pub(crate) fn add(&mut self, index: u32, rep: u32) {
        *self.owned.entry((index, rep)).or_default() += 1;
    }

    /// The guest owns `rep` no more.
    pub(crate) fn remove(&mut self, index: u32, rep: u32) {
        if let Some(count) = self.owned.get_mut(&(index, rep)) {
            *count -= 1;
            if *count == 0 {
                self.owned.remove(&(index, rep));
            }
        }
    }

    /// What drops resources of a type.
    pub(crate) fn destructor(&self, index: u32) -> Option<Arc<Destructor>> {
        self.types.get(index as usize).map(|ty| ty.drop.clone())
    }
}

/// Resources of the host that a guest gave back, until the host has got them: if it never does,
/// since the call failed in the end or nobody took its outcome, they are dropped here.
pub(crate) struct Returned(Kept<Vec<(HostType, u32)>>);

impl Returned {
    /// Each by the index of its type and its number.
    pub(crate) fn new(lent: &Lent, all: &[(u32, u32)]) -> Self {
        let of = |index: u32| lent.types.get(index as usize).cloned();
        Self(Kept::new(all.iter().filter_map(|(index, rep)| Some((of(*index)?, *rep))).collect()))
    }
}

impl Unclaimed for Returned {
    fn claim(&mut self) {
        self.0.clear();
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        // Not in a fork, where they are not this process's to drop.
        if !Kept::birthplace(&self.0).is_forked() {
            self.0.drain(..).for_each(|(of, rep)| of.end(rep));
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        for ((index, rep), count) in std::mem::take(&mut self.owned) {
            let Some(of) = self.types.get(index as usize) else { continue };
            (0..count).for_each(|_| of.end(rep));
        }
    }
}
