//! Exported functions: looked up once, called as often as wanted, each time on a fresh instance.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::call::{self, Call, CallOptions, Running};
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::host::Mailbox;
use crate::marshal::{Args, Results};
use crate::store::{Export, HostNumbers, Live, Passage, Session};
use crate::system::process::Kept;
use crate::system::stack;
use crate::system::thread;
use crate::types::{FunctionType, Name, Type};
use crate::value::{self, Value};

/// Where the instance of a call is put that went well.
type After = Arc<Mutex<Option<Box<Kept<Live>>>>>;

/// One exported function of a component. Clones share it; any thread may call it.
#[derive(Clone)]
pub struct Function(Arc<Inner>);

struct Inner {
    export: Export,
    component: Component,
}

impl Component {
    /// An exported function: `greet`, or `ns:pkg/iface@1.0.0#greet`. One of the newest compatible
    /// version serves where the exact one is not exported; without a version, the only one.
    ///
    /// # Errors
    /// `NOT_FOUND`, with the names that are there.
    pub fn function(&self, name: &str) -> Result<Function> {
        crate::failpoint::hit("core:function");
        let export = Export::find(self.types(), self.compiled(), name)?;
        Ok(Function(Arc::new(Inner { export, component: self.clone() })))
    }
}

impl Function {
    /// Its name, with the version that it has.
    pub fn name(&self) -> &Name {
        &self.0.export.name
    }

    /// Its type: always [`Type::Function`].
    pub fn ty(&self) -> &Type {
        &self.0.export.ty
    }

    /// Its parameters and result.
    pub fn signature(&self) -> &FunctionType {
        self.0.export.signature()
    }

    /// Calls it on a fresh instance, on this thread.
    ///
    /// # Errors
    /// What the guest did (`TRAP`, `EXIT`), which limit it met (`TIMEOUT`, `CANCELLED`,
    /// `MEMORY_LIMIT`, `STACK_OVERFLOW`, `INSTANCE_LIMIT`, `RESOURCE_LIMIT`), or `UNSUPPORTED` if
    /// the result contains resources, which would not outlive the instance.
    pub fn call(&self, args: Args<'_>, options: &CallOptions) -> Result<Results> {
        self.check_result()?;
        let (policy, blueprint) = (self.component().policy(), self.component().blueprint());
        let after = blueprint.reuses().then(After::default);
        if after.is_some() {
            policy.services.check_process()?;
            if let Some(live) = blueprint.resting() {
                return self.call_again(live, args, options);
            }
        }
        let mailbox = Arc::default();
        let body = |call| self.start(args, call, Arc::clone(&mailbox), after.clone());
        let last = |outcome: &Result<_>| self.keep(after.as_ref(), outcome);
        call::run_by(policy, options, &mailbox, body, last)
    }

    /// Calls it in an instance that has had calls before, on this thread.
    fn call_again(
        &self,
        live: Box<Kept<Live>>,
        args: Args<'_>,
        options: &CallOptions,
    ) -> Result<Results> {
        let (policy, export) = (self.component().policy(), self.export());
        let options = &*policy.complete(options);
        let mailbox = live.mailbox().clone();
        policy.services.log().within(|| {
            let keep = |live| self.component().blueprint().keep(live);
            let running = match Running::begin(policy, options, &mailbox) {
                Ok(running) => running,
                Err(error) => {
                    keep(live);
                    return Err(error);
                }
            };
            if let Err(error) = running.check() {
                return running.end_by(Err(error), |_| keep(live));
            }
            let called = Session::begin(live, |it| it.renew(running.terms, options));
            let called = called.and_then(|mut session| {
                let (args, passage) = self.resolve(&mut session, args)?;
                let results = session.run(export, &args, passage, &running)?;
                Ok((results, session.finish()))
            });
            match called {
                Ok((results, live)) => running.end_by(Ok(results), |_| keep(live)),
                Err(error) => running.end(Err(error)),
            }
        })
    }

    /// Keeps the instance of a call that went well.
    fn keep<T>(&self, after: Option<&After>, outcome: &Result<T>) {
        let left = |after: &After| after.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Ok(_), Some(live)) = (outcome, after.and_then(left)) {
            self.component().blueprint().keep(live);
        }
    }

    /// As [`call`](Self::call), with values of wasmtime.
    ///
    /// # Errors
    /// As [`call`](Self::call), and `TYPE_MISMATCH` if wasmtime refuses the arguments.
    pub fn call_values(&self, args: &[Value], options: &CallOptions) -> Result<Vec<Value>> {
        self.check_result()?;
        let (component, mailbox) = (&self.0.component, Arc::default());
        call::run(component.policy(), options, &mailbox, async |call| {
            let started = Session::start(component.blueprint(), call, Arc::clone(&mailbox));
            started.await?.call_values(self.export(), args).await
        })
    }

    /// Calls it on a fresh instance, on the runtime's workers, and gives the outcome to `done`
    /// there.
    ///
    /// # Errors
    /// As [`call`](Self::call), as far as it is known before the guest starts; then `done` is
    /// dropped unused.
    pub fn call_async(
        &self,
        args: Args<'static>,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        self.check_result()?;
        let policy = self.component().policy();
        policy.services.check_process()?;
        let pass = policy.services.gate().task()?;
        let function = self.clone();
        let mailbox = Arc::<Mailbox>::default();
        let own = mailbox.clone();
        let after = self.component().blueprint().reuses().then(After::default);
        let (keeper, left) = (self.clone(), after.clone());
        let body = |call| async move { function.start(args, call, own, left).await };
        let done = move |outcome: Result<Results>| {
            keeper.keep(after.as_ref(), &outcome);
            drop(keeper);
            done(outcome);
        };
        call::spawn(policy, options, mailbox, pass, body, done)
    }

    /// Makes an instance for one call, or takes one that waits for it. It is put to `after` if the
    /// call goes well.
    async fn start(
        &self,
        args: Args<'_>,
        call: Call,
        mailbox: Arc<Mailbox>,
        after: Option<After>,
    ) -> Result<Results> {
        let opened = Session::open(self.component().blueprint(), call, mailbox);
        let mut session = opened.await?;
        let (args, passage) = self.resolve(&mut session, args)?;
        let results = session.call(self.export(), &args, passage).await?;
        if let Some(after) = after {
            *after.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.finish());
        }
        Ok(results)
    }

    /// Finds the resources among arguments, now that there is an instance.
    #[inline(always)]
    fn resolve<'a>(
        &self,
        session: &mut Session,
        args: Args<'a>,
    ) -> Result<(Args<'a>, Option<Box<Passage>>)> {
        match self.export().has_resources {
            true => session.read(self.export(), |ty, handles| args.resolve(ty, handles)),
            false => Ok((args, None)),
        }
    }

    /// The handles that its arguments may contain: it is called before there is an instance.
    pub(crate) fn handles(&self) -> HostNumbers<'_> {
        HostNumbers(self.0.component.resources())
    }

    /// Calls it on a fresh instance, with WAVE text in and out: `greet("world")`, or only
    /// `("world")`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` or `TYPE_MISMATCH` says where the text is wrong; and as
    /// [`call`](Self::call).
    pub fn call_text(&self, text: &str, options: &CallOptions) -> Result<String> {
        let most = self.component().policy().max_text;
        value::print_with_room(&self.call_values(&self.parse(text)?, options)?, most)
    }

    /// As [`call_text`](Self::call_text), on the runtime's workers; the outcome, as the text that
    /// is its only value, goes to `done` there.
    ///
    /// # Errors
    /// As [`call_text`](Self::call_text), as far as it is known before the guest starts; then
    /// `done` is dropped unused.
    pub fn call_text_async(
        &self,
        text: &str,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        let most = self.component().policy().max_text;
        let done = move |values: Result<Vec<Value>>| done(printed(values, most));
        self.call_values_async(self.parse(text)?, options, done)
    }

    /// As [`call_values`](Self::call_values), on the runtime's workers; the outcome goes to `done`
    /// there.
    ///
    /// # Errors
    /// As [`call_async`](Self::call_async).
    pub(crate) fn call_values_async(
        &self,
        args: Vec<Value>,
        options: &CallOptions,
        done: impl FnOnce(Result<Vec<Value>>) + Send + 'static,
    ) -> Result<()> {
        self.check_result()?;
        let policy = self.component().policy();
        policy.services.check_process()?;
        let pass = policy.services.gate().task()?;
        let (function, mailbox) = (self.clone(), Arc::<Mailbox>::default());
        let own = mailbox.clone();
        let body = |call| async move {
            let started = Session::start(function.component().blueprint(), call, own);
            started.await?.call_values(function.export(), &args).await
        };
        call::spawn(policy, options, mailbox, pass, body, done)
    }

    /// The arguments in the text of a call of this function.
    pub(crate) fn parse(&self, text: &str) -> Result<Vec<Value>> {
        let (name, arguments) = value::parse_call(text)?;
        if !name.is_empty() && !self.0.export.is_called(&name) {
            let own = &self.0.export.name;
            let problem = format_args!("calls `{name}`, but the function is `{own}`");
            return Err(Error::invalid("text", problem));
        }
        let params = &self.signature().params;
        thread::with_room(stack::TEXT, || value::parse_params(&arguments, params))?
    }

    /// Refuses to lose resources of the guest: an instance that is made for one call ends with
    /// them. The host's own outlive it.
    fn check_result(&self) -> Result<()> {
        let problem = "`result`: a resource needs an instance that outlives the call";
        let component = self.component();
        let is_lost =
            &mut |ty: &Type| ty.is_resource() && component.resource_definition(ty).is_none();
        let result = self.signature().result.as_ref();
        match self.0.export.has_resources && result.is_some_and(|ty| ty.any(is_lost)) {
            true => Err(Error::new(Code::Unsupported, problem)),
            false => Ok(()),
        }
    }

    pub(crate) fn component(&self) -> &Component {
        &self.0.component
    }

    pub(crate) fn export(&self) -> &Export {
        &self.0.export
    }
}

/// The text of what a call gave, as its only value, if it has at most `most` bytes.
pub(crate) fn printed(values: Result<Vec<Value>>, most: usize) -> Result<Results> {
    let text = value::print_with_room(&values?, most)?;
    Results::of(&Value::String(text), &Type::String)
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({}: {})", self.0.export.name.as_str(), self.0.export.ty)
    }
}
