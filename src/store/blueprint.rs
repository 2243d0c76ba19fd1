//! What instances of a component are made of.

use std::sync::{Arc, PoisonError, RwLock};

use wasmtime::component::InstancePre;

use super::guest::Guest;
use super::profile::Profile;
use crate::engine::shutdown::closed;
use crate::error::Result;
use crate::host::HostType;
use crate::sandbox::OpenSandbox;

/// All that it takes to make an instance of a component.
pub(crate) struct Blueprint {
    pub profile: Arc<Profile>,
    parts: RwLock<Option<Arc<Parts>>>,
}

/// What refers to the host's code, until its runtime is shut down.
pub(crate) struct Parts {
    pub pre: InstancePre<Guest>,
    pub host_types: Arc<[HostType]>,
    /// What its instances are granted; `None` for nothing.
    pub sandbox: Option<Arc<OpenSandbox>>,
}

impl Blueprint {
    pub(crate) fn new(profile: Profile, parts: Parts) -> Self {
        Self { profile: Arc::new(profile), parts: RwLock::new(Some(Arc::new(parts))) }
    }

    /// What its instances are made of.
    ///
    /// # Errors
    /// `SHUTDOWN`.
    pub(crate) fn parts(&self) -> Result<Arc<Parts>> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        parts.ok_or_else(closed)
    }

    /// Gives up what refers to the host's code.
    pub(crate) fn revoke(&self) {
        let parts = self.parts.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(parts);
    }
}
