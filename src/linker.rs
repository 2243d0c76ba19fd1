//! What the host provides to components: functions and resources, by interface and name.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::host::{HostFn, HostType};
use crate::types::definition::{Defined, split};
use crate::types::{FunctionType, Type};

mod near;
pub(crate) mod provide;
pub(crate) mod version;

use version::Fit;

pub use crate::host::Destructor;

/// What to do about imports that nobody provides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unresolved {
    /// Refuse the component.
    #[default]
    Refuse,
    /// Load it; calling such an import traps.
    Trap,
}

/// Host functions and resources that a component may import. Copied when a component is made.
#[derive(Clone, Default)]
pub struct Linker {
    pub(crate) interfaces: BTreeMap<String, Interface>,
    /// Types of the host's resources; the index is the type's payload.
    pub(crate) resources: Vec<HostType>,
    pub(crate) unresolved: Unresolved,
}

/// What the host defines in one interface; the world itself is the interface without a name.
#[derive(Clone, Default)]
pub(crate) struct Interface {
    pub functions: BTreeMap<String, Function>,
    pub resources: BTreeMap<String, Resource>,
    /// Resources that a component has there which serves the rest, with what to call it: they are
    /// not passed between components.
    pub withheld: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Function {
    /// The type that it was written for, if the host said so.
    pub ty: Option<Arc<FunctionType>>,
    pub run: Run,
}

/// What runs when a guest calls a definition.
#[derive(Clone)]
pub(crate) enum Run {
    Host(Arc<HostFn>),
    /// In an instance of another component.
    Component(Provided),
}

/// A function of another component.
#[derive(Clone)]
pub(crate) struct Provided {
    /// The component, as those know it who link.
    pub of: Arc<dyn Any + Send + Sync>,
    /// Which of its exports it is.
    pub position: usize,
}

impl Function {
    /// Whether it is another component's and cannot be called from outside that: resources are an
    /// instance's own.
    pub(crate) fn is_withheld(&self) -> bool {
        let strange =
            |ty: &Type| matches!(ty, Type::Own(_) | Type::Borrow(_) | Type::Unsupported(_));
        let ty = || self.ty.as_ref().is_some_and(|ty| ty.any(&mut |ty| strange(ty)));
        matches!(self.run, Run::Component(_)) && ty()
    }
}

#[derive(Clone)]
pub(crate) struct Resource {
    pub index: u32,
}

impl Linker {
    /// A linker that provides nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Defines a function at `path`: `ns:pkg/iface@1.0.0#name`, or `name` for one that the world
    /// imports itself; optionally followed by the type it must have: `#name: func(a: u32) -> u32`.
    /// It serves imports of compatible versions too, unless they have definitions of their own.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `path` is nothing that a component could import, or defined already.
    pub fn define(&mut self, path: &str, run: Arc<HostFn>) -> Result<()> {
        let (path, ty) = split_type(path);
        let ty = ty.map(FunctionType::parse).transpose()?.map(Arc::new);
        let (interface, name) = split(path, Defined::Function)?;
        let functions = &mut self.interfaces.entry(interface.to_owned()).or_default().functions;
        if functions.contains_key(name) {
            return Err(Error::invalid("path", format_args!("`{path}` is defined already")));
        }
        functions.insert(name.to_owned(), Function { ty, run: Run::Host(run) });
        Ok(())
    }

    /// Defines all `functions`, as [`define`](Self::define) does, or none of them.
    ///
    /// # Errors
    /// As [`define`](Self::define), naming the one that is at fault by its place.
    pub fn define_all<'a>(
        &mut self,
        functions: impl IntoIterator<Item = Result<(&'a str, Arc<HostFn>)>>,
    ) -> Result<()> {
        let mut all = self.clone();
        for (place, function) in functions.into_iter().enumerate() {
            let defined = function.and_then(|(path, run)| all.define(path, run));
            defined.map_err(|error| {
                let row = format!("definitions[{place}]");
                let argument = error.details().argument.as_deref().unwrap_or("path");
                let argument = format!("{row}.{argument}");
                error.context(format_args!("`{row}`")).of_argument(argument)
            })?;
        }
        *self = all;
        Ok(())
    }

    /// Defines a resource type at `path`: `ns:pkg/iface@1.0.0#name`.
    ///
    /// # Errors
    /// As [`define`](Self::define).
    pub fn define_resource(&mut self, path: &str, drop: Arc<Destructor>) -> Result<()> {
        let (interface, name) = split(path, Defined::Resource)?;
        let index = self.resources.len() as u32;
        let place = self.interfaces.entry(interface.to_owned()).or_default();
        if place.withheld.contains_key(name) || place.resources.contains_key(name) {
            return Err(Error::invalid("path", format_args!("`{path}` is defined already")));
        }
        place.resources.insert(name.to_owned(), Resource { index });
        self.resources.push(HostType::new(index, drop));
        Ok(())
    }

    /// The interfaces that may serve imports of the interface `import`, with their names, the best
    /// one first: that of the same name, then the newest of a compatible version.
    pub(crate) fn serving(&self, import: &str) -> Vec<(&str, &Interface)> {
        let fit = |(path, interface)| {
            let path: &String = path;
            Some((version::fit(path, import)?, path.as_str(), interface))
        };
        let mut found: Vec<(Fit, &str, &Interface)> =
            self.interfaces.iter().filter_map(fit).collect();
        found.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        found.into_iter().map(|(_, path, interface)| (path, interface)).collect()
    }

    /// The resources that the host may mean by `name` in what it defines in `interface`: by a full
    /// path; or the one of that interface; or else those of that name in others.
    pub(crate) fn resources_called(&self, interface: &str, name: &str) -> Vec<u32> {
        let index = |interface: &str, name: &str| {
            let resource = self.interfaces.get(interface)?.resources.get(name)?;
            Some(resource.index)
        };
        let own = match name.rsplit_once('#') {
            Some((path, name)) => return index(path, name).into_iter().collect(),
            None => index(interface, name),
        };
        match own {
            Some(own) => vec![own],
            None => self.interfaces.keys().filter_map(|path| index(path, name)).collect(),
        }
    }

    /// The path that a resource was defined by.
    pub(crate) fn resource_path(&self, index: u32) -> Option<String> {
        self.interfaces.iter().find_map(|(path, interface)| {
            let (name, _) = interface.resources.iter().find(|(_, it)| it.index == index)?;
            Some(if path.is_empty() { name.clone() } else { format!("{path}#{name}") })
        })
    }

    /// What to do about imports that nobody provides. Refuse, by default.
    pub fn unresolved(&mut self, unresolved: Unresolved) -> &mut Self {
        self.unresolved = unresolved;
        self
    }
}

impl fmt::Debug for Linker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.interfaces.keys()).finish()
    }
}

/// Splits the expected type from a path: `a:b/c@1.0.0#f: func()`.
fn split_type(path: &str) -> (&str, Option<&str>) {
    match path.split_once(": ") {
        Some((path, ty)) => (path, Some(ty)),
        None => (path, None),
    }
}
