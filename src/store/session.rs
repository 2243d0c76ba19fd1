//! One call in an instance.

use std::sync::Arc;

use wasmtime::AsContextMut;

use super::blueprint::Blueprint;
use super::export::Export;
use super::guest;
#[cfg(feature = "http")]
use super::guest::Home;
use super::live::{Live, Place};
use super::parts::Made;
use super::passage::{Passage, StoreHandles};
use super::shelf::First;
use crate::call::{Call, Running};
use crate::error::Result;
use crate::host::{Mailbox, handles};
use crate::marshal::{Args, Handles, Results};
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::Value;

/// An instance while a call is in it: what runs here has the call's limits, and reports to it. The
/// call is over when this is dropped, and the instance with it, unless it is taken out before by
/// [`finish`](Self::finish).
pub(crate) struct Session(Box<Kept<Live>>);

impl Session {
    /// Makes an instance as part of `call`, which goes on in it. It ends with the call.
    pub(crate) async fn start(
        blueprint: &Blueprint,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let place = Live::place(&blueprint.profile, blueprint, None).await?;
        let made = blueprint.parts_here(call.deadline())?;
        Self::start_in(place, made, call, mailbox).await
    }

    /// As [`start`](Self::start), for an instance that outlives the call.
    pub(crate) async fn settle(
        blueprint: &Blueprint,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let place = Live::place(&blueprint.profile, blueprint, None).await?;
        Self::start_in(place, (blueprint.parts()?, None), call, mailbox).await
    }

    async fn start_in(place: Place, made: Made, call: Call, mailbox: Arc<Mailbox>) -> Result<Self> {
        let live = Live::start(made, place, call, mailbox).await?;
        Ok(Self(Box::new(Kept::new(live))))
    }

    /// Begins another call, which `set` describes, in an instance that is there.
    #[inline(always)]
    pub(crate) fn begin(mut live: Box<Kept<Live>>, set: impl FnOnce(&mut Call)) -> Result<Self> {
        set(&mut live.store.data_mut().call);
        guest::begin(&mut live.store)?;
        Ok(Self(live))
    }

    /// An instance for `call`, which asks for host functions by `mailbox`: one that waits for a
    /// call, or a fresh one.
    pub(crate) async fn open(
        blueprint: &Blueprint,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let place = Live::place(&blueprint.profile, blueprint, blueprint.own_waits());
        let mut live = match blueprint.wait(place).await {
            First::Instance(live) => live,
            First::Place(place) => {
                let (place, made) = (place?, blueprint.parts_here(call.deadline())?);
                return Self::start_in(place, made, call, mailbox).await;
            }
        };
        live.store.data_mut().mailbox = mailbox;
        Self::begin(live, |it| *it = call)
    }

    /// Ends the call, which went well. The instance forgets what the host had to do with it.
    #[inline(always)]
    pub(crate) fn finish(mut self) -> Box<Kept<Live>> {
        self.0.store.dismiss();
        self.0.store.data_mut().call.forget();
        self.0
    }

    /// The store that the instance is in.
    #[cfg(feature = "http")]
    pub(super) fn store(&mut self) -> &mut Home {
        &mut self.0.store
    }

    /// As [`Live::read`].
    pub(crate) fn read<'a>(
        &mut self,
        export: &Export,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<(Args<'a>, Option<Box<Passage>>)> {
        self.0.read(export, read)
    }

    /// Calls `export` with what [`Live::read`] gave.
    pub(crate) async fn call(
        &mut self,
        export: &Export,
        args: &Args<'_>,
        passage: Option<Box<Passage>>,
    ) -> Result<Results> {
        let (callee, store, loans) = self.0.prepare(export, passage)?;
        let way = store.data().call.terms.way;
        let outcome = way.call(callee, store, args, export.has_result()).await;
        self.0.conclude(outcome, loans)
    }

    /// As [`call`](Self::call), on this thread, as `running` says.
    #[inline(always)]
    pub(crate) fn run(
        &mut self,
        export: &Export,
        args: &Args<'_>,
        passage: Option<Box<Passage>>,
        running: &Running<'_>,
    ) -> Result<Results> {
        let (callee, store, loans) = self.0.prepare(export, passage)?;
        let outcome = running.terms.way.run(callee, store, args, export.has_result(), running)?;
        self.0.conclude(outcome, loans)
    }

    /// Calls `export` with values of wasmtime. Resources in the results are the instance's own: see
    /// [`give`](Self::give).
    pub(crate) async fn call_values(
        &mut self,
        export: &Export,
        args: &[Value],
    ) -> Result<Vec<Value>> {
        let callee = self.0.function(export)?;
        self.0.count();
        let store = &mut self.0.store;
        let mut results = vec![Value::Bool(false); usize::from(export.has_result())];
        let way = store.data().call.terms.way;
        let outcome = way.call_values(&callee, store, args, &mut results).await;
        guest::end(store, outcome)?;
        Ok(results)
    }

    /// Takes the resources in `values` out of the guest's hands, and drops those of the host: their
    /// numbers are nobody's.
    pub(crate) fn give(&mut self, values: &[Value]) -> Result<()> {
        let store = &mut self.0.store;
        let mut handles = StoreHandles::new(store.as_context_mut());
        handles::give_all(values, &mut handles)?;
        let passage = handles.finish();
        let returned = passage.returned(&store.data().lent);
        let taken = passage.commit(store.as_context_mut());
        drop(returned);
        taken?.end(store.as_context_mut())
    }

    /// Drops a resource of the guest that the host holds.
    pub(crate) async fn drop_resource(&mut self, handle: u64) -> Result<()> {
        let store = &mut self.0.store;
        let resource = store.data_mut().handles.remove(handle)?;
        let way = store.data().call.terms.way;
        let outcome = way.drop_resource(resource, store.as_context_mut()).await;
        guest::end(store, outcome)
    }
}
