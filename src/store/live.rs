//! One component instance in a store with its limits, and how functions are called in it.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::AsContextMut;

use super::blueprint::Blueprint;
use super::export::Export;
use super::guest::{self, Home};
use super::passage::{Loans, Passage, StoreHandles};
use super::profile::Profile;
use crate::call::{Call, Running};
use crate::error::{Code, Error, Result};
use crate::host::{Mailbox, handles};
use crate::marshal::{self, Args, Handles, Lifted, NoHandles, Results};
use crate::stats::Counters;
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::Value;

/// An instance that is alive. It gives its slot back after its memory, so that whoever takes the
/// slot finds room in the pool.
pub(crate) struct Live {
    store: Home,
    instance: wasmtime::component::Instance,
    last: Option<Resolved>,
    _counted: Counted,
    _slot: OwnedSemaphorePermit,
}

/// Counts an instance for as long as it lives.
struct Counted {
    stats: Arc<Counters>,
    /// Bytes that it takes besides memories and tables.
    state: u64,
}

impl Counted {
    fn new(profile: &Profile) -> Result<Self> {
        let (services, state) = (&profile.services, profile.state);
        let max = services.settings().bounds.max_total_instance_state;
        if services.stats().instance_started(state, max) {
            return Ok(Self { stats: services.stats().clone(), state });
        }
        let problem = format!(
            "the instance wants {state} bytes besides memories and tables, and others have some; \
             `max_total_instance_state` is {max}"
        );
        Err(Error::new(Code::MemoryLimit, problem))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.stats.instance_ended(self.state);
    }
}

/// An exported function as the instance knows it: the one that was called last, since hosts call
/// one function many times.
struct Resolved {
    /// Which export it is.
    position: usize,
    callee: wasmtime::component::Func,
}

impl Live {
    /// Makes an instance as part of `call`.
    pub(crate) async fn start(
        blueprint: &Blueprint,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let profile = &blueprint.profile;
        let slot = profile.services.slot(profile.places).await?;
        let counted = Counted::new(profile)?;
        let on_fiber = call.terms.on_fiber;
        let parts = blueprint.parts()?;
        let (types, world) = (&parts.host_types, parts.world.as_ref());
        let mut store = guest::store(profile, types, world, call, mailbox)?;
        let instance = match on_fiber {
            true => parts.pre.instantiate_async(&mut store).await,
            false => parts.pre.instantiate(&mut store),
        };
        let instance = guest::end(&mut store, instance)?;
        Ok(Self { store, instance, last: None, _counted: counted, _slot: slot })
    }

    /// Calls one of its exports, without resources, as part of the call it was started for.
    pub(crate) async fn call(&mut self, export: &Export, args: &Args<'_>) -> Result<Results> {
        self.call_read(export, args, None).await
    }

    /// How to call `export` as part of the call this is armed for. What it needs to know stays
    /// where it is, since it is used right away.
    #[inline(always)]
    fn prepare(
        &mut self,
        export: &Export,
        passage: Option<Box<Passage>>,
    ) -> Result<(&wasmtime::component::Func, &mut Home, Option<Loans>)> {
        if self.last.as_ref().is_none_or(|last| last.position != export.position) {
            let callee = self.function(export)?;
            self.last = Some(Resolved { position: export.position, callee });
        }
        let Self { store, last, .. } = self;
        let last = last.as_ref().ok_or_else(stranger)?;
        let loans = passage.map(|it| it.commit(store.as_context_mut())).transpose()?;
        Ok((&last.callee, store, loans))
    }

    /// What came of what [`prepare`](Self::prepare) said.
    #[inline(always)]
    fn conclude(
        &mut self,
        outcome: wasmtime::Result<Lifted>,
        loans: Option<Loans>,
    ) -> Result<Results> {
        let lifted = guest::end(&mut self.store, outcome)?;
        let Some(loans) = loans else {
            return lifted.plain();
        };
        loans.end(self.store.as_context_mut())?;
        let mut handles = StoreHandles::new(self.store.as_context_mut());
        let (results, _) = lifted.give(&mut handles)?;
        handles.finish().commit(self.store.as_context_mut())?.end(self.store.as_context_mut())?;
        Ok(results)
    }

    /// Calls `export` with values of wasmtime.
    pub(crate) async fn call_values(
        &mut self,
        export: &Export,
        args: &[Value],
    ) -> Result<Vec<Value>> {
        let function = self.function(export)?;
        let mut results = vec![Value::Bool(false); usize::from(export.has_result())];
        let outcome = match self.store.data().call.terms.on_fiber {
            true => function.call_async(&mut self.store, args, &mut results).await,
            false => function.call(&mut self.store, args, &mut results),
        };
        guest::end(&mut self.store, outcome)?;
        Ok(results)
    }

    fn function(&mut self, export: &Export) -> Result<wasmtime::component::Func> {
        self.instance.get_func(&mut self.store, export.index).ok_or_else(stranger)
    }

    /// Reads arguments where this instance's handles are known.
    #[inline(always)]
    pub(crate) fn read<'a>(
        &mut self,
        export: &Export,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<(Args<'a>, Option<Box<Passage>>)> {
        if !export.has_resources {
            return Ok((read(export.signature(), &mut NoHandles)?, None));
        }
        // Types of resources are an instance's own.
        let function = self.function(export)?;
        let ty = FunctionType::from_wasmtime(&function.ty(&self.store));
        let mut handles = StoreHandles::new(self.store.as_context_mut());
        let args = read(&ty, &mut handles);
        let passage = handles.finish();
        match args {
            Ok(args) => Ok((args, Some(Box::new(passage)))),
            Err(error) => {
                passage.undo(self.store.as_context_mut())?;
                Err(error)
            }
        }
    }

    /// Calls `export` with what [`read`](Self::read) gave.
    pub(crate) async fn call_read(
        &mut self,
        export: &Export,
        args: &Args<'_>,
        passage: Option<Box<Passage>>,
    ) -> Result<Results> {
        let (callee, store, loans) = self.prepare(export, passage)?;
        let has_result = export.has_result();
        let outcome = match store.data().call.terms.on_fiber {
            true => marshal::call(callee, store, args, has_result).await,
            false => marshal::call_here(callee, store, args, has_result),
        };
        self.conclude(outcome, loans)
    }

    /// [`call_read`](Self::call_read) on this thread, without all that a future carries around.
    #[inline(always)]
    pub(crate) fn run(
        &mut self,
        export: &Export,
        args: &Args<'_>,
        passage: Option<Box<Passage>>,
        running: &Running<'_>,
    ) -> Result<Results> {
        let (callee, store, loans) = self.prepare(export, passage)?;
        let has_result = export.has_result();
        let outcome = match running.terms.on_fiber {
            true => {
                let part = marshal::call(callee, store, args, has_result);
                running.drive(pin!(Kept::new(part)))?
            }
            false => marshal::call_here(callee, store, args, has_result),
        };
        self.conclude(outcome, loans)
    }

    /// Drops a resource of the guest that the host holds.
    pub(crate) async fn drop_resource(&mut self, handle: u64) -> Result<()> {
        let resource = self.store.data_mut().handles.remove(handle)?;
        let outcome = match self.store.data().call.terms.on_fiber {
            true => resource.resource_drop_async(&mut self.store).await,
            false => resource.resource_drop(&mut self.store),
        };
        guest::end(&mut self.store, outcome)
    }

    /// The resource behind a handle that the host holds.
    pub(crate) fn peek(&mut self, handle: u64) -> Result<()> {
        self.store.data_mut().handles.peek(handle).map(drop)
    }

    /// Gives the host numbers for the resources in `values`.
    pub(crate) fn give(&mut self, values: &[Value]) -> Result<()> {
        let mut handles = StoreHandles::new(self.store.as_context_mut());
        handles::give_all(values, &mut handles)?;
        handles.finish().commit(self.store.as_context_mut())?.end(self.store.as_context_mut())
    }

    /// Gives back what a call that did not begin would have passed.
    pub(crate) fn undo(&mut self, passage: Passage) -> Result<()> {
        passage.undo(self.store.as_context_mut())
    }

    /// Forgets where the call that ended well reported to.
    pub(crate) fn disarm(&mut self) {
        self.store.data_mut().call.report = None;
    }

    /// Begins another call than the one it was started for, which `set` describes.
    #[inline(always)]
    pub(crate) fn arm(&mut self, set: impl FnOnce(&mut Call)) -> Result<()> {
        set(&mut self.store.data_mut().call);
        guest::begin(&mut self.store)
    }
}

fn stranger() -> Error {
    Error::new(Code::NotFound, "the function is of another component")
}
