//! What the resources that a component imports turn out to be.
//!
//! To the host a resource is a number of its own choice, which says nothing about its type. So a
//! function that is defined for one of the host's resources must never be given another, whichever
//! names a component gives them.

use wasmtime::component::ResourceType;

use crate::error::{Code, Error, Result};
use crate::linker::Linker;
use crate::types::{FunctionType, Name, Resource, Type};

/// The resources that were met so far.
#[derive(Default)]
pub(super) struct Resources(Vec<Known>);

struct Known {
    ty: ResourceType,
    /// The interfaces that the component imports it from, each with its name there.
    names: Vec<(String, String)>,
    /// Which of the host's it is.
    host: Option<u32>,
}

/// How many names a component may give one resource.
const NAMES: usize = 256;

impl Resources {
    /// Notes that the component imports `ty` from an interface by this name. Tells whether that is
    /// another name for a resource that it has already. `host` is what the host defines there.
    ///
    /// # Errors
    /// `LINK` if it would have two of the host's resources be one, or has too many names for it.
    pub(super) fn add(
        &mut self,
        ty: ResourceType,
        (path, name): (&str, &str),
        host: Option<u32>,
    ) -> Result<bool> {
        let names = (path.to_owned(), name.to_owned());
        let Some(known) = self.0.iter_mut().find(|known| known.ty == ty) else {
            self.0.push(Known { ty, names: vec![names], host });
            return Ok(false);
        };
        let import = if path.is_empty() { name } else { &format!("{path}#{name}") };
        if host.is_some() && host != known.host {
            let (path, first) = &known.names[0];
            let problem = format!(
                "import `{import}`: the host defines a resource of its own there, the component \
                 wants that of `{path}#{first}`"
            );
            return Err(Error::new(Code::Link, problem).of_import(import));
        }
        if known.names.len() >= NAMES {
            let problem = format!("import `{import}`: more than {NAMES} names for one resource");
            return Err(Error::new(Code::Link, problem).of_import(import));
        }
        known.names.push(names);
        Ok(true)
    }

    /// Which of the host's resources `ty` is.
    pub(super) fn host(&self, ty: ResourceType) -> Option<u32> {
        self.find(ty).and_then(|known| known.host)
    }

    /// What the component calls `ty` in the interface `path`.
    pub(super) fn names_in<'a>(
        &'a self,
        ty: ResourceType,
        path: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let names = self.find(ty).map_or(&[][..], |known| &known.names);
        names.iter().filter(move |(in_, _)| in_ == path).map(|(_, name)| name.as_str())
    }

    /// Whether `imported` is what the host calls `declared`, in what it defines in the interface
    /// `interface`: a resource of that interface, or else of another one; or one that is not the
    /// host's, by the name that the component has for it.
    pub(super) fn is_called(
        &self,
        host: &Linker,
        interface: &str,
        declared: &Resource,
        imported: &Resource,
    ) -> bool {
        let declared = declared.name().as_str();
        let meant = host.resources_called(interface, declared);
        let known = self.find(imported.ty());
        match (meant.is_empty(), known.and_then(|known| known.host)) {
            (false, Some(index)) => meant.contains(&index),
            (true, None) => {
                let name = declared.rsplit(['#', '/']).next().unwrap_or(declared);
                known.is_some_and(|known| known.names.iter().any(|(_, known)| known == name))
            }
            _ => false,
        }
    }

    /// Whether both are the same to the host.
    pub(super) fn is_same(&self, a: &Resource, b: &Resource) -> bool {
        a.ty() == b.ty() || self.host(a.ty()).is_some_and(|host| self.host(b.ty()) == Some(host))
    }

    /// The host's among them, each with the path that it was defined by.
    pub(super) fn definitions(&self, host: &Linker) -> Box<[(ResourceType, Name)]> {
        let path = |known: &Known| Some((known.ty, Name::new(&host.resource_path(known.host?)?)));
        self.0.iter().filter_map(path).collect()
    }

    fn find(&self, ty: ResourceType) -> Option<&Known> {
        self.0.iter().find(|known| known.ty == ty)
    }
}

/// The resources that a function takes and gives.
pub(super) fn of(ty: &FunctionType) -> Vec<ResourceType> {
    let mut found = Vec::new();
    ty.any(&mut |ty| {
        if let Type::Own(resource) | Type::Borrow(resource) = ty
            && !found.contains(&resource.ty())
        {
            found.push(resource.ty());
        }
        false
    });
    found
}
