//! Reads types out of wasmtime.
//!
//! A component describes a type by other types, so that few bytes can stand for a tree of a million
//! nodes, and for as many copies of a long name. What one description stands for is read once and
//! shared, so that no more is kept here than the binary describes.

use std::collections::HashMap;
use std::fmt::{self, Debug, Write};
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{ResourceType, Type as Theirs};

use super::{Case, Field, FunctionType, Item, ItemKind, Name, Resource, ResultType, Type};

/// How many resources get a name. Finding one takes a linear search, so that a component with very
/// many would make loading slow.
const NAMED_RESOURCES: usize = 256;

/// How many types are read without a look whether they were read before. That look takes longer
/// than it takes to read all of an honest component's types again.
const UNSHARED: usize = 4096;

/// Reads types of one component.
#[derive(Default)]
pub(super) struct Reader {
    resources: Vec<Resource>,
    /// Types with named parts, by the address of their first name, which wasmtime keeps once per
    /// type.
    named: HashMap<*const u8, Type>,
    /// Functions with parameters, likewise.
    functions: HashMap<*const u8, Arc<FunctionType>>,
    /// Other types that have parts, by the numbers that wasmtime gives them.
    numbered: HashMap<(Discriminant<Theirs>, u32), (Theirs, Type)>,
    /// How many of these were read.
    count: usize,
}

impl Reader {
    /// Notes what a resource is called.
    pub(super) fn name_resource(&mut self, name: &Name, ty: ResourceType) {
        let known = self.resources.iter().any(|resource| resource.ty() == ty);
        if !known && self.resources.len() < NAMED_RESOURCES {
            self.resources.push(Resource::new(name.clone(), ty));
        }
    }

    pub(super) fn item(&mut self, name: Name, item: &ComponentItem) -> Item {
        let (kind, ty) = match item {
            ComponentItem::ComponentFunc(function) => {
                (ItemKind::Function, Some(Type::Function(self.function(function))))
            }
            ComponentItem::Type(ty) => (ItemKind::Type, Some(self.ty(ty))),
            ComponentItem::Resource(_) => (ItemKind::Resource, None),
            ComponentItem::Module(_) => (ItemKind::Module, None),
            ComponentItem::CoreFunc(_) => (ItemKind::CoreFunction, None),
            // What is in instances stands for them.
            ComponentItem::Component(_) | ComponentItem::ComponentInstance(_) => {
                (ItemKind::Component, None)
            }
        };
        Item { name, kind, ty }
    }

    fn function(&mut self, ty: &ComponentFunc) -> Arc<FunctionType> {
        let first = address(ty.params().next().map(|(name, _)| name));
        if let Some(known) = first.and_then(|first| self.functions.get(&first)) {
            return known.clone();
        }
        let read = Arc::new(self.signature(ty));
        if let Some(first) = first {
            self.functions.insert(first, read.clone());
        }
        read
    }

    pub(super) fn signature(&mut self, ty: &ComponentFunc) -> FunctionType {
        FunctionType {
            params: ty
                .params()
                .map(|(name, ty)| Field { name: Name::new(name), ty: self.ty(&ty) })
                .collect(),
            result: ty.results().next().map(|ty| self.ty(&ty)),
        }
    }

    pub(super) fn ty(&mut self, ty: &Theirs) -> Type {
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
            Theirs::List(it) => self.numbered(ty, it),
            Theirs::Option(it) => self.numbered(ty, it),
            Theirs::Tuple(it) => self.numbered(ty, it),
            Theirs::Result(it) => self.numbered(ty, it),
            Theirs::Record(it) => self.named(ty, it.fields().next().map(|field| field.name)),
            Theirs::Variant(it) => self.named(ty, it.cases().next().map(|case| case.name)),
            Theirs::Enum(it) => self.named(ty, it.names().next()),
            Theirs::Flags(it) => self.named(ty, it.names().next()),
            Theirs::Own(resource) => Type::Own(self.resource(*resource)),
            Theirs::Borrow(resource) => Type::Borrow(self.resource(*resource)),
            Theirs::Map(_) => Type::Unsupported("map"),
            Theirs::Future(_) => Type::Unsupported("future"),
            Theirs::Stream(_) => Type::Unsupported("stream"),
            Theirs::ErrorContext => Type::Unsupported("error-context"),
            Theirs::FixedLengthList(_) => Type::Unsupported("fixed-length list"),
        }
    }

    /// A type whose parts have names, `first` the first of them.
    fn named(&mut self, ty: &Theirs, first: Option<&str>) -> Type {
        let first = address(first);
        if let Some(known) = first.and_then(|first| self.named.get(&first)) {
            return known.clone();
        }
        let read = self.parts(ty);
        if let Some(first) = first {
            self.named.insert(first, read.clone());
        }
        read
    }

    /// A type whose parts have no names; only what `shown` shows for debugging tells which it is.
    fn numbered(&mut self, ty: &Theirs, shown: &dyn Debug) -> Type {
        self.count += 1;
        let number = if self.count > UNSHARED { number(shown) } else { None };
        let Some(number) = number.map(|number| (discriminant(ty), number)) else {
            return self.parts(ty);
        };
        // wasmtime finds types of one number equal at once, and nothing else may pass for them.
        if let Some((theirs, known)) = self.numbered.get(&number)
            && theirs == ty
        {
            return known.clone();
        }
        let read = self.parts(ty);
        self.numbered.insert(number, (ty.clone(), read.clone()));
        read
    }

    /// A type that has parts.
    fn parts(&mut self, ty: &Theirs) -> Type {
        match ty {
            Theirs::List(list) => Type::List(Arc::new(self.ty(&list.ty()))),
            Theirs::Option(option) => Type::Option(Arc::new(self.ty(&option.ty()))),
            Theirs::Tuple(tuple) => Type::Tuple(tuple.types().map(|ty| self.ty(&ty)).collect()),
            Theirs::Result(result) => Type::Result(Arc::new(ResultType {
                ok: result.ok().map(|ty| self.ty(&ty)),
                err: result.err().map(|ty| self.ty(&ty)),
            })),
            Theirs::Record(record) => {
                let field = |field: wasmtime::component::types::Field<'_>| Field {
                    name: Name::new(field.name),
                    ty: self.ty(&field.ty),
                };
                Type::Record(record.fields().map(field).collect())
            }
            Theirs::Variant(variant) => {
                let case = |case: wasmtime::component::types::Case<'_>| Case {
                    name: Name::new(case.name),
                    ty: case.ty.map(|ty| self.ty(&ty)),
                };
                Type::Variant(variant.cases().map(case).collect())
            }
            Theirs::Enum(it) => Type::Enum(it.names().map(Name::new).collect()),
            Theirs::Flags(flags) => Type::Flags(flags.names().map(Name::new).collect()),
            other => self.ty(other),
        }
    }

    fn resource(&mut self, ty: ResourceType) -> Resource {
        match self.resources.iter().find(|resource| resource.ty() == ty) {
            Some(known) => known.clone(),
            None => Resource::new(Name::new(""), ty),
        }
    }
}

/// Where a name is. Empty ones, which the validator refuses, have no place of their own.
fn address(name: Option<&str>) -> Option<*const u8> {
    name.filter(|name| !name.is_empty()).map(str::as_ptr)
}

/// The one number that `shown` shows, if it does.
fn number(shown: &dyn Debug) -> Option<u32> {
    let mut digits = Digits(None);
    write!(digits, "{shown:?}").ok().and(digits.0)
}

/// The digits of what is written, as one number.
struct Digits(Option<u32>);

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for digit in text.chars().filter_map(|character| character.to_digit(10)) {
            let shifted = self.0.unwrap_or(0).checked_mul(10);
            self.0 = Some(shifted.and_then(|it| it.checked_add(digit)).ok_or(fmt::Error)?);
        }
        Ok(())
    }
}
