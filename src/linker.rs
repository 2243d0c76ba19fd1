//! What the host provides to components: functions and resources, by interface and name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::handles::HostType;
use crate::host::HostFn;

/// Gets the host's number for a resource of the host that a guest owned: when the guest drops it,
/// or when its instance ends. On a native stack, once for each time the guest was given it.
pub type Destructor = dyn Fn(u32) + Send + Sync;

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
}

#[derive(Clone)]
pub(crate) struct Function {
    /// The type that the host expects, as [`crate::types::Type`] spells it.
    pub ty: Option<String>,
    pub run: Arc<HostFn>,
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
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `path` is malformed or defined already.
    pub fn define(&mut self, path: &str, run: Arc<HostFn>) -> Result<()> {
        let (path, ty) = split_type(path);
        let (interface, name) = split(path)?;
        let functions = &mut self.interfaces.entry(interface.to_owned()).or_default().functions;
        if functions.contains_key(name) {
            return Err(Error::invalid("path", format_args!("`{path}` is defined already")));
        }
        functions.insert(name.to_owned(), Function { ty, run });
        Ok(())
    }

    /// Defines a resource type at `path`: `ns:pkg/iface@1.0.0#name`.
    ///
    /// # Errors
    /// As [`define`](Self::define).
    pub fn define_resource(&mut self, path: &str, drop: Arc<Destructor>) -> Result<()> {
        let (interface, name) = split(path)?;
        let index = self.resources.len() as u32;
        let resources = &mut self.interfaces.entry(interface.to_owned()).or_default().resources;
        if resources.contains_key(name) {
            return Err(Error::invalid("path", format_args!("`{path}` is defined already")));
        }
        resources.insert(name.to_owned(), Resource { index });
        self.resources.push(HostType::new(index, drop));
        Ok(())
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
fn split_type(path: &str) -> (&str, Option<String>) {
    match path.split_once(": ") {
        Some((path, ty)) => {
            (path.trim(), Some(ty.split_whitespace().collect::<Vec<_>>().join(" ")))
        }
        None => (path, None),
    }
}

fn split(path: &str) -> Result<(&str, &str)> {
    let (interface, name) = path.split_once('#').unwrap_or(("", path));
    if name.is_empty() || (path.contains('#') && interface.is_empty()) {
        let problem = format_args!("`{path}` is not `interface#name` or `name`");
        return Err(Error::invalid("path", problem));
    }
    Ok((interface, name))
}

/// The error of a definition that the component contradicts.
pub(crate) fn contradicts(path: &str, defined: &str, wanted: &str) -> Error {
    let problem =
        format!("import `{path}`: the host defines `{defined}`, the component wants `{wanted}`");
    Error::new(Code::Link, problem)
}
