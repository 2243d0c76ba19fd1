//! Host functions where guests call them.

use std::future::ready;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{LinkerInstance, ResourceAny};
use wasmtime::{AsContextMut, StoreContextMut};

use crate::call::Way;
use crate::error::{Code, Error, Result};
use crate::host::handles;
use crate::host::{Answer, Arguments, HostCall, HostFn, Mailbox, Returned};
use crate::marshal::{self, Agreed, Checked, Host, Passed, Replied, Results, Unclaimed, Values};
use crate::store::errand::Errand;
use crate::store::guest::Guest;
use crate::store::passage::{Loans, StoreHandles};
use crate::types::FunctionType;
use crate::value::Value;

/// A host function that a component imports.
#[derive(Clone)]
pub(super) struct Import(Arc<Inner>);

struct Inner {
    path: String,
    run: Runs,
    ty: Arc<FunctionType>,
    has_resources: bool,
    /// What was found out about the types that guests' arguments are lifted by.
    agreed: Agreed,
}

/// What serves an import.
pub(super) enum Runs {
    Host(Arc<HostFn>),
    Provider(Errand),
}

impl Import {
    pub(super) fn new(path: String, run: Runs, ty: Arc<FunctionType>) -> Self {
        let has_resources = ty.has_resources();
        let agreed = Agreed::default();
        Self(Arc::new(Inner { path, run, ty, has_resources, agreed }))
    }

    #[inline(always)]
    fn check(&self, reply: Replied) -> Result<Checked> {
        Checked::new(reply, &self.0.ty).map_err(|error| self.explain(error))
    }

    /// What its function is given, of which nothing is a resource.
    #[inline(always)]
    fn arguments(&self, given: Passed) -> Result<Arguments> {
        Ok(Arguments { values: given.plain()?, ty: self.0.ty.clone(), types: None })
    }

    /// Runs the host's function.
    fn run(&self, call: &HostCall, args: Arguments) -> Answer {
        match &self.0.run {
            Runs::Host(run) => run(call, args),
            Runs::Provider(_) => {
                Answer::done(Err(Error::new(Code::Unsupported, "a component provides it")))
            }
        }
    }

    fn explain(&self, error: Error) -> Error {
        let path = &self.0.path;
        error.context(format_args!("`{path}`")).of_import(path)
    }
}

/// Defines a host function; `directly` if guests call it from their caller's stack.
pub(super) fn define(
    into: &mut LinkerInstance<'_, Guest>,
    name: &str,
    import: Import,
    directly: bool,
) -> wasmtime::Result<()> {
    match marshal::can_define(&import.0.ty) {
        true => marshal::define(into, name, &import.0.ty.clone(), import, directly),
        false => define_by_values(into, name, import, directly),
    }
}

impl Host<Guest> for Import {
    fn agreed(&self) -> (&Agreed, &FunctionType) {
        (&self.0.agreed, &self.0.ty)
    }

    fn serve<'a>(
        self,
        store: StoreContextMut<'a, Guest>,
        given: Passed,
    ) -> impl Future<Output = wasmtime::Result<Checked>> + Send + Unpin + use<'a> {
        let Runs::Host(run) = &self.0.run else {
            return Serving::Slow(Box::pin(serve_provided(store, self, given)));
        };
        if self.0.has_resources {
            return Serving::Slow(Box::pin(serve_resources(store, self, given)));
        }
        let guest = store.data();
        if let Way::Here = guest.call.terms.way {
            return Serving::Slow(Box::pin(ready(serve_here(guest, &self, given))));
        }
        match self.arguments(given) {
            Ok(args) => guest.mailbox.call(run.clone(), guest.host_call(), args),
            Err(error) => return Serving::Slow(Box::pin(ready(Err(error)))),
        }
        Serving::Asked { store, import: self, left: false }
    }

    fn serve_here(
        &self,
        store: StoreContextMut<'_, Guest>,
        given: Passed,
    ) -> wasmtime::Result<Checked> {
        if let Runs::Provider(errand) = &self.0.run {
            let served = given.lifted().and_then(|given| errand.run_here(store, given));
            return served.and_then(|it| self.check(it)).map_err(Error::into_wasmtime);
        }
        let served = match self.0.has_resources {
            true => now(serve_resources(store, self.clone(), given)),
            false => serve_here(store.data(), self, given),
        };
        served.map_err(Error::into_wasmtime)
    }
}

/// An answer on its way to a guest on its fiber. It is moved around: most are small.
enum Serving<'a> {
    /// The host function was asked for. Nothing is answered before the guest has left its fiber.
    Asked { store: StoreContextMut<'a, Guest>, import: Import, left: bool },
    /// Whatever takes more.
    Slow(Pin<Box<dyn Future<Output = Result<Checked>> + Send + 'a>>),
}

impl Future for Serving<'_> {
    type Output = wasmtime::Result<Checked>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let served = match self.get_mut() {
            Self::Asked { store, import, left } => match mem::replace(left, true) {
                true => {
                    let answer = store.data().mailbox.answer(context);
                    answer.map(|it| it.and_then(|reply| import.check(reply)))
                }
                false => Poll::Pending,
            },
            Self::Slow(served) => served.as_mut().poll(context),
        };
        served.map_err(Error::into_wasmtime)
    }
}

/// Runs a host function for a guest that is on its caller's stack, without a future.
#[inline(always)]
fn serve_here(guest: &Guest, import: &Import, given: Passed) -> Result<Checked> {
    let args = import.arguments(given)?;
    let call = guest.host_call();
    import.check(guest.answer(|| import.run(&call, args))?)
}

/// What a future gives that does not wait.
///
/// # Errors
/// If it does wait.
fn now<T>(served: impl Future<Output = Result<T>>) -> Result<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(served).poll(&mut context) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::new(Code::Host, "a host function waited where it cannot")),
    }
}

/// Has another component serve a guest, from the guest's fiber.
async fn serve_provided(
    store: StoreContextMut<'_, Guest>,
    import: Import,
    given: Passed,
) -> Result<Checked> {
    let Runs::Provider(errand) = &import.0.run else {
        return Err(Error::new(Code::Unsupported, "no component provides it"));
    };
    import.check(errand.run(store, given.lifted()?).await?)
}

/// Runs a host function that takes or gives resources.
async fn serve_resources(
    mut store: StoreContextMut<'_, Guest>,
    import: Import,
    given: Passed,
) -> Result<Checked> {
    let (ty, given) = (import.0.ty.clone(), given.lifted()?);
    let resources: Vec<ResourceAny> = given.resources().copied().collect();
    let mut handles = StoreHandles::new(store.as_context_mut());
    let (values, numbers) = given.give(&mut handles)?;
    let passage = handles.finish();
    let returned = passage.returned(&store.data().lent);
    let loans = passage.commit(store.as_context_mut())?;
    let borrowed = borrowed(store.data(), &resources, &numbers);
    let checked = import.check(ask(store.data(), &import, ty, values, returned).await?)?;
    take_back(store, loans, borrowed).await?;
    Ok(checked)
}

/// Has the host function run on a native stack: right away if the guest is on one. It gets what the
/// guest has `returned`, or nobody does.
fn ask(
    guest: &Guest,
    import: &Import,
    ty: Arc<FunctionType>,
    values: Results,
    returned: Option<Returned>,
) -> impl Future<Output = Result<Replied>> + use<> {
    let types = Some(guest.lent.types().clone());
    let args = Arguments { values: Values::Many(values), ty, types };
    let call = guest.host_call();
    let asked = match guest.call.terms.way {
        Way::Fiber => Asked::There(guest.mailbox.clone(), import.clone(), call, args, returned),
        Way::Here => {
            claim(returned);
            Asked::Here(guest.answer(|| import.run(&call, args)))
        }
    };
    async move {
        match asked {
            Asked::There(mailbox, import, call, args, returned) => {
                let request = move || {
                    claim(returned);
                    import.run(&call, args)
                };
                mailbox.ask(request).await
            }
            Asked::Here(reply) => reply,
        }
    }
}

/// The host gets what a guest gave back.
fn claim(returned: Option<Returned>) {
    if let Some(mut returned) = returned {
        returned.claim();
    }
}

/// A host function on a native stack.
enum Asked {
    /// Below the guest's own stack.
    There(Arc<Mailbox>, Import, HostCall, Arguments, Option<Returned>),
    /// Where the guest is.
    Here(Result<Replied>),
}

/// Resources of others than the host that a guest lends to a host function.
fn borrowed(guest: &Guest, all: &[ResourceAny], numbers: &[u64]) -> Vec<(u64, ResourceAny)> {
    let lent = |it: &ResourceAny| !it.owned() && guest.lent.index(&it.ty()).is_none();
    let pairs = numbers.iter().copied().zip(all.iter().copied());
    pairs.filter(|(_, resource)| lent(resource)).collect()
}

/// Ends what was lent for the time of a host function.
async fn take_back(
    mut store: StoreContextMut<'_, Guest>,
    loans: Loans,
    borrowed: Vec<(u64, ResourceAny)>,
) -> Result<()> {
    loans.end(store.as_context_mut())?;
    for (number, resource) in borrowed {
        store.data_mut().handles.remove(number)?;
        let way = store.data().call.terms.way;
        way.drop_resource(resource, store.as_context_mut()).await?;
    }
    Ok(())
}

/// Defines a function that gives resources. Their types are an instance's own, and only this way of
/// wasmtime's tells them.
fn define_by_values(
    into: &mut LinkerInstance<'_, Guest>,
    name: &str,
    import: Import,
    directly: bool,
) -> wasmtime::Result<()> {
    if directly {
        return into.func_new(name, move |store, ty, args, results| {
            let (import, ty) = (import.clone(), Arc::new(FunctionType::from_wasmtime(&ty)));
            let served = serve_values(store, import, ty, args, results);
            now(served).map_err(Error::into_wasmtime)
        });
    }
    into.func_new_async(name, move |store, ty, args, results| {
        let (import, ty) = (import.clone(), Arc::new(FunctionType::from_wasmtime(&ty)));
        Box::new(async move {
            let served = serve_values(store, import, ty, args, results).await;
            served.map_err(Error::into_wasmtime)
        })
    })
}

/// As [`serve`], with values of wasmtime.
async fn serve_values(
    mut store: StoreContextMut<'_, Guest>,
    import: Import,
    ty: Arc<FunctionType>,
    args: &[Value],
    results: &mut [Value],
) -> Result<()> {
    // The second lock; see `marshal::agree`. Resources are checked where they are looked up.
    if !import.0.ty.is_same(&ty, &|_, _| true) {
        let problem = "a guest passes values of other types than its host function was linked with";
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    let mut resources = Vec::new();
    handles::each_resource(args, &mut |resource| {
        resources.push(resource);
        Ok(())
    })?;
    let mut handles = StoreHandles::new(store.as_context_mut());
    let numbers = handles::give_all(args, &mut handles)?;
    let passage = handles.finish();
    let returned = passage.returned(&store.data().lent);
    let loans = passage.commit(store.as_context_mut())?;
    let borrowed = borrowed(store.data(), &resources, &numbers);
    let values = marshal::lift_args(args, &ty, &numbers)?;
    let mut reply = ask(store.data(), &import, ty.clone(), values, returned).await?;
    let mut handles = StoreHandles::new(store.as_context_mut());
    let produced = reply.read(&ty, &mut handles);
    let passage = handles.finish();
    let produced = produced.map_err(|error| import.explain(error))?;
    if produced.len() != results.len() {
        let (path, found, wanted) = (&import.0.path, produced.len(), results.len());
        let problem = format!("`{path}`: {found} results, where {wanted} belong");
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    passage.commit(store.as_context_mut())?.end(store.as_context_mut())?;
    take_back(store, loans, borrowed).await?;
    for (result, value) in results.iter_mut().zip(produced) {
        *result = value;
    }
    Ok(())
}
