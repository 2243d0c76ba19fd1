//! What a guest has of WASI, made when it first asks: most calls never do.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::sockets::WasiSocketsCtxView;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::Guest;
use crate::portion::Portion;
use crate::sandbox::{Files, Grants, Names, Places, Sockets, Stdio};

pub(super) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    grants: Grants,
    sockets: Places,
    /// What it has of files, sockets and look-ups; `None` before the first.
    portion: Option<Arc<Portion>>,
    /// Where the host provides the guest's streams.
    pub stdio: Option<Arc<Stdio>>,
}

impl Wasi {
    pub(super) fn portion(&self) -> Option<&Portion> {
        self.portion.as_deref()
    }
}

impl Guest {
    fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| {
            let mut table = ResourceTable::new();
            table.set_max_capacity(self.max_resources);
            let (context, stdio) = match self.parts.world.as_deref() {
                Some(world) => world.context(self.max_random_size),
                // Nothing is granted: no arguments, environment, files, sockets or stdio.
                None => (WasiCtx::builder().max_random_size(self.max_random_size).build(), None),
            };
            if let Some(stdio) = &stdio {
                stdio.attach(self.call.host_call(), self.call.output.clone(), &self.mailbox);
            }
            let (grants, sockets) = (Grants::default(), Places::default());
            Wasi { context, table, grants, sockets, portion: None, stdio }
        })
    }

    /// With what it has of what guests share.
    fn shared(&mut self) -> (&mut Wasi, Arc<Portion>) {
        let component = self.component.clone();
        let wasi = self.wasi();
        let portion = wasi.portion.get_or_insert_with(|| {
            Arc::new(component.runtime().commons().portion(component.address()))
        });
        let portion = portion.clone();
        (wasi, portion)
    }

    pub(crate) fn files(&mut self) -> Files<'_> {
        let world = self.parts.world.clone();
        let (wasi, portion) = self.shared();
        let inner =
            WasiFilesystemCtxView { ctx: wasi.context.filesystem(), table: &mut wasi.table };
        Files { inner, grants: &mut wasi.grants, portion, world }
    }

    pub(crate) fn names(&mut self) -> Names<'_> {
        let world = self.parts.world.clone();
        let (wasi, portion) = self.shared();
        let inner = WasiSocketsCtxView { ctx: wasi.context.sockets(), table: &mut wasi.table };
        Names { inner, portion, world }
    }

    pub(crate) fn sockets(&mut self) -> Sockets<'_> {
        let (wasi, portion) = self.shared();
        let inner = WasiSocketsCtxView { ctx: wasi.context.sockets(), table: &mut wasi.table };
        Sockets { inner, places: &mut wasi.sockets, portion }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}
