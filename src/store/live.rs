//! One component instance in a store with its limits, and how functions are called in it.

use std::sync::Arc;

use wasmtime::AsContextMut;

use super::export::Export;
use super::guest::{self, Home};
use super::parts::{Made, Parts};
use super::passage::{Loans, Passage, StoreHandles};
use super::profile::Profile;
use crate::call::{Call, Party};
use crate::engine::berths::Berth;
use crate::engine::slots::{OwnWaits, Permit, Spare};
use crate::error::{Code, Error, Result};
use crate::host::Mailbox;
use crate::marshal::{Args, Handles, Lifted, NoHandles, Results};
use crate::observer::NearObserver;
use crate::system::lanes::Near;
use crate::types::FunctionType;

/// An instance that is alive. It gives its slot back after its memory, so that the next to take
/// the slot finds room in the pool.
pub(crate) struct Live {
    pub(super) store: Home,
    /// `None` until it is made.
    instance: Option<wasmtime::component::Instance>,
    last: Option<Resolved>,
    /// Calls that it has had.
    calls: u64,
    /// Bytes of memories and tables after its start.
    first: u64,
    /// After the store, whose code is theirs.
    parts: Near<Parts>,
    _counted: Alive,
    berth: Option<Berth>,
    _place: Place,
}

/// Room for one instance: a slot of the runtime's, and one of those that the component may have.
pub(super) struct Place {
    _slot: Permit,
    _within: Option<Permit>,
}

/// Counts an instance for as long as it lives.
struct Alive {
    observer: NearObserver,
    /// Bytes that it takes besides memories and tables.
    state: u64,
}

impl Alive {
    fn new(profile: &Profile) -> Result<Self> {
        let (services, state) = (&profile.services, profile.state);
        let max = services.settings().bounds.max_total_instance_state;
        let starts = || services.observer().counters().instance_started(state, max);
        let mut fits = starts();
        while !fits && services.spares().give_way() {
            fits = starts();
        }
        if fits {
            return Ok(Self { observer: services.near_observer(), state });
        }
        let problem = format!(
            "the instance wants {state} bytes besides memories and tables, and others have some; \
             `max_total_instance_state` is {max}"
        );
        let error = Error::new(Code::MemoryLimit, problem);
        Err(error.met("max_total_instance_state", None, max))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.observer.counters().instance_ended(self.state);
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
    /// Waits for room for one more instance. `spare` of the component gives way to it, if the
    /// component has as many as it may, and `own` counts it meanwhile.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(super) async fn place(
        profile: &Profile,
        spare: &dyn Spare,
        own: Option<&OwnWaits>,
    ) -> Result<Place> {
        let services = &profile.services;
        // Who waits for one of its own kind holds no place of others meanwhile.
        let within = match &profile.bulkhead {
            Some(bulkhead) => {
                let own = own.map(|own| &own.bulkhead);
                Some(bulkhead.take(1, services.workers(), spare, own).await?)
            }
            None => None,
        };
        let slot = services.slot(profile.places, own.map(|own| &own.slots)).await?;
        Ok(Place { _slot: slot, _within: within })
    }

    /// As [`place`](Self::place), for a provider in a call that has instances already. A call that
    /// has one of which there may be few waits for no other such: calls would wait for each other.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(super) async fn place_in(
        party: &Party,
        profile: &Profile,
        spare: &dyn Spare,
    ) -> Result<Place> {
        let (services, places) = (&profile.services, profile.places);
        let within = match &profile.bulkhead {
            None => None,
            Some(bulkhead) => Some(match bulkhead.take_now(1, spare) {
                Some(within) => within,
                None if party.is_limited() => {
                    let problem = "all instances that `max_instances` allows are in other calls";
                    let error = Error::new(Code::InstanceLimit, problem);
                    return Err(error.with_setting("max_instances"));
                }
                None => {
                    let _waits = services.wait_with(party.places(), places)?;
                    bulkhead.take(1, services.workers(), spare, None).await?
                }
            }),
        };
        let slot = match services.slot_now(places) {
            Some(slot) => slot,
            None => {
                let _waits = services.wait_with(party.places(), places)?;
                services.slot(places, None).await?
            }
        };
        party.add(places, within.is_some());
        Ok(Place { _slot: slot, _within: within })
    }

    /// Makes an instance as part of `call`.
    pub(super) async fn start(
        made: Made,
        place: Place,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let mut live = Self::prepared(made, place, call, mailbox)?;
        live.instantiate().await?;
        Ok(live)
    }

    /// All that an instance takes, before it is made.
    pub(super) fn prepared(
        (parts, berth): Made,
        place: Place,
        call: Call,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self> {
        let counted = Alive::new(&parts.basis.profile)?;
        Ok(Self {
            store: guest::store(parts.pre.engine(), &parts.basis, call, mailbox)?,
            instance: None,
            last: None,
            calls: 0,
            first: 0,
            parts,
            _counted: counted,
            berth,
            _place: place,
        })
    }

    /// Makes the instance.
    pub(super) async fn instantiate(&mut self) -> Result<()> {
        let way = self.store.data().call.terms.way;
        let instance = way.instantiate(&self.parts.pre, &mut self.store).await;
        self.instance = Some(guest::end(&mut self.store, instance)?);
        self.first = self.store.data().limiter.used();
        Ok(())
    }

    /// How to call `export` as part of the call that is in it. What it needs to know stays
    /// where it is, since it is used right away.
    #[inline(always)]
    pub(super) fn prepare(
        &mut self,
        export: &Export,
        passage: Option<Box<Passage>>,
    ) -> Result<(&wasmtime::component::Func, &mut Home, Option<Loans>)> {
        if self.last.as_ref().is_none_or(|last| last.position != export.position) {
            let callee = self.function(export)?;
            self.last = Some(Resolved { position: export.position, callee });
        }
        let Self { store, last, calls, .. } = self;
        let last = last.as_ref().ok_or_else(stranger)?;
        let loans = passage.map(|it| enter(*it, store)).transpose()?;
        *calls += 1;
        Ok((&last.callee, store, loans))
    }

    /// What came of what [`prepare`](Self::prepare) said.
    #[inline(always)]
    pub(super) fn conclude(
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
        let (mut results, _) = lifted.give(&mut handles)?;
        let passage = handles.finish();
        let returned = passage.returned(&self.store.data().lent);
        passage.commit(self.store.as_context_mut())?.end(self.store.as_context_mut())?;
        if let Some(returned) = returned {
            results.unless_claimed(Box::new(returned));
        }
        Ok(results)
    }

    pub(super) fn function(&mut self, export: &Export) -> Result<wasmtime::component::Func> {
        let function = self.instance.zip(self.parts.index(export));
        let function = function.and_then(|(it, index)| it.get_func(&mut self.store, index));
        function.ok_or_else(stranger)
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

    /// It has one more call.
    pub(super) fn count(&mut self) {
        self.calls += 1;
    }

    /// Calls that it has had.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// By how many bytes its memories and tables have grown since its start.
    pub(super) fn growth(&self) -> u64 {
        self.store.data().limiter.used().saturating_sub(self.first)
    }

    /// Whether it has something of the host's, or the host of it, whose end they wait for.
    pub(super) fn is_shared(&self) -> bool {
        let guest = self.store.data();
        !guest.lent.is_empty() || !guest.handles.is_empty()
    }

    /// Where its host functions are served.
    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.store.data().mailbox
    }

    /// The resource behind a handle that the host holds.
    pub(crate) fn peek(&mut self, handle: u64) -> Result<()> {
        self.store.data_mut().handles.peek(handle).map(drop)
    }

    /// Gives back what a call that did not begin would have passed.
    pub(crate) fn undo(&mut self, passage: Passage) -> Result<()> {
        passage.undo(self.store.as_context_mut())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(berth) = &mut self.berth {
            let bytes = self.store.data().limiter.used();
            self.parts.ends_with(bytes);
            berth.ends_with(bytes);
        }
    }
}

/// Has the resources among the arguments change owner, and says so.
fn enter(passage: Passage, store: &mut Home) -> Result<Loans> {
    let gives = passage.gives();
    let loans = passage.commit(store.as_context_mut())?;
    if let Some(report) = &store.data().call.report
        && gives
    {
        report.set_taken();
    }
    Ok(loans)
}

fn stranger() -> Error {
    Error::new(Code::NotFound, "the function is of another component")
}
