//! What a guest has of WASI.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

use crate::engine::portion::Portion;
use crate::sandbox::{Grants, Places, Stdio};

pub(super) struct Wasi {
    pub context: WasiCtx,
    pub table: ResourceTable,
    pub grants: Grants,
    pub sockets: Places,
    /// What it has of files, sockets and look-ups; `None` before the first.
    pub shared: Option<Arc<Portion>>,
    #[cfg(feature = "http")]
    pub http: crate::sandbox::http::Http,
    /// Where the host provides the guest's streams.
    pub stdio: Option<Arc<Stdio>>,
}

impl Wasi {
    pub(super) fn portion(&self) -> Option<&Portion> {
        self.shared.as_deref()
    }
}
