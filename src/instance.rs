//! Instances: a store with its limits, and one component instance in it.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::AsContextMut;
use wasmtime::component::ComponentExportIndex;

use crate::call::{self, Call, CallOptions};
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::guest::{self, Home};
use crate::handles::{self, Handles, NoHandles, Passage, StoreHandles};
use crate::marshal::{self, Args, How, Lifted, Results};
use crate::stats::Counters;
use crate::types::FunctionType;
use crate::value::{self, Value};

/// An instance that is alive. It gives its slot back after its memory, so that whoever takes the
/// slot finds room in the pool.
pub(crate) struct Live {
    store: Home,
    instance: wasmtime::component::Instance,
    _counted: Counted,
    _slot: OwnedSemaphorePermit,
}

/// Counts an instance for as long as it lives.
struct Counted(Arc<Counters>);

impl Counted {
    fn new(stats: &Arc<Counters>) -> Self {
        stats.instance_started();
        Self(stats.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.instance_ended();
    }
}

impl Live {
    /// Instantiates `component` as part of `call`.
    pub(crate) async fn start(component: &Component, call: Call) -> Result<Self> {
        let runtime = component.runtime();
        let slot = runtime.slot().await?;
        let counted = Counted::new(runtime.stats());
        let on_fiber = call.on_fiber;
        let mut store = guest::store(component, call)?;
        let instance = match on_fiber {
            true => component.pre().instantiate_async(&mut store).await,
            false => component.pre().instantiate(&mut store),
        };
        let instance = guest::end(&mut store, instance)?;
        Ok(Self { store, instance, _counted: counted, _slot: slot })
    }

    /// Calls one of its exports as part of the call it was started or armed for.
    pub(crate) async fn call(&mut self, function: &Function, args: &Args<'_>) -> Result<Lifted> {
        let callee = self.function(function.index())?;
        let on_fiber = self.store.data().call.on_fiber;
        let how = How { has_result: function.has_result(), on_fiber };
        let outcome = marshal::call(callee, &mut self.store, args, how).await;
        guest::end(&mut self.store, outcome)
    }

    /// The same with values of wasmtime.
    pub(crate) async fn call_values(
        &mut self,
        index: ComponentExportIndex,
        args: &[Value],
        has_result: bool,
    ) -> Result<Vec<Value>> {
        let function = self.function(index)?;
        let mut results = vec![Value::Bool(false); usize::from(has_result)];
        let outcome = function.call_async(&mut self.store, args, &mut results).await;
        guest::end(&mut self.store, outcome)?;
        Ok(results)
    }

    fn function(&mut self, index: ComponentExportIndex) -> Result<wasmtime::component::Func> {
        let stranger = || Error::new(Code::NotFound, "the function is of another component");
        self.instance.get_func(&mut self.store, index).ok_or_else(stranger)
    }

    /// Reads arguments where this instance's handles are known.
    fn read<'a>(
        &mut self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<(Args<'a>, Option<Box<Passage>>)> {
        if !function.has_resources() {
            return Ok((read(function.signature(), &mut NoHandles)?, None));
        }
        // Types of resources are an instance's own.
        let function = self.function(function.index())?;
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

    /// Calls `function` with what [`read`](Self::read) gave.
    async fn call_read(
        &mut self,
        function: &Function,
        args: &Args<'_>,
        passage: Option<Box<Passage>>,
    ) -> Result<Results> {
        let Some(passage) = passage else {
            return Ok(self.call(function, args).await?.give(&mut NoHandles)?.0);
        };
        let loans = passage.commit(self.store.as_context_mut())?;
        let lifted = self.call(function, args).await?;
        loans.end(self.store.as_context_mut())?;
        let mut handles = StoreHandles::new(self.store.as_context_mut());
        let (results, _) = lifted.give(&mut handles)?;
        handles.finish().commit(self.store.as_context_mut())?.end(self.store.as_context_mut())?;
        Ok(results)
    }

    /// Drops a resource of the guest that the host holds.
    async fn drop_resource(&mut self, handle: u64) -> Result<()> {
        let resource = self.store.data_mut().handles.remove(handle)?;
        let outcome = resource.resource_drop_async(&mut self.store).await;
        guest::end(&mut self.store, outcome)
    }

    fn arm(&mut self, call: Call) -> Result<()> {
        self.store.data_mut().call = call;
        guest::begin(&mut self.store)
    }
}

/// An instance that keeps its state between calls. It takes one call at a time.
#[derive(Clone)]
pub struct Instance(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    component: Component,
}

enum State {
    Idle(Box<Live>),
    Busy,
    /// What went wrong.
    Poisoned(String),
}

impl Instance {
    /// Instantiates `component`; `options` limit how long that may take.
    ///
    /// # Errors
    /// As [`Function::call`].
    pub fn new(component: &Component, options: &CallOptions) -> Result<Self> {
        let live = call::run(component, options, |call| Live::start(component, call))?;
        let state = Mutex::new(State::Idle(Box::new(live)));
        Ok(Self(Arc::new(Inner { state, component: component.clone() })))
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
        let entered = &mut self.enter(function)?;
        let args = entered.read(function, read)?;
        call::run(&self.0.component, options, |call| entered.call(function, &args, call))
    }

    /// Drops a resource that a call returned, which runs the guest's destructor for it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `handle` is of another instance or was dropped or given away; and as
    /// [`call`](Self::call).
    pub fn drop_resource(&self, handle: u64, options: &CallOptions) -> Result<()> {
        let entered = &mut self.take()?;
        entered.check(handle)?;
        call::run(&self.0.component, options, |call| entered.drop_resource(handle, call))
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
        value::print(&self.call_values(function, &function.parse(text)?, options)?)
    }

    /// The same with values of wasmtime.
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
        call::run(&self.0.component, options, |call| entered.call_values(function, args, call))
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
        let mut entered = self.enter(function)?;
        let args = entered.read(function, read)?;
        let function = function.clone();
        let body = |call| async move { entered.call(&function, &args, call).await };
        call::spawn(&self.0.component, options, body, done)
    }

    /// Whether an earlier call failed in this instance, so that it takes no more.
    pub fn is_poisoned(&self) -> bool {
        matches!(*self.0.lock(), State::Poisoned(_))
    }

    /// Takes the instance for one call of `function`.
    fn enter(&self, function: &Function) -> Result<Entered> {
        if !function.component().is(&self.0.component) {
            return Err(Error::invalid("function", "belongs to another component"));
        }
        self.take()
    }

    /// Takes the instance for one call.
    fn take(&self) -> Result<Entered> {
        self.0.component.runtime().check_process()?;
        let mut state = self.0.lock();
        match mem::replace(&mut *state, State::Busy) {
            State::Idle(live) => {
                Ok(Entered { live: Some(live), passage: None, failed: None, of: self.0.clone() })
            }
            State::Busy => Err(Error::new(Code::Busy, "the instance is in another call")),
            State::Poisoned(why) => {
                let problem = format!("the instance failed in an earlier call: {why}");
                *state = State::Poisoned(why);
                Err(Error::new(Code::Poisoned, problem))
            }
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.component.runtime().check_process().is_err() {
            // Threads that did not come along may hold the pool's locks for ever.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(mem::replace(state, State::Busy));
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("component", &self.0.component).finish_non_exhaustive()
    }
}

/// An instance while a call is in it. Unless the call comes back with results, the instance is
/// poisoned: it may have stopped anywhere.
struct Entered {
    live: Option<Box<Live>>,
    /// Resources among the arguments.
    passage: Option<Box<Passage>>,
    failed: Option<String>,
    of: Arc<Inner>,
}

impl Entered {
    fn live(&mut self) -> Result<&mut Live> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        self.live.as_deref_mut().ok_or_else(gone)
    }

    fn read<'a>(
        &mut self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<Args<'a>> {
        let (args, passage) = self.live()?.read(function, read)?;
        self.passage = passage;
        Ok(args)
    }

    fn check(&mut self, handle: u64) -> Result<()> {
        self.live()?.store.data_mut().handles.peek(handle).map(|_| ())
    }

    async fn call(&mut self, function: &Function, args: &Args<'_>, call: Call) -> Result<Results> {
        let passage = self.passage.take();
        self.within(call, async |live| live.call_read(function, args, passage).await).await
    }

    async fn call_values(
        &mut self,
        function: &Function,
        args: &[Value],
        call: Call,
    ) -> Result<Vec<Value>> {
        let (index, has_result) = (function.index(), function.has_result());
        self.within(call, async |live| {
            let values = live.call_values(index, args, has_result).await?;
            let mut handles = StoreHandles::new(live.store.as_context_mut());
            handles::give_all(&values, &mut handles)?;
            let passage = handles.finish();
            passage.commit(live.store.as_context_mut())?.end(live.store.as_context_mut())?;
            Ok(values)
        })
        .await
    }

    async fn drop_resource(&mut self, handle: u64, call: Call) -> Result<()> {
        self.within(call, async |live| live.drop_resource(handle).await).await
    }

    /// Runs `body` as one call; the instance comes back only if it ends well.
    async fn within<T>(
        &mut self,
        call: Call,
        body: impl AsyncFnOnce(&mut Live) -> Result<T>,
    ) -> Result<T> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        let mut live = self.live.take().ok_or_else(gone)?;
        live.arm(call)?;
        let result = body(&mut live).await;
        match &result {
            Ok(_) => {
                live.store.data_mut().call.report = None; // it was filled in
                self.live = Some(live);
            }
            Err(error) => self.failed = Some(error.message().to_owned()),
        }
        result
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let (Some(live), Some(passage)) = (&mut self.live, self.passage.take()) {
            // The call did not begin.
            let _ = passage.undo(live.store.as_context_mut());
        }
        let next = match (self.live.take(), self.failed.take()) {
            (Some(live), _) => State::Idle(live),
            (None, Some(why)) => State::Poisoned(why),
            (None, None) => State::Poisoned("it was stopped on its way".to_owned()),
        };
        *self.of.lock() = next;
    }
}
