//! What a guest is made of, as far as it matters to what runs for it.

use std::sync::Arc;

use super::profile::Profile;
use crate::host::HostType;
use crate::sandbox::OpenSandbox;

/// What all guests of a component have in common.
#[derive(Clone)]
pub(crate) struct Basis {
    pub profile: Arc<Profile>,
    pub host_types: Arc<[HostType]>,
    /// What they are granted; `None` for nothing.
    pub sandbox: Option<Arc<OpenSandbox>>,
}

impl Basis {
    /// The same for another lane: what instances own of it, they own of this copy.
    pub(super) fn apart(&self) -> Self {
        Self { host_types: self.host_types.iter().cloned().collect(), ..self.clone() }
    }
}
