//! Imports meet what the host provides.

use std::sync::Arc;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, InstancePre, LinkerInstance, ResourceAny, ResourceType};
use wasmtime::{AsContextMut, StoreContextMut};

use crate::error::{Code, Error, Result};
use crate::features;
use crate::guest::Guest;
use crate::handles::{self, StoreHandles};
use crate::host::{Answer, Arguments, HostCall, HostFn};
use crate::linker::{self, Function, Interface, Linker, Resource, Unresolved};
use crate::runtime::Runtime;
use crate::sandbox;
use crate::types::{FunctionType, Type};
use crate::value::Value;

/// The interfaces of WASI 0.2 that this library provides.
const WASI: [&str; 8] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:config/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:logging/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Links `component` to WASI and to what the host defined.
///
/// # Errors
/// `LINK` names the import that is missing or has another type, and who could provide it.
pub(crate) fn link(
    runtime: &Runtime,
    component: &Component,
    host: &Linker,
) -> Result<InstancePre<Guest>> {
    let ty = component.component_type();
    let imports: Vec<(String, ComponentItem)> =
        ty.imports(runtime.engine()).map(|(name, item)| (name.to_owned(), item.ty)).collect();
    let mut linker = match imports.is_empty() {
        true => wasmtime::component::Linker::new(runtime.engine()),
        false => runtime.wasi_linker(),
    };
    linker.allow_shadowing(true);
    for (name, item) in &imports {
        check_gate(runtime, name)?;
        define(runtime, &mut linker, host, name, item)?;
    }
    if host.unresolved == Unresolved::Trap {
        linker.define_unknown_imports_as_traps(component)?;
    }
    linker.instantiate_pre(component).map_err(|error| explain(&imports, &error))
}

fn check_gate(runtime: &Runtime, import: &str) -> Result<()> {
    match features::gate(import) {
        Some(feature) if !runtime.skip_feature_gated_instance(import) => Err(Error::new(
            Code::Link,
            format!(
                "import `{import}` belongs to the experimental feature `{}`, which the builder \
                 did not enable",
                feature.name
            ),
        )),
        _ => Ok(()),
    }
}

/// Defines what the host has for one import.
fn define(
    runtime: &Runtime,
    linker: &mut wasmtime::component::Linker<Guest>,
    host: &Linker,
    import: &str,
    item: &ComponentItem,
) -> Result<()> {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let interface = host.interfaces.get(import);
            let is_experimental = features::gate(import).is_some();
            if interface.is_none() && !is_experimental && !sandbox::defines(import) {
                return Ok(());
            }
            let mut into = linker.instance(import)?;
            for (name, item) in instance.exports(runtime.engine()) {
                if is_experimental {
                    define_absent(&mut into, import, name, &item.ty)?;
                }
                sandbox::define_interface(&mut into, import, name, &item.ty)?;
                if let Some(interface) = interface {
                    define_item(&mut into, interface, import, name, &item.ty)?;
                }
            }
            Ok(())
        }
        item => match host.interfaces.get("") {
            Some(world) => define_item(&mut linker.root(), world, "", import, item),
            None => Ok(()),
        },
    }
}

/// Something in an experimental interface whose feature is on, until the host defines it: a
/// function that traps, a resource that nobody can make.
fn define_absent(
    into: &mut LinkerInstance<'_, Guest>,
    import: &str,
    name: &str,
    item: &ComponentItem,
) -> Result<()> {
    enum Absent {}
    match item {
        ComponentItem::ComponentFunc(_) => {
            let problem = format!("nothing provides the experimental function `{import}#{name}`");
            into.func_new(name, move |_, _, _, _| Err(wasmtime::Error::msg(problem.clone())))?;
        }
        ComponentItem::Resource(_) => {
            into.resource(name, ResourceType::host::<Absent>(), |_, _| Ok(()))?;
        }
        _ => {}
    }
    Ok(())
}

fn define_item(
    into: &mut LinkerInstance<'_, Guest>,
    interface: &Interface,
    path: &str,
    name: &str,
    item: &ComponentItem,
) -> Result<()> {
    match item {
        ComponentItem::ComponentFunc(ty) => match interface.functions.get(name) {
            Some(function) => define_function(into, function, path, name, ty),
            None => Ok(()),
        },
        ComponentItem::Resource(_) => match interface.resources.get(name) {
            Some(resource) => define_resource(into, resource, name),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn define_function(
    into: &mut LinkerInstance<'_, Guest>,
    function: &Function,
    path: &str,
    name: &str,
    ty: &ComponentFunc,
) -> Result<()> {
    let wanted = Arc::new(FunctionType::from_wasmtime(ty));
    let path: Arc<str> = match path.is_empty() {
        true => name.into(),
        false => format!("{path}#{name}").into(),
    };
    if let Some(defined) = &function.ty {
        let wanted = Type::Function(wanted.clone()).to_string();
        if *defined != wanted {
            return Err(linker::contradicts(&path, defined, &wanted));
        }
    }
    let run = function.run.clone();
    into.func_new_async(name, move |store, ty, args, results| {
        // Resource types are an instance's own, so that only it knows them.
        let ty = match wanted.has_resources() {
            true => Arc::new(FunctionType::from_wasmtime(&ty)),
            false => wanted.clone(),
        };
        let function = Import { path: path.clone(), run: run.clone(), ty };
        Box::new(async move {
            serve(store, function, args, results).await.map_err(Error::into_wasmtime)
        })
    })?;
    Ok(())
}

/// A host function where a guest calls it.
struct Import {
    path: Arc<str>,
    run: Arc<HostFn>,
    ty: Arc<FunctionType>,
}

/// Runs a host function for a guest, from the guest's fiber.
async fn serve(
    mut store: StoreContextMut<'_, Guest>,
    function: Import,
    args: &[Value],
    results: &mut [Value],
) -> Result<()> {
    let mut handles = StoreHandles::new(store.as_context_mut());
    let numbers = handles::give_all(args, &mut handles)?;
    let loans = handles.finish().commit(store.as_context_mut())?;
    let borrowed = borrowed(store.data(), args, &numbers)?;
    let types = store.data().lent.types().clone();
    let args = Arguments { values: args.to_vec(), handles: numbers, ty: function.ty, types };
    let (call, mailbox) = {
        let call = &store.data().call;
        (HostCall::new(call.deadline.clone(), call.context.clone()), call.mailbox.clone())
    };
    let run = function.run;
    let produce = mailbox.ask(move || run(&call, args)).await?;
    let mut handles = StoreHandles::new(store.as_context_mut());
    let produced = produce(&mut handles);
    let passage = handles.finish();
    let produced = produced.map_err(|error| error.context(format_args!("`{}`", function.path)))?;
    if produced.len() != results.len() {
        let (path, found, wanted) = (function.path, produced.len(), results.len());
        let problem = format!("`{path}`: {found} results, where {wanted} belong");
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    passage.commit(store.as_context_mut())?.end(store.as_context_mut())?;
    loans.end(store.as_context_mut())?;
    for (number, resource) in borrowed {
        // A borrow ends with the function it was lent to.
        store.data_mut().handles.remove(number)?;
        resource.resource_drop_async(store.as_context_mut()).await?;
    }
    for (result, value) in results.iter_mut().zip(produced) {
        *result = value;
    }
    Ok(())
}

/// Resources of others than the host that a guest lends to a host function.
fn borrowed(guest: &Guest, args: &[Value], numbers: &[u64]) -> Result<Vec<(u64, ResourceAny)>> {
    let (mut borrowed, mut numbers) = (Vec::new(), numbers.iter());
    handles::each_resource(args, &mut |resource| {
        let number = numbers.next();
        if !resource.owned() && guest.lent.index(&resource.ty()).is_none() {
            borrowed.extend(number.map(|number| (*number, resource)));
        }
        Ok(())
    })?;
    Ok(borrowed)
}

fn define_resource(
    into: &mut LinkerInstance<'_, Guest>,
    resource: &Resource,
    name: &str,
) -> Result<()> {
    let index = resource.index;
    into.resource_async(name, ResourceType::host_dynamic(index), move |mut store, rep| {
        Box::new(async move {
            let guest = store.data_mut();
            guest.lent.remove(index, rep);
            let Some(drop) = guest.lent.destructor(index) else { return Ok(()) };
            let mailbox = guest.call.mailbox.clone();
            let request = move || {
                drop(rep);
                Answer::done(Ok(()))
            };
            mailbox.ask(request).await.map(|_| ()).map_err(Error::into_wasmtime)
        })
    })?;
    Ok(())
}

fn explain(imports: &[(String, ComponentItem)], error: &wasmtime::Error) -> Error {
    let details = error.chain().map(|cause| cause.to_string()).collect::<Vec<_>>().join(": ");
    let culprit = imports.iter().find(|(import, _)| details.contains(&format!("`{import}`")));
    let message = match culprit {
        Some((import, _)) => format!("import `{import}`: {}: {details}", provider(import)),
        None => details,
    };
    Error::new(Code::Link, message)
}

fn provider(import: &str) -> &'static str {
    if WASI.iter().any(|interface| import.starts_with(interface)) {
        "wasmcell provides WASI 0.2, but not this version or type of it"
    } else if import.starts_with("wasi:") {
        "not among the WASI interfaces of wasmcell, so the host has to define it"
    } else {
        "the host has to define it"
    }
}
