//! Components: loaded, checked for size and signature, compiled or fetched from the cache, linked.

use std::fmt;
use std::sync::{Arc, Weak};

use wasmtime::Engine;
use wasmtime::component::ResourceType;

use crate::call::Policy;
use crate::code::artifact::Artifact;
use crate::engine::Services;
use crate::engine::limits::Limits;
use crate::engine::shutdown::{Entry, Revoke};
use crate::engine::slots::Slots;
use crate::error::Result;
use crate::linker::Linker;
use crate::runtime::Runtime;
use crate::sandbox::OpenSandbox;
use crate::store::{Basis, Blueprint, Linked, Parts, Profile, Remake, link, next_id};
use crate::system::process::Kept;
use crate::types::{ComponentTypes, Name, Type};

mod again;
mod load;
mod options;
mod provide;
mod shared;

use again::Again;
pub(crate) use load::Source;
pub use options::ComponentOptions;
pub use provide::ProviderOptions;

/// Compiled code, and what it imports and exports.
struct Compiled {
    artifact: Arc<Artifact>,
    types: Arc<ComponentTypes>,
}

impl Compiled {
    fn new(services: &Services, artifact: Arc<Artifact>) -> Result<Self> {
        let (component, most) = (artifact.component(), services.settings().max_names_size);
        let types = ComponentTypes::of(component.engine(), component, most)?;
        Ok(Self { artifact, types: Arc::new(types) })
    }

    /// The same where guests have `stack` bytes each.
    fn with_stack(self, services: &Services, stack: usize) -> Result<Self> {
        let engine = services.engine_with_stack(stack)?;
        match Engine::same(&engine, self.artifact.component().engine()) {
            true => Ok(self),
            false => Self::new(services, Arc::new(self.artifact.in_engine(&engine)?)),
        }
    }
}

/// A component, compiled and linked. Clones share it.
#[derive(Clone)]
pub struct Component(Arc<Kept<Inner>>);

struct Inner {
    blueprint: Blueprint,
    policy: Policy,
    types: Arc<ComponentTypes>,
    /// For each import.
    definitions: Box<[Option<Name>]>,
    /// The host's resources among what it imports.
    resources: Box<[(ResourceType, Name)]>,
    /// How many components there are in the longest chain of providers that begins here.
    chain: u32,
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
    /// Another component of the same code, which is neither compiled nor copied: with a linker, a
    /// sandbox and limits of its own. Of `options`, time and cancellation have no meaning here.
    ///
    /// # Errors
    /// `LINK`, `IO`, `MEMORY_LIMIT`, `RESOURCE_LIMIT`, `INVALID_ARGUMENT`, `SHUTDOWN`, `FORKED`.
    pub fn link_again(&self, options: &ComponentOptions) -> Result<Self> {
        let services = self.0.runtime.services();
        services.check_process()?;
        let _pass = services.gate().load()?;
        services.log().within(|| {
            let code = Compiled { artifact: self.0.artifact.clone(), types: self.0.types.clone() };
            Self::link(&self.0.runtime, code, options)
        })
    }

    fn link(runtime: &Runtime, code: Compiled, options: &ComponentOptions) -> Result<Self> {
        let services = runtime.services();
        let settings = services.settings();
        let limits = Limits::of(settings).within(&options.limits);
        let code = match options.unlinked {
            true => code,
            false => code.with_stack(services, limits.stack)?,
        };
        let Compiled { artifact, types } = code;
        let component = artifact.component();
        let needs = component.resources_required();
        let needs = needs.map(|needs| limits.admit(&needs)).transpose()?.unwrap_or(1);
        let places = limits.with_heap(needs)?;
        let state = artifact.state().bytes(limits.core_instances);
        limits.admit_state(state)?;
        let mut policy = options.policy(services, &types, &limits)?;
        let nothing = Linker::new();
        let linker = options.linker.as_ref().unwrap_or(&nothing);
        let mut known = (Box::default(), Box::default(), 1);
        let parts = match options.unlinked {
            true => None,
            false => {
                let wasi = runtime.wasi_linker(component.engine())?;
                let linked = link(services, &wasi, component, linker, policy.calls())?;
                let Linked { pre, definitions, resources, uses_wasi, chain } = linked;
                policy.uses_wasi |= uses_wasi;
                known = (definitions, resources, chain);
                let open = |it| OpenSandbox::open(it, services).map(Arc::new);
                let sandbox = options.sandbox.as_ref().map(open).transpose()?;
                let host_types = linker.resources.clone().into();
                Some((pre, host_types, sandbox))
            }
        };
        let (definitions, resources, chain) = known;
        let name = Name::new(options.name.as_deref().unwrap_or_default());
        services.observer().loaded(name.as_str());
        let few = options.limits.max_instances.filter(|few| *few < settings.max_components);
        let bulkhead = few
            .map(|few| Slots::new(services.lanes(), "max_instances", few, settings.instance_wait));
        let services = services.clone();
        let id = next_id();
        let profile = Arc::new(Profile { name, id, limits, places, state, bulkhead, services });
        let parts = parts.map(|(pre, host_types, sandbox)| {
            let calls = policy.calls();
            let again = Again::new(runtime, &artifact, linker, calls, types.exports.len());
            let profile = profile.clone();
            let parts = Parts::new(Basis { profile, host_types, sandbox }, pre);
            (parts, Box::new(again) as Box<dyn Remake>)
        });
        let blueprint = Blueprint::new(profile, parts, options.reuse);
        let make = |weak: &Weak<Kept<Inner>>| {
            Kept::new(Inner {
                blueprint,
                policy,
                types,
                definitions,
                resources,
                chain,
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

    /// A number that no other component of this process has had.
    pub fn id(&self) -> u64 {
        self.0.blueprint.profile.id
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

    /// The host's resources among what it imports, each with the path that it was defined by.
    pub(crate) fn resources(&self) -> &[(ResourceType, Name)] {
        &self.0.resources
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
