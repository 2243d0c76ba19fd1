//! What instances of a component are made of that refers to the host's code.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use super::guest::Guest;
use crate::host::HostType;
use crate::sandbox::OpenSandbox;

/// What refers to the host's code, until its runtime is shut down.
pub(crate) struct Parts {
    pub pre: InstancePre<Guest>,
    pub host_types: Arc<[HostType]>,
    /// What its instances are granted; `None` for nothing.
    pub sandbox: Option<Arc<OpenSandbox>>,
}
