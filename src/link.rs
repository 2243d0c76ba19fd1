//! Imports meet what the host provides.

use std::sync::Arc;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, InstancePre, LinkerInstance, ResourceType};

use crate::error::{Code, Error, Result};
use crate::features;
use crate::guest::Guest;
use crate::host::Answer;
use crate::linker::{self, Function, Interface, Linker, Resource, Unresolved};
use crate::runtime::Runtime;
use crate::sandbox;
use crate::types::{FunctionType, Type};

mod import;

use import::Import;

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

/// Links `component` to WASI and to what the host defined. `directly` if its guests call the host
/// from their caller's stack, and never from one of their own.
///
/// # Errors
/// `LINK` names the import that is missing or has another type, and who could provide it.
pub(crate) fn link(
    runtime: &Runtime,
    component: &Component,
    host: &Linker,
    directly: bool,
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
        define(runtime, &mut linker, host, name, item, directly)?;
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
    directly: bool,
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
                    define_item(&mut into, interface, import, name, &item.ty, directly)?;
                }
            }
            Ok(())
        }
        item => match host.interfaces.get("") {
            Some(world) => define_item(&mut linker.root(), world, "", import, item, directly),
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
    directly: bool,
) -> Result<()> {
    match item {
        ComponentItem::ComponentFunc(ty) => match interface.functions.get(name) {
            Some(function) => define_function(into, function, path, name, ty, directly),
            None => Ok(()),
        },
        ComponentItem::Resource(_) => match interface.resources.get(name) {
            Some(resource) => define_resource(into, resource, name, directly),
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
    directly: bool,
) -> Result<()> {
    let wanted = Arc::new(FunctionType::from_wasmtime(ty));
    let path = match path.is_empty() {
        true => name.to_owned(),
        false => format!("{path}#{name}"),
    };
    if let Some(defined) = &function.ty {
        let wanted = Type::Function(wanted.clone()).to_string();
        if *defined != wanted {
            return Err(linker::contradicts(&path, defined, &wanted));
        }
    }
    import::define(into, name, Import::new(path, function.run.clone(), wanted), directly)?;
    Ok(())
}

fn define_resource(
    into: &mut LinkerInstance<'_, Guest>,
    resource: &Resource,
    name: &str,
    directly: bool,
) -> Result<()> {
    let index = resource.index;
    let ty = ResourceType::host_dynamic(index);
    if directly {
        into.resource(name, ty, move |mut store, rep| {
            let guest = store.data_mut();
            guest.lent.remove(index, rep);
            if let Some(drop) = guest.lent.destructor(index) {
                drop(rep);
            }
            Ok(())
        })?;
        return Ok(());
    }
    into.resource_async(name, ty, move |mut store, rep| {
        Box::new(async move {
            let guest = store.data_mut();
            guest.lent.remove(index, rep);
            let Some(drop) = guest.lent.destructor(index) else { return Ok(()) };
            let mailbox = guest.mailbox.clone();
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
