//! Whether a component's interfaces can be sorted into WIT packages.
//!
//! A component may import interfaces of two packages that use each other's types. WIT has no such
//! packages, and wit-parser 0.254 follows the circle until the stack is used up, which ends the
//! process: nothing can catch that. So the circle is looked for first. What this finds is a
//! superset of the uses that wit-parser sees; in doubt a component goes without WIT text.

use std::collections::{HashMap, HashSet};

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentItem, ComponentValType,
};
use wasmparser::names::{ComponentName, ComponentNameKind};
use wasmparser::types::Types;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

/// Most packages. Also how deep wit-parser recurses, whatever a component makes of it.
const MAX: usize = 256;

/// Whether wit-parser may decode `component`, a binary that wasmtime has validated.
pub(super) fn check(component: &[u8]) -> Result<(), String> {
    let (types, items) = items(component).map_err(|error| error.to_string())?;
    let mut uses = Uses::new(&types);
    for (name, item) in &items {
        uses.add(name, item)?;
    }
    if circular(uses.edges) { Err("packages use each other's types".to_owned()) } else { Ok(()) }
}

/// What the component imports and exports, in the order of its binary.
fn items(component: &[u8]) -> Result<(Types, Vec<(String, ComponentItem)>), anyhow::Error> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let (mut items, mut depth) = (Vec::new(), 0_usize);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match validator.payload(&payload)? {
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::End(types) if depth == 0 => return Ok((types, items)),
            ValidPayload::End(_) => depth -= 1,
            ValidPayload::Ok | ValidPayload::Func(..) => {}
        }
        let Some(types) = validator.types(0).filter(|_| depth == 0) else { continue };
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let name = import?.name.name;
                    let item = types.component_item_for_import(name).cloned();
                    items.extend(item.map(|item| (name.to_owned(), item)));
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let name = export?.name.name;
                    let item = types.component_item_for_export(name).cloned();
                    let item = item.filter(|item| !is_wit(item));
                    let item = item.ok_or_else(|| {
                        anyhow::anyhow!("component export `{name}` is not a function or instance")
                    })?;
                    items.push((name.to_owned(), item));
                }
            }
            _ => {}
        }
    }
    Err(anyhow::anyhow!("unexpected end"))
}

/// WIT packages are themselves encoded as components that export types of components.
fn is_wit(export: &ComponentItem) -> bool {
    !matches!(export.ty, ComponentEntityType::Func(_) | ComponentEntityType::Instance(_))
}

/// Which packages use types of which.
struct Uses<'a> {
    types: &'a Types,
    packages: HashMap<String, usize>,
    /// For each type, the packages it may count as part of.
    owners: HashMap<ComponentAnyTypeId, Set>,
    /// For each interface, the packages that its types speak of.
    mentions: HashMap<String, Set>,
    edges: [Set; MAX],
}

impl<'a> Uses<'a> {
    fn new(types: &'a Types) -> Self {
        Self {
            types,
            packages: HashMap::new(),
            owners: HashMap::new(),
            mentions: HashMap::new(),
            edges: [Set::default(); MAX],
        }
    }

    fn add(&mut self, name: &str, item: &ComponentItem) -> Result<(), String> {
        let ComponentEntityType::Instance(instance) = item.ty else { return Ok(()) };
        let name = item.implements.as_deref().unwrap_or(name);
        let Some(package) = self.package(name, item)? else { return Ok(()) };
        let known = self.mentions.get(name).copied();
        let mut mentioned = known.unwrap_or_default();
        mentioned.insert(package);
        for item in self.types[instance].exports.values() {
            let ComponentEntityType::Type { referenced, created } = item.ty else { continue };
            let mut source = Some(referenced);
            while let Some(id) = source {
                self.edges[package].unite(self.owners_of(id));
                source = self.types.as_ref().peel_alias(id);
            }
            self.owners.entry(created).or_default().insert(package);
            let mut parts = HashSet::new();
            self.parts(referenced, &mut parts);
            for part in &parts {
                mentioned.unite(self.owners_of(*part));
            }
            // Seen again, an interface's types are matched with those seen first, part by part.
            if known.is_some() {
                for part in parts {
                    self.owners.entry(part).or_default().unite(mentioned);
                }
            }
        }
        self.mentions.insert(name.to_owned(), mentioned);
        Ok(())
    }

    /// The package of an interface, or `None` if it has no place in one.
    fn package(&mut self, name: &str, item: &ComponentItem) -> Result<Option<usize>, String> {
        let parsed = ComponentName::new(name, 0).map_err(|error| error.to_string())?;
        let ComponentNameKind::Interface(name) = parsed.kind() else { return Ok(None) };
        let version = name.version(item.version_suffix.as_deref());
        let version = version.map_err(|error| error.to_string())?;
        let package = format!("{}:{} {version:?}", name.namespace(), name.package());
        let next = self.packages.len();
        let index = *self.packages.entry(package).or_insert(next);
        if index < MAX { Ok(Some(index)) } else { Err(format!("more than {MAX} packages")) }
    }

    fn owners_of(&self, id: ComponentAnyTypeId) -> Set {
        self.owners.get(&id).copied().unwrap_or_default()
    }

    /// All types that `id` is made of, itself included.
    fn parts(&self, id: ComponentAnyTypeId, parts: &mut HashSet<ComponentAnyTypeId>) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !parts.insert(id) {
                continue;
            }
            open.extend(self.types.as_ref().peel_alias(id));
            if let ComponentAnyTypeId::Defined(defined) = id {
                components(&self.types[defined], &mut open);
            }
        }
    }
}

/// The types that stand in the definition `ty`.
fn components(ty: &ComponentDefinedType, found: &mut Vec<ComponentAnyTypeId>) {
    use ComponentDefinedType as D;
    let mut add = |ty: &ComponentValType| {
        if let ComponentValType::Type(id) = ty {
            found.push((*id).into());
        }
    };
    match ty {
        D::Primitive(_) | D::Flags(_) | D::Enum(_) => {}
        D::Record(record) => record.fields.values().for_each(add),
        D::Variant(variant) => variant.cases.values().flat_map(|case| &case.ty).for_each(add),
        D::List { element, .. } | D::FixedLengthList { element, .. } => add(element),
        D::Map { key, value, .. } => [key, value].into_iter().for_each(add),
        D::Tuple(tuple) => tuple.types.iter().for_each(add),
        D::Option { ty, .. } => add(ty),
        D::Result { ok, err, .. } => [ok, err].into_iter().flatten().for_each(add),
        D::Own(id) | D::Borrow(id) => found.push((*id).into()),
        D::Future { ty, .. } | D::Stream { ty, .. } => ty.iter().for_each(add),
    }
}

/// Whether some package needs itself by way of others.
fn circular(mut edges: [Set; MAX]) -> bool {
    let mut waiting: Vec<usize> = (0..MAX).collect();
    let mut ready = Set::default();
    loop {
        let before = waiting.len();
        waiting.retain(|&package| {
            edges[package].remove(package);
            let free = edges[package].within(ready);
            if free {
                ready.insert(package);
            }
            !free
        });
        match waiting.len() {
            0 => return false,
            after if after == before => return true,
            _ => {}
        }
    }
}

/// A set of packages.
#[derive(Clone, Copy, Default)]
struct Set([u64; MAX / 64]);

impl Set {
    fn insert(&mut self, package: usize) {
        self.0[package / 64] |= 1 << (package % 64);
    }

    fn remove(&mut self, package: usize) {
        self.0[package / 64] &= !(1 << (package % 64));
    }

    fn unite(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn within(self, other: Self) -> bool {
        self.0.iter().zip(other.0).all(|(mine, theirs)| mine & !theirs == 0)
    }
}
