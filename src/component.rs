//! Components: loaded, checked for size and signature, compiled or fetched from the cache, linked.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use wasmtime::component::ResourceType;

use crate::call::Policy;
use crate::cancel::CancelToken;
use crate::code::artifact::Artifact;
use crate::engine::limits::Limits;
use crate::engine::shutdown::{Entry, Revoke};
use crate::error::Result;
use crate::linker::Linker;
use crate::runtime::Runtime;
use crate::sandbox::{OpenSandbox, Sandbox};
use crate::store::{Blueprint, Linked, Parts, Profile, link};
use crate::system::process::Kept;
use crate::system::stack::Stack;
use crate::types::{ComponentTypes, ItemKind, Name, Type};

mod load;
mod shared;

pub(crate) use load::Source;

/// How a component is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct ComponentOptions {
    /// What to call it in log records and messages.
    pub name: Option<String>,
    /// What the host provides to it; copied.
    pub linker: Option<Linker>,
    /// What it is granted of the world outside; copied. Nothing, by default.
    pub sandbox: Option<Sandbox>,
    /// Whether all its calls are blocking ones; asynchronous ones are refused then. Unless it
    /// imports WASI, its guests then run on their caller's stack, and call the host from there.
    pub blocking_only: bool,
    /// How long loading may take, by the clock on the wall; as long as it takes, by default.
    pub timeout: Option<Duration>,
    /// What may cancel the load.
    pub cancel: Option<CancelToken>,
}

/// A component, compiled and linked. Clones share it.
#[derive(Clone)]
pub struct Component(Arc<Kept<Inner>>);

struct Inner {
    blueprint: Blueprint,
    policy: Policy,
    types: ComponentTypes,
    /// For each import.
    definitions: Box<[Option<Name>]>,
    /// The host's resources among what it imports.
    resources: Box<[(ResourceType, Name)]>,
    artifact: Arc<Artifact>,
    _entry: Entry,
    runtime: Runtime,
}

impl Revoke for Kept<Inner> {
    fn revoke(&self) {
        self.blueprint.revoke();
    }
}

impl Component {
    fn link(
        runtime: &Runtime,
        artifact: Arc<Artifact>,
        limits: Limits,
        options: &ComponentOptions,
    ) -> Result<Self> {
        let component = artifact.component();
        let needs = component.resources_required();
        let places = needs.map(|needs| limits.admit(&needs)).transpose()?.unwrap_or(1);
        let state = artifact.state().bytes(limits.core_instances);
        limits.admit_state(state)?;
        let services = runtime.services();
        let max_names_size = services.settings().max_names_size;
        let types = ComponentTypes::of(services.engine(), component, max_names_size)?;
        let nothing = Linker::new();
        let linker = options.linker.as_ref().unwrap_or(&nothing);
        let uses_wasi = types.imports.iter().any(|item| item.name.outermost().starts_with("wasi:"));
        let imports_nothing = types.imports.iter().all(|item| item.kind == ItemKind::Type);
        let may_share = !uses_wasi && !imports_nothing && Stack::is_told();
        let calls_directly = options.blocking_only && may_share;
        let Linked { pre, definitions, resources } =
            link(services, runtime.wasi_linker(), component, linker, calls_directly)?;
        let host_types = linker.resources.clone().into();
        let sandbox = options
            .sandbox
            .as_ref()
            .map(|it| OpenSandbox::open(it, services))
            .transpose()?
            .map(Arc::new);
        let name = Name::new(options.name.as_deref().unwrap_or_default());
        services.observer().loaded(name.as_str());
        // Only what is imported can make a guest wait.
        let may_wait = !imports_nothing && !calls_directly;
        let services = services.clone();
        let profile = Profile { name, limits, places, state, services: services.clone() };
        let blueprint = Blueprint::new(profile, Parts { pre, host_types, sandbox });
        let blocking_only = options.blocking_only;
        let policy = Policy { services, may_wait, uses_wasi, blocking_only, calls_directly };
        let make = |weak: &Weak<Kept<Inner>>| {
            Kept::new(Inner {
                blueprint,
                policy,
                types,
                definitions,
                resources,
                artifact,
                _entry: runtime.services().gate().keep(weak.clone()),
                runtime: runtime.clone(),
            })
        };
        Ok(Self(Arc::new_cyclic(make)))
    }

    /// The compiled component, for [`deserialize`](Self::deserialize).
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if there is no memory for it.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        self.0.artifact.serialize()
    }

    /// What [`ComponentOptions::name`] said.
    pub fn name(&self) -> &Name {
        &self.0.blueprint.profile.name
    }

    /// The component's world, as WIT text.
    ///
    /// # Errors
    /// `UNSUPPORTED` if WIT cannot express it.
    pub fn wit(&self) -> Result<&str> {
        self.0.artifact.wit()
    }

    /// What it imports and exports.
    pub fn types(&self) -> &ComponentTypes {
        &self.0.types
    }

    /// The path of the host's definition that serves the `index`th import, if one does.
    pub fn import_definition(&self, index: usize) -> Option<&Name> {
        self.0.definitions.get(index)?.as_ref()
    }

    /// The path of the host's resource that handles of type `ty` stand for, if they do.
    pub fn resource_definition(&self, ty: &Type) -> Option<&Name> {
        let (Type::Own(resource) | Type::Borrow(resource)) = ty else { return None };
        let mut all = self.0.resources.iter();
        all.find(|(known, _)| *known == resource.ty()).map(|(_, path)| path)
    }

    /// The runtime it was loaded into.
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// What its instances are made of.
    pub(crate) fn blueprint(&self) -> &Blueprint {
        &self.0.blueprint
    }

    /// What it asks of every call.
    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    pub(crate) fn compiled(&self) -> &wasmtime::component::Component {
        self.0.artifact.component()
    }

    /// Whether both are clones of one component.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("name", &self.name().as_str()).finish_non_exhaustive()
    }
}
