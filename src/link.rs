//! Imports meet what the host provides.

use std::sync::Arc;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, InstancePre, LinkerInstance};
use wasmtime::{AsContextMut, StoreContextMut};

use crate::error::{Code, Error, Result};
use crate::features;
use crate::guest::Guest;
use crate::handles::{self, StoreHandles};
use crate::host::{Answer, Arguments, HostCall};
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
            if interface.is_none() && !sandbox::defines(import) {
                return Ok(());
            }
            let mut into = linker.instance(import)?;
            for (name, item) in instance.exports(runtime.engine()) {
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
    if let Some(defined) = &function.ty {
        let wanted = Type::Function(wanted.clone()).to_string();
        if *defined != wanted {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}#{name}") };
            return Err(linker::contradicts(&path, defined, &wanted));
        }
    }
    let function = function.clone();
    into.func_new_async(name, move |store, ty, args, results| {
        // Resource types are an instance's own, so that only it knows them.
        let ty = match wanted.has_resources() {
            true => Arc::new(FunctionType::from_wasmtime(&ty)),
            false => wanted.clone(),
        };
        let function = function.clone();
        Box::new(async move {
            serve(store, function, ty, args, results).await.map_err(Error::into_wasmtime)
        })
    })?;
    Ok(())
}

/// Runs a host function for a guest, from the guest's fiber.
async fn serve(
    mut store: StoreContextMut<'_, Guest>,
    function: Function,
    ty: Arc<FunctionType>,
    args: &[Value],
    results: &mut [Value],
) -> Result<()> {
    let borrowed = borrowed(args)?;
    let handles = handles::give_all(args, &mut StoreHandles::new(store.as_context_mut()))?;
    let args = Arguments { values: args.to_vec(), handles, ty };
    let (call, mailbox) = {
        let call = &store.data().call;
        (HostCall::new(call.deadline.clone(), call.context.clone()), call.mailbox.clone())
    };
    let produce = mailbox.ask(move || (function.run)(&call, args)).await?;
    let mut handles = StoreHandles::new(store.as_context_mut());
    let produced = produce(&mut handles)?;
    handles.commit()?;
    for resource in borrowed {
        // A borrow ends with the function it was lent to.
        if !store.data().host_resources.contains(&resource.ty()) {
            resource.resource_drop_async(store.as_context_mut()).await?;
        }
    }
    if produced.len() != results.len() {
        let problem = format!("{} results, where {} belong", produced.len(), results.len());
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    for (result, value) in results.iter_mut().zip(produced) {
        *result = value;
    }
    Ok(())
}

fn borrowed(args: &[Value]) -> Result<Vec<wasmtime::component::ResourceAny>> {
    let mut borrowed = Vec::new();
    handles::each_resource(args, &mut |resource| {
        if !resource.owned() {
            borrowed.push(resource);
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
    use wasmtime::component::ResourceType;

    let drop = resource.drop.clone();
    let ty = ResourceType::host_dynamic(resource.index);
    into.resource_async(name, ty, move |store, rep| {
        let drop = drop.clone();
        Box::new(async move {
            let call = &store.data().call;
            let host = HostCall::new(call.deadline.clone(), call.context.clone());
            let mailbox = call.mailbox.clone();
            let request = move || Answer::done(drop(&host, rep));
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
