//! Instances that keep state between calls, one of which is in them at a time.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use crate::call::{self, Call, CallOptions, Running};
use crate::command;
use crate::component::Component;
use crate::engine::shutdown::{Entry, Revoke};
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::host::Mailbox;
use crate::marshal::{Args, Handles, Results};
use crate::store::{Live, Session};
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::{self, Value};

mod entered;
mod later;

use entered::{Entered, Locked, State};

/// An instance that keeps its state between calls. It takes one call at a time.
#[derive(Clone)]
pub struct Instance(Arc<Kept<Inner>>);

struct Inner {
    state: Mutex<State>,
    /// Whether that says how a call failed.
    poisoned: AtomicBool,
    /// Where the calls in it, one at a time, have host functions served.
    mailbox: Arc<Mailbox>,
    component: Component,
    _entry: Entry,
}

impl Revoke for Kept<Inner> {
    fn revoke(&self) {
        let mut state = self.lock();
        let live = state.live.take();
        state.failure = Some("its runtime was shut down".to_owned());
        self.poisoned.store(true, Ordering::Release);
        drop(state);
        drop(live);
    }
}

impl Instance {
    /// Instantiates `component`; `options` limit how long that may take.
    ///
    /// # Errors
    /// As [`Function::call`].
    pub fn new(component: &Component, options: &CallOptions) -> Result<Self> {
        let services = component.runtime().services();
        services.check_process()?;
        let _pass = services.gate().load()?;
        let mailbox = Arc::default();
        let start = |call| Session::settle(component.blueprint(), call, Arc::clone(&mailbox));
        let live = call::run(component.policy(), options, &mailbox, start)?.finish();
        Ok(Self::of(live, mailbox, component.clone()))
    }

    fn of(live: Box<Kept<Live>>, mailbox: Arc<Mailbox>, component: Component) -> Self {
        let state = Mutex::new(State { live: Some(live), failure: None });
        let poisoned = AtomicBool::new(false);
        let services = component.runtime().services().clone();
        let make = |weak: &Weak<Kept<Inner>>| {
            let _entry = services.gate().keep(weak.clone());
            Kept::new(Inner { state, poisoned, mailbox, component, _entry })
        };
        Self(Arc::new_cyclic(make))
    }

    /// Calls `function` on this instance, on this thread, with arguments that `read` reads, as the
    /// type that it is given says, where the instance's handles are known. The host owns the
    /// resources in the results: pass their handles back as owned, or drop them by
    /// [`Instance::drop_resource`].
    ///
    /// # Errors
    /// `BUSY` while another call is in it, `POISONED` after one failed in it,
    /// `INVALID_ARGUMENT` if the function is of another component; what `read` says; and as
    /// [`Function::call`].
    pub fn call<'a>(
        &self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
        options: &CallOptions,
    ) -> Result<Results> {
        let policy = self.0.component.policy();
        let options = &*policy.complete(options);
        policy.services.log().within(|| {
            let mut entered = self.enter(function)?;
            let args = entered.read(function, read)?;
            let running = Running::begin(policy, options, &self.0.mailbox)?;
            let outcome = running.check().and_then(|()| {
                let passage = entered.passage.take();
                let mut session = entered.begin(|it| it.renew(running.terms, options))?;
                let outcome = session.run(function.export(), &args, passage, &running);
                entered.end(session, outcome)
            });
            running.end(outcome)
        })
    }

    /// Drops a resource that a call returned, which runs the guest's destructor for it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `handle` is of another instance or was dropped or given away; and as
    /// [`call`](Self::call).
    pub fn drop_resource(&self, handle: u64, options: &CallOptions) -> Result<()> {
        let entered = &mut self.take()?;
        entered.check(handle)?;
        self.drive(options, |call| entered.drop_resource(handle, call))
    }

    /// Calls `function` with WAVE text in and out; see [`Function::call_text`].
    ///
    /// # Errors
    /// As [`call`](Self::call) and [`Function::call_text`].
    pub fn call_text(
        &self,
        function: &Function,
        text: &str,
        options: &CallOptions,
    ) -> Result<String> {
        let most = function.component().policy().max_text;
        let values = self.call_values(function, &function.parse(text)?, options)?;
        value::print_with_room(&values, most)
    }

    /// As [`call`](Self::call), with values of wasmtime.
    ///
    /// # Errors
    /// As [`call`](Self::call), and `TYPE_MISMATCH` if wasmtime refuses the arguments.
    pub fn call_values(
        &self,
        function: &Function,
        args: &[Value],
        options: &CallOptions,
    ) -> Result<Vec<Value>> {
        let entered = &mut self.enter(function)?;
        self.drive(options, |call| entered.call_values(function, args, call))
    }

    /// Runs a command, as [`Component::run`] does, in this instance. One that ends by exiting, with
    /// whatever status, leaves it in the midst of what it did, so that it takes no more calls.
    ///
    /// # Errors
    /// `NOT_FOUND` if its component is not a command; and as [`call`](Self::call), except that
    /// `EXIT` is none.
    pub fn run(&self, options: &CallOptions) -> Result<i32> {
        let function = self.0.component.command()?;
        command::status(self.call_values(&function, &[], options))
    }

    /// Whether an earlier call failed in this instance, so that it takes no more.
    pub fn is_poisoned(&self) -> bool {
        self.0.poisoned.load(Ordering::Acquire)
    }

    /// Runs `body`, the call that the instance was taken for.
    fn drive<T, F: Future<Output = Result<T>>>(
        &self,
        options: &CallOptions,
        body: impl FnOnce(Call) -> F,
    ) -> Result<T> {
        call::run(self.0.component.policy(), options, &self.0.mailbox, body)
    }

    /// Takes the instance for one call of `function` on this thread.
    #[inline(always)]
    fn enter(&self, function: &Function) -> Result<Entered<Locked<'_>>> {
        self.check(function)?;
        self.take()
    }

    /// Takes the instance for one call on this thread.
    #[inline(always)]
    fn take(&self) -> Result<Entered<Locked<'_>>> {
        let (state, live) = self.0.take()?;
        Ok(Entered::new(live, Locked { state, poisoned: &self.0.poisoned }))
    }

    fn check(&self, function: &Function) -> Result<()> {
        match function.component().is(&self.0.component) {
            true => Ok(()),
            false => Err(Error::invalid("function", "belongs to another component")),
        }
    }
}

impl Inner {
    /// What is in the instance, and its place, which stays locked.
    #[inline(always)]
    fn take(&self) -> Result<(MutexGuard<'_, State>, Box<Kept<Live>>)> {
        let services = &self.component.policy().services;
        services.check_process()?;
        services.gate().check()?;
        let busy = || Error::new(Code::Busy, "the instance is in another call");
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            // Another thread has the lock only to read how the call failed, which is soon done.
            Err(TryLockError::WouldBlock) if self.poisoned.load(Ordering::Acquire) => self.lock(),
            Err(TryLockError::WouldBlock) => return Err(busy()),
        };
        match (state.live.take(), &state.failure) {
            (Some(live), _) => Ok((state, live)),
            (None, None) => Err(busy()),
            (None, Some(failure)) => {
                let problem = format!("the instance failed in an earlier call: {failure}");
                Err(Error::new(Code::Poisoned, problem))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("component", &self.0.component).finish_non_exhaustive()
    }
}
