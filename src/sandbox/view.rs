//! What WASI asks of whatever a guest's store keeps.

use wasmtime_wasi::WasiView;

use super::{Files, Names, Sockets};

/// The data of a store, as the sandbox sees it.
pub(crate) trait SandboxView: WasiView {
    fn files(&mut self) -> Files<'_>;

    fn names(&mut self) -> Names<'_>;

    fn sockets(&mut self) -> Sockets<'_>;
}
