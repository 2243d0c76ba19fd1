//! What a store knows about the guest in it: its limits, its call, what it is granted.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::oneshot::Receiver;
use wasmtime::{
    AsContext, AsContextMut, Engine, Store, StoreContext, StoreContextMut, UpdateDeadline,
};

use super::basis::Basis;
use super::wasi::Wasi;
use crate::call::Call;
use crate::call::executor::{self, Surroundings};
use crate::engine::limits::Limiter;
use crate::error::{Error, Result};
use crate::host::handles::Table;
use crate::host::{Answer, HostCall, Lent, Mailbox, dropped};
use crate::marshal::{Replied, Reply};
use crate::sandbox::OpenSandbox;
use crate::system::lanes::Near;
use crate::system::log::LogFn;
use crate::system::thread;

/// The data of a store.
pub(crate) struct Guest {
    pub limiter: Limiter,
    /// The call in flight, or the last one.
    pub call: Call,
    /// Where the guest's requests for host functions are served.
    pub mailbox: Arc<Mailbox>,
    /// Resources of the host that the guest owns.
    pub lent: Lent,
    /// Resources of the guest that the host holds.
    pub handles: Table,
    pub(super) basis: Near<Basis>,
    pub(super) wasi: Option<Wasi>,
    /// What capabilities keep for the instance, one value of a type.
    extensions: Vec<Box<dyn Any + Send>>,
    /// Instances of others that serve its imports, until its call is over.
    pub(super) served: Option<Box<dyn Served>>,
}

/// Instances of providers, which end with the call of the guest that they serve.
pub(super) trait Served: Any + Send {
    /// The fuel that they have.
    fn fuel(&self) -> u64;

    /// Ends them.
    fn end(self: Box<Self>);
}

/// A store, which reports what its call used also when the call is dropped where it waits.
pub(crate) struct Home(Store<Guest>);

impl Home {
    fn report(&self) {
        let call = &self.0.data().call;
        if let (Some(given), Some(report)) = (call.terms.fuel, &call.report)
            && let Ok(left) = self.0.get_fuel()
        {
            // What a provider was stopped with is left as well.
            let lent = self.0.data().served.as_ref().map_or(0, |it| it.fuel());
            report.set_fuel(given.saturating_sub(left).saturating_sub(lent));
        }
    }

    /// Ends the instances that served this one.
    pub(super) fn dismiss(&mut self) {
        if let Some(served) = self.0.data_mut().served.take() {
            served.end();
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.report();
        self.dismiss();
    }
}

impl Deref for Home {
    type Target = Store<Guest>;

    fn deref(&self) -> &Store<Guest> {
        &self.0
    }
}

impl DerefMut for Home {
    fn deref_mut(&mut self) -> &mut Store<Guest> {
        &mut self.0
    }
}

impl AsContext for Home {
    type Data = Guest;

    fn as_context(&self) -> StoreContext<'_, Guest> {
        self.0.as_context()
    }
}

impl AsContextMut for Home {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Guest> {
        self.0.as_context_mut()
    }
}

/// A store for one instance of a component, held to its limits, and interrupted when its call
/// says so.
pub(super) fn store(
    engine: &Engine,
    basis: &Near<Basis>,
    call: Call,
    mailbox: Arc<Mailbox>,
) -> Result<Home> {
    let profile = &basis.profile;
    let services = &profile.services;
    let limits = &profile.limits;
    let guest = Guest {
        limiter: Limiter::new(*limits, services.near_observer()),
        call,
        mailbox,
        lent: Lent::new(basis.host_types.clone()),
        handles: Table::new(limits.resources),
        basis: basis.clone(),
        wasi: None,
        extensions: Vec::new(),
        served: None,
    };
    let mut store = Store::try_new(engine, guest)?;
    crate::failpoint::hit("core:store");
    store.limiter(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(limits.hostcall_memory);
    store.set_max_component_handles(limits.resources);
    store.epoch_deadline_callback(at_tick);
    begin(&mut store)?;
    Ok(Home(store))
}

/// Arms the store for the call in its data.
pub(crate) fn begin(store: &mut Store<Guest>) -> Result<()> {
    // One tick ahead, then at every tick. Never by moving the shared epoch far ahead: that would
    // stop every other guest of the engine.
    store.set_epoch_deadline(1);
    store.data_mut().limiter.begin_call();
    let guest = store.data();
    if let Some(wasi) = &guest.wasi {
        if let Some(stdio) = &wasi.stdio {
            stdio.attach(guest.call.host_call(), guest.call.output.clone(), &guest.mailbox);
        }
        if let Some(portion) = wasi.portion() {
            portion.denial().take();
        }
    }
    if let Some(fuel) = store.data().call.terms.fuel {
        store.set_fuel(fuel)?;
    }
    Ok(())
}

/// Reports what the call used, and says why it failed: also if it ended well, but too late.
pub(crate) fn end<T>(store: &mut Home, result: wasmtime::Result<T>) -> Result<T> {
    store.report();
    // Looked at where it is: moving results about is what small calls pay for.
    if result.is_ok() {
        store.data().check_time()?;
    }
    result.map_err(|error| why(store, error))
}

/// Why a call failed.
#[cold]
fn why(store: &mut Home, error: wasmtime::Error) -> Error {
    if error.is::<Error>() {
        // A host function's, which may be about another guest.
        return Error::from(error);
    }
    let guest = store.data_mut();
    if error.is::<wasmtime_wasi::I32Exit>()
        && let Err(late) = guest.check_time()
    {
        return late;
    }
    let denied = guest.wasi.as_ref().and_then(Wasi::portion).and_then(|it| it.denial().take());
    let error = guest.limiter.explain(Error::from(error), denied);
    guest.basis.profile.limits.quantify(error, guest.call.terms.fuel)
}

fn at_tick(store: StoreContextMut<'_, Guest>) -> wasmtime::Result<UpdateDeadline> {
    let guest = store.data();
    let call = &guest.call;
    let next = match (call.deadline().check(), &call.interrupt) {
        (Ok(()), _) if call.terms.yields => Ok(UpdateDeadline::Yield(1)),
        // The host is asked on the native stack.
        (Ok(()), Some(_)) if call.terms.way.can_wait() => Ok(UpdateDeadline::Yield(1)),
        (Ok(()), Some(interrupt)) => {
            let services = &guest.basis.profile.services;
            let asked = interrupt.ask(services.ticker().ticks());
            asked.and_then(|()| services.check_process()).map(|()| UpdateDeadline::Continue(1))
        }
        (Ok(()), None) => Ok(UpdateDeadline::Continue(1)),
        (Err(error), _) => Err(error),
    };
    next.map_err(Error::into_wasmtime)
}

impl Guest {
    /// Runs a host function on this thread's stack, where the guest is as well, and waits here if
    /// it answers later.
    ///
    /// # Errors
    /// `TIMEOUT` or `CANCELLED` once it is so, `FORKED` if it came back in a fork, and what the
    /// host function says.
    #[inline(always)]
    pub(crate) fn answer(&self, run: impl FnOnce() -> Answer) -> Result<Replied> {
        let services = &self.basis.profile.services;
        let ticker = services.ticker();
        let before = ticker.ticks();
        let reply = match thread::outside(run) {
            Answer::Now(reply) => reply.map(Replied::Kept),
            Answer::Number(number) => Ok(Replied::Number(number)),
            Answer::Later(later) => self.wait(later)?,
        };
        if let Err(forked) = services.check_process() {
            // Not this process's to drop.
            std::mem::forget(reply);
            return Err(forked);
        }
        // No need to look at the clock for one that was done within a tick.
        match before == ticker.ticks() {
            true => self.call.deadline().check_cancel()?,
            false => self.call.deadline().check()?,
        }
        reply
    }

    /// Waits on this thread for an answer that comes later.
    #[cold]
    fn wait(&self, later: Receiver<Result<Box<dyn Reply>>>) -> Result<Result<Replied>> {
        let services = &self.basis.profile.services;
        let around = Surroundings {
            reactor: None,
            deadline: self.call.deadline(),
            mailbox: &Mailbox::default(),
            log: services.log(),
            ticker: services.ticker(),
            interrupt: self.call.interrupt.as_deref(),
            birthplace: services.birthplace(),
        };
        let answer = executor::block_on(&around, pin!(later))?;
        Ok(answer.unwrap_or_else(|_| dropped()).map(Replied::Kept))
    }

    /// What a host function that it calls is told.
    pub(crate) fn host_call(&self) -> HostCall {
        self.call.host_call().of(self.basis.profile.id)
    }

    /// Whether the call, which is done, is in time and was not cancelled: much of what a guest can
    /// ask for is not interrupted. Small calls pay for no look at the clock.
    #[inline(always)]
    fn check_time(&self) -> Result<()> {
        match self.basis.profile.services.ticker().ticks() == self.call.terms.ticks {
            true => Ok(()),
            false => self.call.deadline().check(),
        }
    }

    /// What a capability keeps for the instance: made when it is first asked for.
    pub(crate) fn extension<T: Any + Send>(&mut self, make: impl FnOnce(&Self) -> T) -> &mut T {
        let known = self.extensions.iter().position(|it| it.is::<T>());
        let place = known.unwrap_or_else(|| {
            let made = Box::new(make(self));
            self.extensions.push(made);
            self.extensions.len() - 1
        });
        let found = self.extensions.get_mut(place).and_then(|it| it.downcast_mut());
        found.expect("it is of the type that was looked for")
    }

    /// What it is granted; `None` for nothing.
    pub(crate) fn sandbox(&self) -> Option<&OpenSandbox> {
        self.basis.sandbox.as_deref()
    }

    /// What the host calls the component.
    pub(crate) fn component_name(&self) -> &str {
        self.basis.profile.name.as_str()
    }

    /// Who wants records of `level`.
    pub(crate) fn log_at(&self, level: tracing::Level) -> Option<Arc<LogFn>> {
        self.basis.profile.services.log().writer(level)
    }
}
