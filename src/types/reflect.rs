//! What a compiled component imports and exports, as wasmtime knows it.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Type as Theirs};

use super::reader::Reader;
use super::{ComponentTypes, FunctionType, Item, Name, Type};
use crate::error::{Code, Error, Result};

impl Type {
    /// Reads a type of wasmtime's. Its resources have no names.
    pub fn from_wasmtime(ty: &Theirs) -> Self {
        Reader::default().ty(ty)
    }
}

impl FunctionType {
    /// Reads a type of wasmtime's. Its resources have no names.
    pub fn from_wasmtime(ty: &ComponentFunc) -> Self {
        Reader::default().signature(ty)
    }
}

impl ComponentTypes {
    /// Everything `component` imports and exports, whose full names have at most `max_names_size`
    /// bytes together.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if they have more.
    pub fn of(engine: &Engine, component: &Component, max_names_size: u64) -> Result<Self> {
        let ty = component.component_type();
        let mut found = Found { engine, items: Vec::new(), size: 0, max: max_names_size };
        for (name, import) in ty.imports(engine) {
            found.add(Name::new(name), import.ty);
        }
        let imports = found.items.len();
        for (name, export) in ty.exports(engine) {
            found.add(Name::new(name), export.ty);
        }
        let found = found.all()?;

        let mut reader = Reader::default();
        for (name, item) in &found {
            if let ComponentItem::Resource(ty) = item {
                reader.name_resource(name, *ty);
            }
        }
        let read = found.into_iter().map(|(name, item)| reader.item(name, &item));
        let mut items: Vec<Item> = read.collect();
        let exports = items.split_off(imports);
        Ok(Self { imports: items, exports })
    }
}

/// Imports and exports, of which those in interfaces stand for themselves.
struct Found<'a> {
    engine: &'a Engine,
    items: Vec<(Name, ComponentItem)>,
    /// Bytes of all full names.
    size: u64,
    max: u64,
}

impl Found<'_> {
    /// Adds `item`, or everything in it if it is an interface.
    fn add(&mut self, name: Name, item: ComponentItem) {
        match item {
            ComponentItem::ComponentInstance(instance) => {
                for (member, item) in instance.exports(self.engine) {
                    self.add(name.member(member), item.ty);
                }
            }
            item => {
                self.size = self.size.saturating_add(name.len() as u64);
                // Beyond the limit they are only counted.
                if self.size <= self.max {
                    self.items.push((name, item));
                }
            }
        }
    }

    fn all(self) -> Result<Vec<(Name, ComponentItem)>> {
        let (size, max) = (self.size, self.max);
        match size <= max {
            true => Ok(self.items),
            false => {
                let problem = format_args!(
                    "the full names of what the component imports and exports have {size} bytes; \
                     `max_names_size` is {max}"
                );
                let error = Error::new(Code::ResourceLimit, problem);
                Err(error.met("max_names_size", Some(size), max))
            }
        }
    }
}
