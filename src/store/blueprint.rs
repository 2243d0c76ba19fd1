//! What instances of a component are made of.

use std::sync::{Arc, PoisonError, RwLock};

use wasmtime::component::InstancePre;

use super::guest::Guest;
use super::profile::Profile;
use crate::engine::shutdown::closed;
use crate::error::{Code, Error, Result};
use crate::host::HostType;
use crate::sandbox::OpenSandbox;

/// All that it takes to make an instance of a component.
pub(crate) struct Blueprint {
    pub profile: Arc<Profile>,
    parts: RwLock<Option<Arc<Parts>>>,
    is_linked: bool,
}

/// What refers to the host's code, until its runtime is shut down.
pub(crate) struct Parts {
    pub pre: InstancePre<Guest>,
    pub host_types: Arc<[HostType]>,
    /// What its instances are granted; `None` for nothing.
    pub sandbox: Option<Arc<OpenSandbox>>,
}

impl Blueprint {
    /// For a component that is only looked at, `parts` are `None`.
    pub(crate) fn new(profile: Profile, parts: Option<Parts>) -> Self {
        let is_linked = parts.is_some();
        Self { profile: Arc::new(profile), parts: RwLock::new(parts.map(Arc::new)), is_linked }
    }

    /// What its instances are made of.
    ///
    /// # Errors
    /// `SHUTDOWN`, or `LINK` if it was not linked.
    pub(crate) fn parts(&self) -> Result<Arc<Parts>> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        parts.ok_or_else(|| match self.is_linked {
            true => closed(),
            false => {
                let problem = "the component was loaded without being linked";
                Error::new(Code::Link, problem)
            }
        })
    }

    /// Gives up what refers to the host's code.
    pub(crate) fn revoke(&self) {
        let parts = self.parts.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(parts);
    }
}
