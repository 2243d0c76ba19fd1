//! A component that is instantiated for each call.

use std::thread;

use wasmtime::Result;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower,
};

use crate::host::{Ask, Guest, Host};

pub struct Fresh {
    pub host: Host,
    pub pre: InstancePre<Guest>,
    index: ComponentExportIndex,
}

impl Fresh {
    pub fn new(host: Host, path: &str, name: &str, wasi: bool) -> Result<Self> {
        let component = Component::from_file(host.engine(), path)?;
        let pre = match wasi {
            true => host.link_wasi(&component)?,
            false => host.link(&component, Ask::Outside)?,
        };
        let index = component.get_export_index(None, name);
        let index = index.ok_or_else(|| wasmtime::format_err!("no `{name}` in {path}"))?;
        Ok(Self { host, pre, index })
    }

    fn call<P, R>(&self, args: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        self.host.fresh(async |store| {
            let instance = self.pre.instantiate_async(&mut *store).await?;
            let function = instance.get_typed_func::<P, R>(&mut *store, self.index)?;
            function.call_async(store, args).await
        })
    }

    pub fn adds(&self, n: u64) -> Result<()> {
        (0..n).try_for_each(|_| self.call::<_, (u32,)>((20_u32, 22_u32)).map(drop))
    }

    pub fn greets(&self, n: u64) -> Result<()> {
        (0..n).try_for_each(|_| self.call::<_, (String,)>(("world",)).map(drop))
    }

    pub fn in_two_threads(&self, n: u64) -> Result<()> {
        thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| self.adds(n)));
            both.into_iter().try_for_each(|it| it.join().expect("no panic"))
        })
    }
}
