//! What a guest has done by another component: a call in an instance of that, as a part of its own.
//!
//! The instance is made at the first such call, and lives until the host's call is over: in the
//! store of the guest that it serves, so that nothing ends on a guest's fiber that may call the
//! host's code when it ends. The values are copied: what one instance gave is lifted into memory of
//! the host, and lowered into the other one.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};
use wasmtime::StoreContextMut;

use super::export::Export;
use super::guest::{self, Guest, Served};
use super::live::Live;
use super::provider::Provider;
use crate::call::executor::{self, Surroundings};
use crate::call::{Call, Party, Way};
use crate::engine::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::host::{Answer, Mailbox};
use crate::marshal::{self, Args, Lifted, Replied, Reply, Results};
use crate::observer::{Observed, Observer};
use crate::system::process::Kept;
use crate::system::thread::{self, Inside};
use crate::types::brief;

/// A function that another component provides for an import.
pub(super) struct Errand {
    provider: Arc<Provider>,
    export: Arc<Export>,
    import: Box<str>,
}

/// An instance that serves another one, and is in one call at a time.
type Place = Mutex<Option<Box<Kept<Live>>>>;

/// The instances that serve one guest, by what they are instances of.
#[derive(Default)]
struct Servants(Vec<(usize, Arc<Place>)>);

/// One call in such an instance.
struct Visit {
    provider: Arc<Provider>,
    export: Arc<Export>,
    at: OwnedMutexGuard<Option<Box<Kept<Live>>>>,
    call: Option<Call>,
    party: Arc<Party>,
    mailbox: Arc<Mailbox>,
    /// What the guest that is served has left; it has none meanwhile.
    fuel: Option<u64>,
    seen: Seen,
}

/// A call that is counted, also when it is stopped on its way.
struct Seen {
    observed: Option<Observed<Arc<Observer>>>,
    deadline: Deadline,
}

impl Seen {
    fn end<T>(&mut self, outcome: &Result<T>) {
        if let Some(observed) = self.observed.take() {
            observed.end(outcome);
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let deadline = self.deadline.as_ref();
        self.end(&deadline.check().and_then(|()| Err::<(), _>(deadline.cancelled())));
    }
}

impl Errand {
    pub(super) fn new(provider: Arc<Provider>, export: Export, import: Box<str>) -> Self {
        Self { provider, export: Arc::new(export), import }
    }

    /// Runs for a guest on its fiber.
    pub(super) async fn run(
        &self,
        mut store: StoreContextMut<'_, Guest>,
        given: Lifted,
    ) -> Result<Replied> {
        let args = self.args(given)?;
        let way = Way::Fiber;
        let (place, mut visit) = self.begin(&mut store, way)?;
        let lent = visit.fuel;
        let outcome = match self.provider.source().policy().calls_directly {
            false => {
                let outcome = visit.run(&args).await;
                visit.seen.end(&outcome);
                drop(visit.at);
                outcome.map(Replied::kept)
            }
            // Its host functions run where it runs, and so not here.
            true => {
                let mailbox = visit.mailbox.clone();
                let reply = |results| -> Box<dyn Reply> { Box::new(results) };
                mailbox.ask(move || Answer::Now(visit.run_there(&args).map(reply))).await
            }
        };
        give_back(&mut store, &place, lent)?;
        outcome.map_err(|error| self.explain(error))
    }

    /// Runs for a guest that is on its caller's stack.
    pub(super) fn run_here(
        &self,
        mut store: StoreContextMut<'_, Guest>,
        given: Lifted,
    ) -> Result<Replied> {
        let args = self.args(given)?;
        let way = self.provider.way_here()?;
        let (place, visit) = self.begin(&mut store, way)?;
        let lent = visit.fuel;
        let outcome = visit.drive(&args);
        give_back(&mut store, &place, lent)?;
        outcome.map(Replied::kept).map_err(|error| self.explain(error))
    }

    /// What the guest gave, for the other component.
    fn args(&self, given: Lifted) -> Result<Args<'static>> {
        marshal::keep_results(given.plain()?, self.export.signature())
    }

    fn begin(
        &self,
        store: &mut StoreContextMut<'_, Guest>,
        way: Way,
    ) -> Result<(Arc<Place>, Visit)> {
        let guest = store.data_mut();
        let services = guest.basis.profile.services.clone();
        let level = guest.call.level + 1;
        Inside::enter().check_call(level, services.settings().max_call_depth)?;
        let places = guest.basis.profile.places;
        let party = guest.call.party.get_or_insert_with(|| Arc::new(Party::new(places))).clone();
        let call = Some(guest.call.part(way, party.clone()));
        let place = servant(guest, self.provider.key());
        let busy = |_| Error::new(Code::Busy, "the instance that provides it is in another call");
        let at = place.clone().try_lock_owned().map_err(busy)?;
        let mailbox = guest.mailbox.clone();
        let fuel = match guest.call.terms.fuel {
            Some(_) => {
                let left = store.get_fuel()?;
                store.set_fuel(0)?;
                Some(left)
            }
            None => None,
        };
        let (provider, export) = (self.provider.clone(), self.export.clone());
        let deadline = store.data().call.deadline().to_owned();
        let observed = Some(Observed::begin(services.observer().clone()));
        let seen = Seen { observed, deadline };
        Ok((place, Visit { provider, export, at, call, party, mailbox, fuel, seen }))
    }

    /// Says who failed. What a function of the host says goes to the caller as it is.
    fn explain(&self, error: Error) -> Error {
        if error.code() == Code::Host {
            return error;
        }
        let import = &*self.import;
        let who = format!("`{}`, which {} provides", brief(import), self.provider.called());
        let error = match (error.code(), error.exit_status()) {
            // It is not the guest that ended itself.
            (Code::Exit, Some(status)) => {
                Error::new(Code::Trap, format_args!("it ended itself with status {status}"))
                    .or_frames(error.frames().to_vec())
            }
            _ => error,
        };
        let is_told = error.details().import.is_some();
        let error = error.context(who);
        if is_told { error } else { error.of_import(import) }
    }
}

/// The place of the instance that serves `guest` from the component with this key.
fn servant(guest: &mut Guest, key: usize) -> Arc<Place> {
    let served = guest.served.get_or_insert_with(|| Box::new(Servants::default()));
    let servants = (&mut **served as &mut dyn Any).downcast_mut::<Servants>();
    let Some(Servants(all)) = servants else { return Arc::default() };
    if let Some((_, place)) = all.iter().find(|(known, _)| *known == key) {
        return place.clone();
    }
    let place = Arc::<Place>::default();
    all.push((key, place.clone()));
    place
}

/// Gives the guest back what its errand has left of the fuel that it was `lent`.
fn give_back(
    store: &mut StoreContextMut<'_, Guest>,
    place: &Place,
    lent: Option<u64>,
) -> Result<()> {
    let Some(lent) = lent else { return Ok(()) };
    let left = place.try_lock().ok().and_then(|mut at| {
        let live = at.as_mut()?;
        let left = live.store.get_fuel().ok()?;
        live.store.set_fuel(0).ok()?;
        Some(left)
    });
    // Without an instance nothing was used.
    Ok(store.set_fuel(left.unwrap_or(lent))?)
}

impl Visit {
    /// Runs the call where it may wait, or never does.
    async fn run(&mut self, args: &Args<'_>) -> Result<Results> {
        let source = self.provider.source();
        let blueprint = source.blueprint();
        let Some(call) = self.call.take() else {
            return Err(Error::new(Code::Busy, "it was called before"));
        };
        let live = match &mut *self.at {
            Some(live) => {
                live.store.data_mut().call = call;
                guest::begin(&mut live.store)?;
                if let Some(fuel) = self.fuel {
                    live.store.set_fuel(fuel)?;
                }
                live
            }
            nobody => {
                let profile = &blueprint.profile;
                let place = Live::place_in(&self.party, profile, blueprint).await?;
                let parts = blueprint.parts()?;
                let mailbox = self.mailbox.clone();
                let made = Live::prepared((parts, None), place, call, mailbox)?;
                let live = nobody.insert(Box::new(Kept::new(made)));
                if let Some(fuel) = self.fuel {
                    live.store.set_fuel(fuel)?;
                }
                live.instantiate().await?;
                live
            }
        };
        let (callee, store, _) = live.prepare(&self.export, None)?;
        let way = store.data().call.terms.way;
        let outcome = way.call(callee, store, args, self.export.has_result()).await;
        live.conclude(outcome, None)
    }

    /// Runs the call on this thread, which waits for it.
    fn drive(mut self, args: &Args<'_>) -> Result<Results> {
        let provider = self.provider.clone();
        let policy = provider.source().policy();
        let services = &policy.services;
        let Some(call) = &self.call else {
            return Err(Error::new(Code::Busy, "it was called before"));
        };
        let (deadline, interrupt) = (call.deadline().to_owned(), call.interrupt.clone());
        let mailbox = self.mailbox.clone();
        let around = Surroundings {
            reactor: policy.uses_wasi.then(|| services.workers().reactor()),
            deadline: deadline.as_ref(),
            mailbox: &mailbox,
            log: services.log(),
            ticker: services.ticker(),
            interrupt: interrupt.as_deref(),
            birthplace: services.birthplace(),
        };
        let outcome = executor::block_on(&around, pin!(Kept::new(self.run(args)))).flatten();
        self.seen.end(&outcome);
        outcome
    }

    /// Runs the call on a native stack, for a guest that is on its fiber.
    fn run_there(mut self, args: &Args<'_>) -> Result<Results> {
        let _inside = Inside::enter();
        let way = self.provider.way_here()?;
        if let Some(call) = &mut self.call {
            call.terms.way = way;
        }
        self.drive(args)
    }
}

impl Provider {
    /// Which way it is called on this thread's own stack.
    fn way_here(&self) -> Result<Way> {
        let policy = self.source().policy();
        let (stack, max_stack) = (thread::stack(), policy.max_stack);
        if policy.calls_directly {
            stack.check_room(max_stack)?;
            return Ok(Way::Here);
        }
        match policy.may_wait || !stack.has_room(max_stack) {
            true => Ok(Way::Fiber),
            false => Ok(Way::Here),
        }
    }
}

impl Served for Servants {
    fn fuel(&self) -> u64 {
        let all = self.0.iter().filter_map(|(_, place)| place.try_lock().ok());
        let fuel = all.map(|at| {
            let Some(live) = at.as_ref() else { return 0 };
            let others = live.store.data().served.as_ref().map_or(0, |it| it.fuel());
            live.store.get_fuel().unwrap_or_default().saturating_add(others)
        });
        fuel.fold(0, u64::saturating_add)
    }

    /// One after the other: a long chain takes no more of the stack than a short one.
    fn end(self: Box<Self>) {
        let mut waiting = self.0;
        while let Some((_, place)) = waiting.pop() {
            let live = place.try_lock().ok().and_then(|mut at| at.take());
            let Some(mut live) = live else { continue };
            let others: Option<Box<dyn Any>> = live.store.data_mut().served.take().map(|it| -> _ {
                let it: Box<dyn Any> = it;
                it
            });
            if let Some(Ok(others)) = others.map(|it| it.downcast::<Self>()) {
                waiting.extend(others.0);
            }
            drop(live);
        }
    }
}
