//! What the index spaces of a component hold, by size.
//!
//! A type's size is the number of parts it has when it is written out in full, however often it
//! mentions the same one: that is what validators and compilers walk through.

use std::collections::HashMap;
use std::rc::Rc;

/// How much a type is when it is written out.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Parts, long names counted as several.
    pub(super) size: u64,
    /// Levels of types within types.
    pub(super) depth: u32,
}

impl Default for Extent {
    fn default() -> Self {
        Self { size: 1, depth: 1 }
    }
}

impl Extent {
    pub(super) fn of(size: u64) -> Self {
        Self { size, depth: 1 }
    }

    /// This one with `part` in it.
    pub(super) fn with(self, part: Self) -> Self {
        let depth = self.depth.max(part.depth.saturating_add(1));
        Self { size: self.size.saturating_add(part.size), depth }
    }

    pub(super) fn with_name(self, name: &str) -> Self {
        self.with_size(name_size(name))
    }

    pub(super) fn with_size(self, size: u64) -> Self {
        Self { size: self.size.saturating_add(size), ..self }
    }
}

/// A type, or something that has one.
#[derive(Clone, Default)]
pub(super) struct Sized<'a> {
    pub(super) extent: Extent,
    /// What an instance of it exports, by name.
    pub(super) exports: Option<Rc<Exports<'a>>>,
}

pub(super) type Exports<'a> = HashMap<&'a str, Item<'a>>;

/// What is exported under a name.
#[derive(Clone)]
pub(super) struct Item<'a> {
    pub(super) ty: Sized<'a>,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone)]
pub(super) enum Kind<'a> {
    Type,
    /// Whether the host provides it.
    Function(bool),
    Instance,
    Component(Option<Rc<Definition<'a>>>),
    Module(Option<u64>),
    Other,
}

/// A component whose body was read.
pub(super) struct Definition<'a> {
    /// What an instance of it exports.
    pub(super) exports: Rc<Exports<'a>>,
    /// Units that each instantiation costs.
    pub(super) each: f64,
    /// Core instances that each instantiation makes.
    pub(super) core_instances: u64,
    /// Parts of the components around it that it refers to, and theirs.
    pub(super) captured: u64,
}

/// A component that is being read, or the type of a component or an instance.
#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) types: Vec<Sized<'a>>,
    pub(super) core_types: Vec<u64>,
    /// And whether the host provides it.
    pub(super) functions: Vec<(Extent, bool)>,
    pub(super) instances: Vec<Sized<'a>>,
    pub(super) components: Vec<(Sized<'a>, Option<Rc<Definition<'a>>>)>,
    /// Imports of a module, where it is known.
    pub(super) modules: Vec<Option<u64>>,
    pub(super) exports: Exports<'a>,
    /// Of its imports and exports.
    pub(super) extent: Extent,
    pub(super) each: f64,
    pub(super) core_instances: u64,
    pub(super) captured: u64,
}

impl<'a> Scope<'a> {
    pub(super) fn ty(&self, index: u32) -> Sized<'a> {
        self.types.get(index as usize).cloned().unwrap_or_default()
    }

    pub(super) fn extent(&self, index: u32) -> Extent {
        self.types.get(index as usize).map_or(Extent::default(), |ty| ty.extent)
    }

    pub(super) fn instance(&self, index: u32) -> Sized<'a> {
        self.instances.get(index as usize).cloned().unwrap_or_default()
    }

    /// What `index` among the items of a kind is.
    pub(super) fn item(&self, kind: wasmparser::ComponentExternalKind, index: u32) -> Item<'a> {
        use wasmparser::ComponentExternalKind as K;
        let at = index as usize;
        let unknown = |kind| Item { ty: Sized::default(), kind };
        match kind {
            K::Type => Item { ty: self.ty(index), kind: Kind::Type },
            K::Func => self.functions.get(at).map_or(unknown(Kind::Function(false)), |it| Item {
                ty: Sized { extent: it.0, exports: None },
                kind: Kind::Function(it.1),
            }),
            K::Instance => Item { ty: self.instance(index), kind: Kind::Instance },
            K::Component => self.components.get(at).cloned().map_or(
                unknown(Kind::Component(None)),
                |(ty, known)| Item { ty, kind: Kind::Component(known) },
            ),
            K::Module => unknown(Kind::Module(self.modules.get(at).copied().flatten())),
            K::Value => unknown(Kind::Other),
        }
    }

    /// Adds an item to the index space of its kind.
    pub(super) fn push(&mut self, item: Item<'a>) {
        let Item { ty, kind } = item;
        match kind {
            Kind::Type => self.types.push(ty),
            Kind::Function(is_host) => self.functions.push((ty.extent, is_host)),
            Kind::Instance => self.instances.push(ty),
            Kind::Component(known) => self.components.push((ty, known)),
            Kind::Module(imports) => self.modules.push(imports),
            Kind::Other => {}
        }
    }
}

/// Parts that a name counts for: it is copied and compared wherever its type is mentioned.
pub(super) fn name_size(name: &str) -> u64 {
    name.len() as u64 / 8
}
