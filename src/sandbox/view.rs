//! What WASI asks of whatever a guest's store keeps.

use std::sync::Arc;

use wasmtime_wasi::WasiView;

use super::{Files, Names, Sockets, Stdio};

/// The data of a store, as the sandbox sees it.
pub(crate) trait SandboxView: WasiView {
    fn files(&mut self) -> Files<'_>;

    fn names(&mut self) -> Names<'_>;

    fn sockets(&mut self) -> Sockets<'_>;

    /// The streams that the host provides.
    fn stdio(&mut self) -> Option<Arc<Stdio>>;
}
