//! Interface types as the host sees them: what a component imports and exports, and what its
//! functions take and give.
//!
//! A [`Type`] is a tree that is made once, when a component is loaded, and in which equal branches
//! may be shared. Marshalling walks it beside the values, so that a wrong argument is refused by
//! path and type before wasmtime or the guest sees it. Whatever else walks it sees to it that it
//! looks at a shared branch once (`walk`, `same`) or stops at a bound (`display`).

use std::sync::{Arc, LazyLock};

use wasmtime::component::ResourceType;

#[cfg(test)]
mod bombs;
pub(crate) mod definition;
mod display;
mod kind;
mod name;
mod parse;
mod path;
mod reader;
mod reflect;
mod same;
#[cfg(test)]
mod tests;
mod walk;

pub use display::MAX_TEXT;
pub use kind::Kind;
pub use name::Name;
pub(crate) use path::Path;
pub(crate) use walk::Address;

pub(crate) use crate::text::brief;

/// A type of the component model. Cheap to clone.
#[derive(Clone)]
#[expect(missing_docs, reason = "named as in WIT")]
pub enum Type {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    List(Arc<Type>),
    Record(Arc<[Field]>),
    Tuple(Arc<[Type]>),
    Variant(Arc<[Case]>),
    Enum(Arc<[Name]>),
    Option(Arc<Type>),
    Result(Arc<ResultType>),
    Flags(Arc<[Name]>),
    Own(Resource),
    Borrow(Resource),
    /// A function; only ever the type of an [`Item`].
    Function(Arc<FunctionType>),
    /// A type that cannot cross the boundary yet, by its name in WIT.
    Unsupported(&'static str),
}

/// A field of a record, or a parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in WIT.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// A case of a variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name in WIT.
    pub name: Name,
    /// What it carries, if anything.
    pub ty: Option<Type>,
}

/// What the two cases of a result carry.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultType {
    /// What success carries.
    pub ok: Option<Type>,
    /// What failure carries.
    pub err: Option<Type>,
}

/// The type of the handles to one sort of resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource(Arc<ResourceIdentity>);

#[derive(Debug, PartialEq)]
struct ResourceIdentity {
    name: Name,
    ty: ResourceType,
}

impl Resource {
    /// The resource that wasmtime knows as `ty`, under a name for people.
    pub fn new(name: Name, ty: ResourceType) -> Self {
        Self(Arc::new(ResourceIdentity { name, ty }))
    }

    /// Where the component imports or exports it, such as `wasi:io/poll@0.2.0#pollable`; empty if
    /// it does neither.
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// How wasmtime tells resources apart.
    pub fn ty(&self) -> ResourceType {
        self.0.ty
    }
}

/// What a function takes and gives.
#[derive(Clone)]
pub struct FunctionType {
    /// The parameters, in order.
    pub params: Vec<Field>,
    /// The result, if there is one.
    pub result: Option<Type>,
}

impl FunctionType {
    /// Whether resources cross the boundary in a call.
    pub fn has_resources(&self) -> bool {
        self.any(&mut Type::is_resource)
    }
}

/// What an [`Item`] is. Numbers are stable: C sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ItemKind {
    /// A function.
    Function = 1,
    /// A resource.
    Resource = 2,
    /// A type that is given a name.
    Type = 3,
    /// A core module.
    Module = 4,
    /// A component.
    Component = 5,
    /// A core function.
    CoreFunction = 6,
}

/// One thing a component imports or exports. Interfaces are flattened: a function in one is named
/// `ns:pkg/iface@1.0.0#greet`.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its full name.
    pub name: Name,
    /// What it is.
    pub kind: ItemKind,
    /// The type of a function, or the type that is named.
    pub ty: Option<Type>,
}

/// Everything a component imports and exports, in the order of its binary.
#[derive(Clone, Debug, Default)]
pub struct ComponentTypes {
    /// What it needs.
    pub imports: Vec<Item>,
    /// What it offers.
    pub exports: Vec<Item>,
}

impl ComponentTypes {
    /// The export with this full name.
    pub fn export(&self, name: &str) -> Option<&Item> {
        self.exports.iter().find(|item| item.name.is(name))
    }
}

static OK: LazyLock<Name> = LazyLock::new(|| Name::new("ok"));
static ERR: LazyLock<Name> = LazyLock::new(|| Name::new("err"));

impl Type {
    /// Whether values of this type contain handles.
    pub fn has_resources(&self) -> bool {
        self.any(&mut Self::is_resource)
    }

    /// Whether it is a handle of a resource.
    pub(crate) fn is_resource(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Borrow(_))
    }

    /// Which constructor this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::S8 => Kind::S8,
            Self::U8 => Kind::U8,
            Self::S16 => Kind::S16,
            Self::U16 => Kind::U16,
            Self::S32 => Kind::S32,
            Self::U32 => Kind::U32,
            Self::S64 => Kind::S64,
            Self::U64 => Kind::U64,
            Self::F32 => Kind::F32,
            Self::F64 => Kind::F64,
            Self::Char => Kind::Char,
            Self::String => Kind::String,
            Self::List(_) => Kind::List,
            Self::Record(_) => Kind::Record,
            Self::Tuple(_) => Kind::Tuple,
            Self::Variant(_) => Kind::Variant,
            Self::Enum(_) => Kind::Enum,
            Self::Option(_) => Kind::Option,
            Self::Result(_) => Kind::Result,
            Self::Flags(_) => Kind::Flags,
            Self::Own(_) => Kind::Own,
            Self::Borrow(_) => Kind::Borrow,
            Self::Function(_) => Kind::Function,
            Self::Unsupported(_) => Kind::Unsupported,
        }
    }

    /// How many children it has: fields, cases, flags or parameters; 1 for a list and an option,
    /// 2 for a result, 0 for what has no parts.
    pub fn len(&self) -> usize {
        match self {
            Self::List(_) | Self::Option(_) => 1,
            Self::Result(_) => 2,
            Self::Record(fields) => fields.len(),
            Self::Tuple(types) => types.len(),
            Self::Variant(cases) => cases.len(),
            Self::Enum(names) | Self::Flags(names) => names.len(),
            Self::Function(function) => function.params.len(),
            _ => 0,
        }
    }

    /// Whether it has no children.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of child `index`: of a field, case, flag or parameter; `ok` and `err` of a result.
    pub fn child_name(&self, index: usize) -> Option<&Name> {
        match self {
            Self::Record(fields) => fields.get(index).map(|field| &field.name),
            Self::Variant(cases) => cases.get(index).map(|case| &case.name),
            Self::Enum(names) | Self::Flags(names) => names.get(index),
            Self::Function(function) => function.params.get(index).map(|param| &param.name),
            Self::Result(_) if index == 0 => Some(&OK),
            Self::Result(_) if index == 1 => Some(&ERR),
            _ => None,
        }
    }

    /// The type of child `index`: of an element, field or parameter, or what a case carries, if it
    /// carries anything.
    pub fn child(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(ty) | Self::Option(ty) if index == 0 => Some(ty),
            Self::Result(result_type) if index == 0 => result_type.ok.as_ref(),
            Self::Result(result_type) if index == 1 => result_type.err.as_ref(),
            Self::Record(fields) => fields.get(index).map(|field| &field.ty),
            Self::Tuple(types) => types.get(index),
            Self::Variant(cases) => cases.get(index).and_then(|case| case.ty.as_ref()),
            Self::Function(function) => function.params.get(index).map(|param| &param.ty),
            _ => None,
        }
    }

    /// What a function gives, if it gives anything.
    pub fn result(&self) -> Option<&Self> {
        match self {
            Self::Function(function) => function.result.as_ref(),
            _ => None,
        }
    }
}
