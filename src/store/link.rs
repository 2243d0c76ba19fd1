//! Imports meet what the host provides.
//!
//! Each function and resource that a component imports gets a definition under its own exact name,
//! checked against the import's own type. wasmtime's linker would look for compatible versions by
//! itself, without looking at types that only run time knows; nothing is left for it to find but
//! WASI, whose types it does check.

use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, InstancePre, LinkerInstance, ResourceType};

use super::capability;
use super::guest::Guest;
use crate::call::Calls;
use crate::engine::Services;
use crate::error::{Code, Error, Result};
use crate::linker::{Interface, Linker, Unresolved};
use crate::types::Name;

mod absent;
mod import;
mod items;
mod resolve;
mod resources;
mod uses;

use absent::Left;
use resources::Resources;
use uses::Uses;

/// A component whose imports are all provided.
pub(crate) struct Linked {
    pub pre: InstancePre<Guest>,
    /// Which definition of the host serves each import, in the order of
    /// [`ComponentTypes`](crate::types::ComponentTypes).
    pub definitions: Box<[Option<Name>]>,
    /// The host's resources that it imports, each with the path that it was defined by.
    pub resources: Box<[(ResourceType, Name)]>,
    /// Whether a component that serves it may use timers, sockets and files of the reactor.
    pub uses_wasi: bool,
    /// How many components are in the longest chain of providers that begins with it.
    pub chain: u32,
}

/// Links `component` to WASI and to what the host defined.
///
/// # Errors
/// `LINK` names the import that is missing or has another type, and who could provide it.
pub(crate) fn link(
    services: &Services,
    wasi: &wasmtime::component::Linker<Guest>,
    component: &Component,
    host: &Linker,
    calls: Calls,
) -> Result<Linked> {
    crate::failpoint::hit("core:link");
    let ty = component.component_type();
    let imports: Vec<(&str, ComponentItem)> =
        ty.imports(component.engine()).map(|(name, item)| (name, item.ty)).collect();
    let mut linker = match imports.is_empty() {
        true => wasmtime::component::Linker::new(component.engine()),
        false => wasi.clone(),
    };
    let mut link = Link {
        services,
        engine: component.engine(),
        host,
        calls,
        uses_wasi: false,
        chain: 1,
        resources: Resources::default(),
        uses: Uses::default(),
        left: Vec::new(),
        definitions: Vec::new(),
    };
    for (name, item) in &imports {
        check_gate(services, name)?;
        link.import(&mut linker, name, item)?;
    }
    let pre = linker.instantiate_pre(component).map_err(|error| explain(&imports, &error))?;
    let resources = link.resources.definitions(host);
    let Link { definitions, uses_wasi, chain, .. } = link;
    Ok(Linked { pre, definitions: definitions.into(), resources, uses_wasi, chain })
}

fn check_gate(services: &Services, import: &str) -> Result<()> {
    match capability::gate(import) {
        Some(feature) if !services.has(feature) => {
            let problem = format!(
                "import `{import}` belongs to the experimental feature `{}`, which the builder \
                 did not enable",
                feature.name
            );
            Err(Error::new(Code::Link, problem).of_import(import))
        }
        _ => Ok(()),
    }
}

/// Who provides what of an import the host does not define.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    /// wasmtime's WASI, which has it already.
    Wasi,
    /// Nobody; the component loads all the same, and what it calls of it traps.
    Trap,
    /// Nobody, so that the component is refused.
    Refuse,
}

/// The linking of one component.
struct Link<'a> {
    services: &'a Services,
    engine: &'a wasmtime::Engine,
    host: &'a Linker,
    calls: Calls,
    /// As [`Linked`] has them, of what was linked so far.
    uses_wasi: bool,
    chain: u32,
    /// What the component's resources turned out to be so far.
    resources: Resources,
    /// Which definitions serve it, and for what.
    uses: Uses,
    /// What is left to wasmtime's WASI in the import at hand.
    left: Vec<Left>,
    definitions: Vec<Option<Name>>,
}

/// An interface that the component imports, or the world itself.
struct Place<'a> {
    /// What it was imported as; interfaces within interfaces are `outer#inner`. Empty for the
    /// world.
    path: String,
    /// The name of the import that it is in.
    import: &'a str,
    /// Where wasmtime keeps it.
    instance: &'a str,
    /// What the host may serve it with, the best first.
    serving: Vec<(&'a str, &'a Interface)>,
    otherwise: Otherwise,
}

impl Place<'_> {
    /// The full name of something in it.
    fn path_of(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}#{name}", self.path),
        }
    }
}

impl<'a> Link<'a> {
    /// Defines one import of the component, with everything in it.
    fn import(
        &mut self,
        linker: &mut wasmtime::component::Linker<Guest>,
        import: &'a str,
        item: &ComponentItem,
    ) -> Result<()> {
        let own = capability::of(import).and_then(|it| it.instance(import));
        let instance = own.as_deref().unwrap_or(import);
        let otherwise = match self.host.unresolved {
            _ if own.is_some() => Otherwise::Wasi,
            _ if capability::gate(import).is_some() => Otherwise::Trap,
            Unresolved::Trap => Otherwise::Trap,
            Unresolved::Refuse => Otherwise::Refuse,
        };
        linker.allow_shadowing(true);
        self.left.clear();
        let path = match item {
            ComponentItem::ComponentInstance(_) => import.to_owned(),
            _ => String::new(),
        };
        let place = self.place(path, import, instance, otherwise);
        match item {
            ComponentItem::ComponentInstance(members) => {
                self.interface(&mut linker.instance(instance)?, &place, members)?;
                if otherwise == Otherwise::Wasi && self.host.unresolved == Unresolved::Trap {
                    // What a later WASI has and this one has not.
                    let left = std::mem::take(&mut self.left);
                    linker.allow_shadowing(false);
                    absent::complete(&mut linker.instance(instance)?, import, left);
                }
                Ok(())
            }
            item => self.item(&mut linker.root(), &place, import, item),
        }
    }

    fn place<'p>(
        &self,
        path: String,
        import: &'p str,
        instance: &'p str,
        otherwise: Otherwise,
    ) -> Place<'p>
    where
        'a: 'p,
    {
        let serving = self.host.serving(&path);
        Place { path, import, instance, serving, otherwise }
    }

    fn interface(
        &mut self,
        into: &mut LinkerInstance<'_, Guest>,
        place: &Place<'_>,
        members: &ComponentInstance,
    ) -> Result<()> {
        for (name, item) in members.exports(self.engine) {
            match &item.ty {
                ComponentItem::ComponentInstance(members) => {
                    let (path, otherwise) = (place.path_of(name), place.otherwise);
                    let inner = self.place(path, place.import, place.instance, otherwise);
                    self.interface(&mut into.instance(name)?, &inner, members)?;
                }
                item => self.item(into, place, name, item)?,
            }
        }
        Ok(())
    }

    /// Defines something that is not made of other things.
    fn item(
        &mut self,
        into: &mut LinkerInstance<'_, Guest>,
        place: &Place<'_>,
        name: &str,
        item: &ComponentItem,
    ) -> Result<()> {
        let definition = match item {
            ComponentItem::ComponentFunc(ty) => self.function(into, place, name, ty)?,
            ComponentItem::Resource(ty) => self.resource(into, place, name, *ty)?,
            // A name for a type, which nobody has to define.
            ComponentItem::Type(_) => None,
            _ => return Err(self.missing(place, name)),
        };
        self.definitions.push(definition);
        Ok(())
    }

    /// The error of an import that nobody provides, with what comes close to it.
    fn missing(&self, place: &Place<'_>, name: &str) -> Error {
        let path = place.path_of(name);
        let near = match self.host.near(&place.path, name) {
            Some(near) => format!("; it defines `{near}`"),
            None => String::new(),
        };
        let problem = format!("import `{path}`: {}{near}", provider(place.import));
        Error::new(Code::Link, problem).of_import(path)
    }
}

/// What wasmtime finds wrong: only in WASI, since everything else was defined as it is imported.
fn explain(imports: &[(&str, ComponentItem)], error: &wasmtime::Error) -> Error {
    let details = error.chain().map(|cause| cause.to_string()).collect::<Vec<_>>().join(": ");
    let culprit = imports.iter().find(|(import, _)| details.contains(&format!("`{import}`")));
    match culprit {
        Some((import, _)) => {
            let problem = format!("import `{import}`: {}: {details}", provider(import));
            Error::new(Code::Link, problem).of_import(import)
        }
        None => Error::new(Code::Link, details),
    }
}

fn provider(import: &str) -> &'static str {
    if capability::of(import).is_some_and(|it| it.feature().is_none()) {
        "wasmcell provides WASI 0.2, but not this version or type of it"
    } else if import.starts_with("wasi:") {
        "not among the WASI interfaces of wasmcell, so the host has to define it"
    } else {
        "the host has to define it"
    }
}
