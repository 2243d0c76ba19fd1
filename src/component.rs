//! Components: loaded, checked for size and signature, compiled or fetched from the cache, linked.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use wasmtime::component::{InstancePre, ResourceType};

use crate::artifact::Artifact;
use crate::call::CallOptions;
use crate::cancel::CancelToken;
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::guest::Guest;
use crate::host::HostType;
use crate::limits::Limits;
use crate::link::{self, Linked};
use crate::linker::Linker;
use crate::process::Kept;
use crate::runtime::Runtime;
use crate::sandbox::{Sandbox, World};
use crate::shutdown::{Entry, Revoke, closed};
use crate::stack::Stack;
use crate::types::{ComponentTypes, ItemKind, Name, Type};
use crate::value::{self, Value};

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
    name: Name,
    types: ComponentTypes,
    /// For each import.
    definitions: Box<[Option<Name>]>,
    /// The host's resources among what it imports.
    resources: Box<[(ResourceType, Name)]>,
    parts: RwLock<Option<Arc<Parts>>>,
    limits: Limits,
    /// Bytes that each instance has besides memories and tables.
    state: u64,
    may_wait: bool,
    uses_wasi: bool,
    blocking_only: bool,
    calls_directly: bool,
    artifact: Arc<Artifact>,
    _entry: Entry,
    runtime: Runtime,
}

/// What refers to the host's code, until its runtime is shut down.
pub(crate) struct Parts {
    pub pre: InstancePre<Guest>,
    pub host_types: Arc<[HostType]>,
    /// What its instances are granted; `None` for nothing.
    pub world: Option<Arc<World>>,
}

impl Revoke for Kept<Inner> {
    fn revoke(&self) {
        let parts = self.parts.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(parts);
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
        if let Some(needs) = component.resources_required() {
            limits.admit(&needs)?;
        }
        let state = artifact.state().bytes(limits.core_instances);
        limits.admit_state(state)?;
        let max_names_size = runtime.settings().max_names_size;
        let types = ComponentTypes::of(runtime.engine(), component, max_names_size)?;
        let nothing = Linker::new();
        let linker = options.linker.as_ref().unwrap_or(&nothing);
        let uses_wasi = types.imports.iter().any(|item| item.name.outermost().starts_with("wasi:"));
        let imports_nothing = types.imports.iter().all(|item| item.kind == ItemKind::Type);
        let may_share = !uses_wasi && !imports_nothing && Stack::is_told();
        let calls_directly = options.blocking_only && may_share;
        let Linked { pre, definitions, resources } =
            link::link(runtime, component, linker, calls_directly)?;
        let host_types = linker.resources.clone().into();
        let world =
            options.sandbox.as_ref().map(|it| World::open(it, runtime)).transpose()?.map(Arc::new);
        let name = Name::new(options.name.as_deref().unwrap_or_default());
        tracing::debug!(component = name.as_str(), "component loaded");
        // Only what is imported can make a guest wait.
        let may_wait = !imports_nothing && !calls_directly;
        let parts = RwLock::new(Some(Arc::new(Parts { pre, host_types, world })));
        let make = |weak: &Weak<Kept<Inner>>| {
            Kept::new(Inner {
                name,
                types,
                definitions,
                resources,
                parts,
                limits,
                state,
                may_wait,
                uses_wasi,
                blocking_only: options.blocking_only,
                calls_directly,
                artifact,
                _entry: runtime.gate().keep(weak.clone()),
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
        &self.0.name
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

    /// An exported function: `greet`, or `ns:pkg/iface@1.0.0#greet`.
    ///
    /// # Errors
    /// `NOT_FOUND`, with the names that are there.
    pub fn function(&self, name: &str) -> Result<Function> {
        Function::find(self, name)
    }

    /// Calls a function on a fresh instance, in WAVE text: `greet("world")`.
    ///
    /// # Errors
    /// As [`function`](Self::function) and [`Function::call_text`].
    pub fn call_text(&self, text: &str, options: &CallOptions) -> Result<String> {
        let (name, _) = value::parse_call(text)?;
        self.function(&name)?.call_text(text, options)
    }

    /// Runs a command: a component that exports `run` of wasi:cli. Gives the status that it ends
    /// with, from 0 to 255.
    ///
    /// # Errors
    /// `NOT_FOUND` if it is no command; and as [`Function::call`], except that `EXIT` is none.
    pub fn run(&self, options: &CallOptions) -> Result<i32> {
        let is_run = |name: &&Name| {
            name.outermost().starts_with("wasi:cli/run@") && name.as_str().ends_with("#run")
        };
        let Some(name) = self.types().exports.iter().map(|item| &item.name).find(is_run) else {
            let problem = "the component is no command: it does not export `run` of wasi:cli/run";
            return Err(Error::new(Code::NotFound, problem));
        };
        match self.function(name.as_str())?.call_values(&[], options) {
            Ok(results) => match &results[..] {
                [Value::Result(Ok(_))] => Ok(0),
                _ => Ok(1),
            },
            Err(error) => match error.exit_status() {
                Some(status @ 0..=255) => Ok(status),
                _ => Err(error),
            },
        }
    }

    /// The runtime it was loaded into.
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// What its instances are made of.
    ///
    /// # Errors
    /// `SHUTDOWN`.
    pub(crate) fn parts(&self) -> Result<Arc<Parts>> {
        let parts = self.0.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        parts.ok_or_else(closed)
    }

    pub(crate) fn compiled(&self) -> &wasmtime::component::Component {
        self.0.artifact.component()
    }

    /// Tells it from all others that live.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether both are clones of one component.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Bytes that each instance has besides memories and tables, at most.
    pub(crate) fn state(&self) -> u64 {
        self.0.state
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Whether its guests may use timers, sockets and files of the reactor.
    pub(crate) fn uses_wasi(&self) -> bool {
        self.0.uses_wasi
    }

    /// What [`ComponentOptions::blocking_only`] said.
    pub(crate) fn blocking_only(&self) -> bool {
        self.0.blocking_only
    }

    /// Whether its guests call the host from their caller's stack, and so have to run there.
    pub(crate) fn calls_directly(&self) -> bool {
        self.0.calls_directly
    }

    /// Whether its guests may wait for something of the host, which takes stacks of their own.
    pub(crate) fn may_wait(&self) -> bool {
        self.0.may_wait
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("name", &self.0.name.as_str()).finish_non_exhaustive()
    }
}
