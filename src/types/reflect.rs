//! Reads the types of a compiled component out of wasmtime.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem};
use wasmtime::component::{Component, ResourceType, Type as Theirs};

use super::{Case, ComponentTypes, Field, FunctionType, Item, ItemKind, Name, Resource};
use super::{ResultType, Type};

/// How many resources get a name. Finding one takes a linear search, so that a component with very
/// many would make loading slow.
const NAMED_RESOURCES: usize = 256;

impl Type {
    /// The same type without wasmtime. Resources have no names.
    pub fn from_wasmtime(ty: &Theirs) -> Self {
        Reader::default().ty(ty)
    }
}

impl FunctionType {
    /// The same type without wasmtime. Resources have no names.
    pub fn from_wasmtime(ty: &ComponentFunc) -> Self {
        Reader::default().function(ty)
    }
}

impl ComponentTypes {
    /// Everything `component` imports and exports. Its size is bounded by the validator's limit on
    /// types, a million in all, and by the size of the binary.
    pub fn of(engine: &Engine, component: &Component) -> Self {
        let ty = component.component_type();
        let mut found = Vec::new();
        for (name, import) in ty.imports(engine) {
            flatten(engine, name.to_owned(), import.ty, &mut found);
        }
        let imports = found.len();
        for (name, export) in ty.exports(engine) {
            flatten(engine, name.to_owned(), export.ty, &mut found);
        }

        let mut reader = Reader::default();
        for (name, item) in &found {
            if let ComponentItem::Resource(ty) = item {
                reader.name_resource(name, *ty);
            }
        }
        let mut items: Vec<Item> = found.iter().map(|(name, it)| reader.item(name, it)).collect();
        let exports = items.split_off(imports);
        Self { imports: items, exports }
    }
}

/// Puts `item` into `found`, or everything in it if it is an interface.
fn flatten(
    engine: &Engine,
    name: String,
    item: ComponentItem,
    found: &mut Vec<(String, ComponentItem)>,
) {
    match item {
        ComponentItem::ComponentInstance(instance) => members(engine, &name, &instance, found),
        item => found.push((name, item)),
    }
}

fn members(
    engine: &Engine,
    name: &str,
    instance: &ComponentInstance,
    found: &mut Vec<(String, ComponentItem)>,
) {
    for (member, item) in instance.exports(engine) {
        flatten(engine, format!("{name}#{member}"), item.ty, found);
    }
}

#[derive(Default)]
struct Reader {
    resources: Vec<Resource>,
    /// Types with named parts, by the address of their first name, which wasmtime keeps once per
    /// type. Reading such a type once keeps names from multiplying: the tree of a type may be far
    /// larger than the binary that describes it.
    seen: HashMap<*const u8, Type>,
}

impl Reader {
    fn name_resource(&mut self, name: &str, ty: ResourceType) {
        let known = self.resources.iter().any(|resource| resource.ty() == ty);
        if !known && self.resources.len() < NAMED_RESOURCES {
            self.resources.push(Resource::new(Name::new(name), ty));
        }
    }

    fn item(&mut self, name: &str, item: &ComponentItem) -> Item {
        let (kind, ty) = match item {
            ComponentItem::ComponentFunc(function) => {
                (ItemKind::Function, Some(Type::Function(Arc::new(self.function(function)))))
            }
            ComponentItem::Type(ty) => (ItemKind::Type, Some(self.ty(ty))),
            ComponentItem::Resource(_) => (ItemKind::Resource, None),
            ComponentItem::Module(_) => (ItemKind::Module, None),
            ComponentItem::CoreFunc(_) => (ItemKind::CoreFunction, None),
            // Instances have been flattened.
            ComponentItem::Component(_) | ComponentItem::ComponentInstance(_) => {
                (ItemKind::Component, None)
            }
        };
        Item { name: Name::new(name), kind, ty }
    }

    fn function(&mut self, ty: &ComponentFunc) -> FunctionType {
        FunctionType {
            params: ty
                .params()
                .map(|(name, ty)| Field { name: Name::new(name), ty: self.ty(&ty) })
                .collect(),
            result: ty.results().next().map(|ty| self.ty(&ty)),
        }
    }

    fn ty(&mut self, ty: &Theirs) -> Type {
        match ty {
            Theirs::Bool => Type::Bool,
            Theirs::S8 => Type::S8,
            Theirs::U8 => Type::U8,
            Theirs::S16 => Type::S16,
            Theirs::U16 => Type::U16,
            Theirs::S32 => Type::S32,
            Theirs::U32 => Type::U32,
            Theirs::S64 => Type::S64,
            Theirs::U64 => Type::U64,
            Theirs::Float32 => Type::F32,
            Theirs::Float64 => Type::F64,
            Theirs::Char => Type::Char,
            Theirs::String => Type::String,
            Theirs::List(list) => Type::List(Arc::new(self.ty(&list.ty()))),
            Theirs::Option(option) => Type::Option(Arc::new(self.ty(&option.ty()))),
            Theirs::Tuple(tuple) => Type::Tuple(tuple.types().map(|ty| self.ty(&ty)).collect()),
            Theirs::Result(result) => Type::Result(Arc::new(ResultType {
                ok: result.ok().map(|ty| self.ty(&ty)),
                err: result.err().map(|ty| self.ty(&ty)),
            })),
            Theirs::Record(_) | Theirs::Variant(_) | Theirs::Enum(_) | Theirs::Flags(_) => {
                self.named(ty)
            }
            Theirs::Own(resource) => Type::Own(self.resource(*resource)),
            Theirs::Borrow(resource) => Type::Borrow(self.resource(*resource)),
            Theirs::Map(_) => Type::Unsupported("map"),
            Theirs::Future(_) => Type::Unsupported("future"),
            Theirs::Stream(_) => Type::Unsupported("stream"),
            Theirs::ErrorContext => Type::Unsupported("error-context"),
            Theirs::FixedLengthList(_) => Type::Unsupported("fixed-length list"),
        }
    }

    /// A type whose parts have names; see [`Reader::seen`].
    fn named(&mut self, ty: &Theirs) -> Type {
        let first = match ty {
            Theirs::Record(record) => record.fields().next().map(|field| field.name),
            Theirs::Variant(variant) => variant.cases().next().map(|case| case.name),
            Theirs::Enum(it) => it.names().next(),
            Theirs::Flags(flags) => flags.names().next(),
            _ => None,
        };
        // Empty names, which the validator refuses, have no address of their own.
        let first = first.filter(|name| !name.is_empty()).map(str::as_ptr);
        if let Some(known) = first.and_then(|first| self.seen.get(&first)) {
            return known.clone();
        }
        let read = match ty {
            Theirs::Record(record) => Type::Record(
                record
                    .fields()
                    .map(|field| Field { name: Name::new(field.name), ty: self.ty(&field.ty) })
                    .collect(),
            ),
            Theirs::Variant(variant) => Type::Variant(
                variant
                    .cases()
                    .map(|case| Case {
                        name: Name::new(case.name),
                        ty: case.ty.map(|ty| self.ty(&ty)),
                    })
                    .collect(),
            ),
            Theirs::Enum(it) => Type::Enum(it.names().map(Name::new).collect()),
            Theirs::Flags(flags) => Type::Flags(flags.names().map(Name::new).collect()),
            other => self.ty(other),
        };
        if let Some(first) = first {
            self.seen.insert(first, read.clone());
        }
        read
    }

    fn resource(&mut self, ty: ResourceType) -> Resource {
        match self.resources.iter().find(|resource| resource.ty() == ty) {
            Some(known) => known.clone(),
            None => Resource::new(Name::new(""), ty),
        }
    }
}
