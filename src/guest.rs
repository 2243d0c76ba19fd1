//! What a store knows about the guest in it: its limits, its call, its view of the world.

use std::sync::Arc;

use wasmtime::component::{ResourceTable, ResourceType};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::call::Call;
use crate::component::Component;
use crate::error::{Error, Result};
use crate::handles;
use crate::limits::Limiter;

/// The data of a store.
pub(crate) struct Guest {
    pub limiter: Limiter,
    /// The call in flight, or the last one.
    pub call: Call,
    /// Types of the resources that the host defined, by the index in their type.
    pub host_resources: Arc<[ResourceType]>,
    /// Resources of the guest that the host holds.
    pub handles: handles::Table,
    max_resources: usize,
    max_random_size: u64,
    wasi: Option<Wasi>,
}

struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

/// A store for one instance of `component`, held to its limits, and interrupted when its call
/// says so.
pub(crate) fn store(component: &Component, call: Call) -> Result<Store<Guest>> {
    let runtime = component.runtime();
    let settings = runtime.settings();
    let guest = Guest {
        limiter: Limiter::new(component.limits(), runtime.stats().clone()),
        call,
        host_resources: component.host_resources().clone(),
        handles: handles::Table::new(runtime.serials(), settings.max_resources),
        max_resources: settings.max_resources,
        max_random_size: settings.max_random_size,
        wasi: None,
    };
    let mut store = Store::try_new(runtime.engine(), guest)?;
    store.limiter(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(settings.max_hostcall_memory);
    store.set_max_component_handles(settings.max_resources);
    store.epoch_deadline_callback(at_tick);
    begin(&mut store)?;
    Ok(store)
}

/// Arms the store for the call in its data.
pub(crate) fn begin(store: &mut Store<Guest>) -> Result<()> {
    // One tick ahead, then at every tick. Never by moving the shared epoch far ahead: that would
    // stop every other guest of the engine.
    store.set_epoch_deadline(1);
    store.data_mut().limiter.begin_call();
    if let Some(fuel) = store.data().call.fuel {
        store.set_fuel(fuel)?;
    }
    Ok(())
}

/// Reports what the call used, and says why it failed.
pub(crate) fn end<T>(store: &mut Store<Guest>, result: wasmtime::Result<T>) -> Result<T> {
    if let Some(given) = store.data().call.fuel {
        let left = store.get_fuel()?;
        if let Some(report) = &store.data().call.report {
            report.set_fuel(given.saturating_sub(left));
        }
    }
    result.map_err(|error| store.data_mut().limiter.explain(Error::from(error)))
}

fn at_tick(store: StoreContextMut<'_, Guest>) -> wasmtime::Result<UpdateDeadline> {
    let call = &store.data().call;
    match call.deadline.check() {
        Ok(()) if call.yields => Ok(UpdateDeadline::Yield(1)),
        Ok(()) => Ok(UpdateDeadline::Continue(1)),
        Err(error) => Err(error.into_wasmtime()),
    }
}

impl WasiView for Guest {
    /// Made when the guest first asks: most calls never do.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(|| {
            let mut table = ResourceTable::new();
            table.set_max_capacity(self.max_resources);
            // Nothing is granted: no arguments, environment, files, sockets or stdio.
            let context = WasiCtx::builder().max_random_size(self.max_random_size).build();
            Wasi { context, table }
        });
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}
