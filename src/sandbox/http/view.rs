//! wasmtime's HTTP as a store keeps it, and what the instance holds of it.

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::hooks::Hooks;
use super::ledger::Ledger;
use crate::sandbox::SandboxView;

/// Bytes that one set of fields of a guest may take.
const FIELDS: usize = 128 << 10;

/// What an instance has of HTTP.
pub(crate) struct Http {
    context: WasiHttpCtx,
    hooks: Hooks,
    ledger: Ledger,
}

/// wasmtime's part for one call of a guest, and the ledger of the instance.
pub(crate) struct Bounded<'a> {
    pub(super) view: WasiHttpCtxView<'a>,
    pub(super) ledger: &'a mut Ledger,
}

/// The data of a store, as HTTP sees it.
pub(crate) trait HttpView: SandboxView + WasiHttpView {
    fn bounded(&mut self) -> Bounded<'_>;
}

impl Http {
    pub(crate) fn new() -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(FIELDS);
        Self { context, hooks: Hooks, ledger: Ledger::default() }
    }

    /// It, with the table that it has in common with the rest of WASI.
    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> Bounded<'a> {
        let Self { context, hooks, ledger } = self;
        Bounded { view: WasiHttpCtxView { hooks, table, ctx: context }, ledger }
    }
}

impl<'a> Bounded<'a> {
    /// wasmtime's part.
    pub(crate) fn into_view(self) -> WasiHttpCtxView<'a> {
        self.view
    }
}
