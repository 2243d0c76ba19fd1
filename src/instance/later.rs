//! Calls of instances on the runtime's workers.

use std::sync::{Arc, Mutex, PoisonError};

use super::entered::{Entered, Keeper, Locked};
use super::{Inner, Instance};
use crate::call::{self, Call, CallOptions};
use crate::command;
use crate::component::Component;
use crate::engine::shutdown::Pass;
use crate::error::Result;
use crate::function::{Function, printed};
use crate::host::Mailbox;
use crate::marshal::{Args, Handles, Results};
use crate::store::{Live, Session};
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::Value;

/// An instance that a call takes along to where it runs.
type Along = Entered<Arc<Kept<Inner>>>;

impl Keeper for Arc<Kept<Inner>> {
    fn put(&mut self, live: Box<Kept<Live>>) {
        self.lock().live = Some(live);
    }

    fn poison(&mut self, failure: String) {
        Locked { state: self.lock(), poisoned: &self.poisoned }.poison(failure);
    }
}

impl Instance {
    /// As [`new`](Self::new), on the runtime's workers, and gives the outcome to `done` there.
    ///
    /// # Errors
    /// As [`Function::call_async`]; then `done` is dropped unused.
    pub fn new_async(
        component: &Component,
        options: &CallOptions,
        done: impl FnOnce(Result<Self>) + Send + 'static,
    ) -> Result<()> {
        let policy = component.policy();
        policy.services.check_process()?;
        let pass = policy.services.gate().task()?;
        let mailbox = Arc::<Mailbox>::default();
        let (own, its, component) = (mailbox.clone(), mailbox.clone(), component.clone());
        let of = component.clone();
        let body = |call| async move {
            Ok(Session::settle(component.blueprint(), call, own).await?.finish())
        };
        let done = move |live: Result<_>| done(live.map(|live| Self::of(live, its, of)));
        call::spawn(policy, options, mailbox, pass, body, done)
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
        let (pass, mut entered) = self.take_along()?;
        let args = entered.read(function, read)?;
        let function = function.clone();
        let body = |mut entered: Along, call| async move {
            let outcome = entered.call(&function, &args, call).await;
            (entered, outcome)
        };
        self.spawn(entered, pass, options, body, done)
    }

    /// As [`call_text`](Self::call_text), on the runtime's workers; the text is the only value of
    /// the outcome.
    ///
    /// # Errors
    /// As [`call_async`](Self::call_async), and for the text as [`Function::call_text`].
    pub fn call_text_async(
        &self,
        function: &Function,
        text: &str,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        self.check(function)?;
        let (args, most) = (function.parse(text)?, function.component().policy().max_text);
        let done = move |values: Result<Vec<Value>>| done(printed(values, most));
        self.call_values_async(function, args, options, done)
    }

    /// As [`run`](Self::run), on the runtime's workers; the status, an `s32`, is the only value of
    /// the outcome.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`call_async`](Self::call_async).
    pub fn run_async(
        &self,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        let function = self.0.component.command()?;
        let done = |outcome| done(command::status(outcome).and_then(command::laid_out));
        self.call_values_async(&function, Vec::new(), options, done)
    }

    /// As [`drop_resource`](Self::drop_resource), on the runtime's workers; the outcome has no
    /// values.
    ///
    /// # Errors
    /// As [`drop_resource`](Self::drop_resource) and [`call_async`](Self::call_async).
    pub fn drop_resource_async(
        &self,
        handle: u64,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        let (pass, mut entered) = self.take_along()?;
        entered.check(handle)?;
        let body = move |mut entered: Along, call| async move {
            let outcome = entered.drop_resource(handle, call).await;
            (entered, outcome.map(|()| Results::none()))
        };
        self.spawn(entered, pass, options, body, done)
    }

    fn call_values_async(
        &self,
        function: &Function,
        args: Vec<Value>,
        options: &CallOptions,
        done: impl FnOnce(Result<Vec<Value>>) + Send + 'static,
    ) -> Result<()> {
        let (pass, entered) = self.take_along()?;
        let function = function.clone();
        let body = |mut entered: Along, call| async move {
            let outcome = entered.call_values(&function, &args, call).await;
            (entered, outcome)
        };
        self.spawn(entered, pass, options, body, done)
    }

    /// Takes the instance for one call that runs elsewhere. It comes back before the pass does,
    /// which a shutdown waits for.
    fn take_along(&self) -> Result<(Pass, Along)> {
        let services = &self.0.component.policy().services;
        services.check_process()?;
        let pass = services.gate().task()?;
        let (state, live) = self.0.take()?;
        drop(state);
        Ok((pass, Entered::new(live, self.0.clone())))
    }

    /// Runs `body`, the call that the instance was taken for, on the runtime's workers.
    fn spawn<T: Send + 'static, F>(
        &self,
        entered: Along,
        pass: Pass,
        options: &CallOptions,
        body: impl FnOnce(Along, Call) -> F + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()>
    where
        F: Future<Output = (Along, Result<T>)> + Send + 'static,
    {
        // Until all is over: what the guest has printed is told after it is done, as a part of this
        // call, and no other may be in the instance then.
        let held = Arc::new(Mutex::new(None));
        let hold = held.clone();
        let body = |call| async move {
            let (entered, outcome) = body(entered, call).await;
            *hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(entered);
            outcome
        };
        let done = move |outcome: Result<T>| {
            let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let (Some(mut entered), Err(error)) = (held, &outcome) {
                entered.fail(error);
            }
            done(outcome);
        };
        let policy = self.0.component.policy();
        call::spawn(policy, options, self.0.mailbox.clone(), pass, body, done)
    }
}
