//! What the resources that a component imports turn out to be.

use wasmtime::component::ResourceType;

use crate::types::{FunctionType, Resource, Type};

/// The resources that were met so far.
#[derive(Default)]
pub(super) struct Resources(Vec<Known>);

struct Known {
    ty: ResourceType,
    /// What the component calls it, in the interfaces that it imports it from.
    names: Vec<String>,
    /// Which of the host's it is.
    host: Option<u32>,
}

/// How many names of one resource are kept.
const NAMES: usize = 8;

impl Resources {
    /// Whether `ty` was met before.
    pub(super) fn is_known(&self, ty: ResourceType) -> bool {
        self.find(ty).is_some()
    }

    /// Notes that the component calls `ty` by this name, and which of the host's resources it is.
    pub(super) fn add(&mut self, ty: ResourceType, name: &str, host: Option<u32>) {
        match self.0.iter_mut().find(|known| known.ty == ty) {
            Some(known) if known.names.len() < NAMES => known.names.push(name.to_owned()),
            Some(_) => {}
            None => self.0.push(Known { ty, names: vec![name.to_owned()], host }),
        }
    }

    /// Which of the host's resources `ty` is.
    pub(super) fn host(&self, ty: ResourceType) -> Option<u32> {
        self.find(ty).and_then(|known| known.host)
    }

    /// What the component calls `ty`.
    pub(super) fn names(&self, ty: ResourceType) -> &[String] {
        self.find(ty).map_or(&[], |known| &known.names)
    }

    /// Whether `imported` is what the host calls `declared`: by its name, by its full path, or only
    /// "resource".
    pub(super) fn is_called(&self, declared: &Resource, imported: &Resource) -> bool {
        let declared = declared.name().as_str();
        let name = declared.rsplit(['#', '/']).next().unwrap_or(declared);
        name == "resource" || self.names(imported.ty()).iter().any(|known| known == name)
    }

    /// Whether both are the same to the host.
    pub(super) fn is_same(&self, a: &Resource, b: &Resource) -> bool {
        a.ty() == b.ty() || self.host(a.ty()).is_some_and(|host| self.host(b.ty()) == Some(host))
    }

    fn find(&self, ty: ResourceType) -> Option<&Known> {
        self.0.iter().find(|known| known.ty == ty)
    }
}

/// The resources that a function takes and gives.
pub(super) fn of(ty: &FunctionType) -> Vec<ResourceType> {
    let mut found = Vec::new();
    ty.params.iter().for_each(|param| collect(&param.ty, &mut found));
    ty.result.iter().for_each(|ty| collect(ty, &mut found));
    found
}

fn collect(ty: &Type, found: &mut Vec<ResourceType>) {
    match ty {
        Type::Own(resource) | Type::Borrow(resource) => {
            if !found.contains(&resource.ty()) {
                found.push(resource.ty());
            }
        }
        ty => (0..ty.len()).filter_map(|i| ty.child(i)).for_each(|ty| collect(ty, found)),
    }
}
