//! Instances that keep state between calls, one of which is in them at a time.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use crate::call::{self, Call, CallOptions, Running};
use crate::component::Component;
use crate::engine::shutdown::{Entry, Revoke};
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::host::Mailbox;
use crate::marshal::{Args, Handles, Results};
use crate::store::{Live, Passage, Session};
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::{self, Value};

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

#[derive(Default)]
struct State {
    /// `None` while a call is in it, and for ever after one failed.
    live: Option<Box<Kept<Live>>>,
    /// How that one failed.
    failure: Option<String>,
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
        let start = |call| Session::start(component.blueprint(), call, Arc::clone(&mailbox));
        let live = call::run(component.policy(), options, &mailbox, start)?.finish();
        let state = Mutex::new(State { live: Some(live), failure: None });
        let (poisoned, component) = (AtomicBool::new(false), component.clone());
        let make = |weak: &Weak<Kept<Inner>>| {
            let _entry = services.gate().keep(weak.clone());
            Kept::new(Inner { state, poisoned, mailbox, component, _entry })
        };
        Ok(Self(Arc::new_cyclic(make)))
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
        self.run(options, |call| entered.drop_resource(handle, call))
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
        self.run(options, |call| entered.call_values(function, args, call))
    }

    /// Calls `function` on the runtime's workers, and gives the outcome to `done` there.
    ///
    /// # Errors
    /// As [`call`](Self::call), as far as it is known before the guest starts; then `done` is
    /// dropped unused.
    pub fn call_async(
        &self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'static>>,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        self.check(function)?;
        let policy = self.0.component.policy();
        policy.services.check_process()?;
        let pass = policy.services.gate().task()?;
        let (state, live) = self.0.take()?;
        drop(state);
        let mut entered = Entered::new(live, self.0.clone());
        let args = entered.read(function, read)?;
        let function = function.clone();
        // Until all is over: what the guest has printed is told after it is done, as a part of this
        // call, and no other may be in the instance then.
        let held = Arc::new(Mutex::new(None));
        let hold = held.clone();
        let body = |call| async move {
            let outcome = entered.call(&function, &args, call).await;
            *hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(entered);
            outcome
        };
        let done = move |outcome: Result<Results>| {
            let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let (Some(mut entered), Err(error)) = (held, &outcome) {
                entered.fail(error);
            }
            done(outcome);
        };
        call::spawn(policy, options, self.0.mailbox.clone(), pass, body, done)
    }

    /// Whether an earlier call failed in this instance, so that it takes no more.
    pub fn is_poisoned(&self) -> bool {
        self.0.poisoned.load(Ordering::Acquire)
    }

    /// Runs `body`, the call that the instance was taken for.
    fn run<T, F: Future<Output = Result<T>>>(
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

/// Where an instance goes back to after a call.
trait Keeper {
    fn put(&mut self, live: Box<Kept<Live>>);

    fn poison(&mut self, failure: String);
}

/// Locked for as long as a call on its caller's thread takes.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    poisoned: &'a AtomicBool,
}

impl Keeper for Locked<'_> {
    #[inline(always)]
    fn put(&mut self, live: Box<Kept<Live>>) {
        self.state.live = Some(live);
    }

    fn poison(&mut self, failure: String) {
        self.poisoned.store(true, Ordering::Release);
        self.state.failure = Some(failure);
    }
}

impl Keeper for Arc<Kept<Inner>> {
    fn put(&mut self, live: Box<Kept<Live>>) {
        self.lock().live = Some(live);
    }

    fn poison(&mut self, failure: String) {
        Locked { state: self.lock(), poisoned: &self.poisoned }.poison(failure);
    }
}

/// An instance while a call is in it. Unless the call comes back with results, the instance is
/// poisoned: it may have stopped anywhere.
struct Entered<P: Keeper> {
    live: Option<Box<Kept<Live>>>,
    /// Resources among the arguments.
    passage: Option<Box<Passage>>,
    failed: Option<String>,
    place: P,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("component", &self.0.component).finish_non_exhaustive()
    }
}

impl<P: Keeper> Entered<P> {
    fn new(live: Box<Kept<Live>>, place: P) -> Self {
        Self { live: Some(live), passage: None, failed: None, place }
    }

    fn live(&mut self) -> Result<&mut Live> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        self.live.as_deref_mut().map(|it| &mut **it).ok_or_else(gone)
    }

    fn read<'a>(
        &mut self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<Args<'a>> {
        let (args, passage) = self.live()?.read(function.export(), read)?;
        self.passage = passage;
        Ok(args)
    }

    fn check(&mut self, handle: u64) -> Result<()> {
        self.live()?.peek(handle)
    }

    async fn call(&mut self, function: &Function, args: &Args<'_>, call: Call) -> Result<Results> {
        let passage = self.passage.take();
        self.within(call, async |it| it.call(function.export(), args, passage).await).await
    }

    async fn call_values(
        &mut self,
        function: &Function,
        args: &[Value],
        call: Call,
    ) -> Result<Vec<Value>> {
        self.within(call, async |session| {
            let values = session.call_values(function.export(), args).await?;
            session.give(&values)?;
            Ok(values)
        })
        .await
    }

    async fn drop_resource(&mut self, handle: u64, call: Call) -> Result<()> {
        self.within(call, async |session| session.drop_resource(handle).await).await
    }

    /// The call failed after it came back with results.
    fn fail(&mut self, error: &Error) {
        self.live = None;
        self.failed.get_or_insert_with(|| error.message().to_owned());
    }

    /// Runs `body` as one call.
    async fn within<T>(
        &mut self,
        call: Call,
        body: impl AsyncFnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        let mut session = self.begin(|it| *it = call)?;
        let outcome = body(&mut session).await;
        self.end(session, outcome)
    }

    /// Takes the instance into a call.
    #[inline(always)]
    fn begin(&mut self, set: impl FnOnce(&mut Call)) -> Result<Session> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        Session::begin(self.live.take().ok_or_else(gone)?, set)
    }

    /// The instance comes back only if the call ended well.
    #[inline(always)]
    fn end<T>(&mut self, session: Session, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Ok(_) => self.live = Some(session.finish()),
            Err(error) => self.failed = Some(error.message().to_owned()),
        }
        outcome
    }
}

impl<P: Keeper> Drop for Entered<P> {
    fn drop(&mut self) {
        if let (Some(live), Some(passage)) = (&mut self.live, self.passage.take()) {
            // The call did not begin.
            let _ = live.undo(*passage);
        }
        match self.live.take() {
            Some(live) => self.place.put(live),
            None => {
                let stopped = || "it was stopped on its way".to_owned();
                self.place.poison(self.failed.take().unwrap_or_else(stopped));
            }
        }
    }
}
