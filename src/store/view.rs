//! What a guest has of WASI is made when it first asks: most calls never do.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::sockets::WasiSocketsCtxView;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::guest::Guest;
use super::profile::address;
use super::wasi::Wasi;
use crate::engine::portion::Portion;
use crate::sandbox::{Files, Grants, Names, Places, SandboxView, Sockets, Stdio};

impl Guest {
    fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| {
            let mut table = ResourceTable::new();
            table.set_max_capacity(self.basis.profile.limits.resources);
            let max_random_size = self.basis.profile.limits.random_size;
            let (context, stdio) = match self.basis.sandbox.as_deref() {
                Some(sandbox) => sandbox.context(max_random_size),
                // Nothing is granted: no arguments, environment, files, sockets or stdio.
                None => (WasiCtx::builder().max_random_size(max_random_size).build(), None),
            };
            if let Some(stdio) = &stdio {
                stdio.attach(self.call.host_call(), self.call.output.clone(), &self.mailbox);
            }
            let (grants, sockets) = (Grants::default(), Places::default());
            Wasi {
                context,
                table,
                grants,
                sockets,
                shared: None,
                #[cfg(feature = "http")]
                http: crate::sandbox::http::Http::new(),
                stdio,
            }
        })
    }

    /// With what it has of what guests share.
    fn shared(&mut self) -> (&mut Wasi, Arc<Portion>) {
        let profile = self.basis.profile.clone();
        let wasi = self.wasi();
        let portion = wasi.shared.get_or_insert_with(|| {
            let commons = profile.services.commons();
            Arc::new(commons.portion(address(&profile), &profile.limits))
        });
        let portion = portion.clone();
        (wasi, portion)
    }
}

impl SandboxView for Guest {
    fn files(&mut self) -> Files<'_> {
        let sandbox = self.basis.sandbox.clone();
        let (wasi, portion) = self.shared();
        let inner =
            WasiFilesystemCtxView { ctx: wasi.context.filesystem(), table: &mut wasi.table };
        Files { inner, grants: &mut wasi.grants, portion, sandbox }
    }

    fn names(&mut self) -> Names<'_> {
        let sandbox = self.basis.sandbox.clone();
        let (wasi, portion) = self.shared();
        let inner = WasiSocketsCtxView { ctx: wasi.context.sockets(), table: &mut wasi.table };
        Names { inner, portion, sandbox }
    }

    fn sockets(&mut self) -> Sockets<'_> {
        let (wasi, portion) = self.shared();
        let inner = WasiSocketsCtxView { ctx: wasi.context.sockets(), table: &mut wasi.table };
        Sockets { inner, places: &mut wasi.sockets, portion }
    }

    fn stdio(&mut self) -> Option<Arc<Stdio>> {
        self.wasi().stdio.clone()
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

#[cfg(feature = "http")]
mod http {
    use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

    use crate::sandbox::http::{Bounded, HttpView};
    use crate::store::guest::Guest;

    impl HttpView for Guest {
        fn bounded(&mut self) -> Bounded<'_> {
            let wasi = self.wasi();
            wasi.http.view(&mut wasi.table)
        }
    }

    impl WasiHttpView for Guest {
        fn http(&mut self) -> WasiHttpCtxView<'_> {
            self.bounded().into_view()
        }
    }
}
