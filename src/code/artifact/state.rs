//! What an instance takes besides its memories and tables: globals, function references, elements
//! that wait to be copied into tables. Wasmtime allocates that for each core instance, and asks
//! nobody.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, CompositeInnerType, ElementItems, ElementKind, Instance, Parser, Payload,
};

/// An instance of wasmtime without anything, rounded up.
const BASE: u64 = 1 << 10;
/// A memory or a table as the host keeps it, its contents apart.
const STORE: u64 = 512;
/// What refers to something of another instance, and to a function if it is one.
const IMPORT: u64 = 64;
/// What refers to a function.
const REFERENCE: u64 = 32;
/// A global, or an element on its way into a table.
const CELL: u64 = 16;
/// A segment of such elements.
const SEGMENT: u64 = 64;
/// A type of what is collected, as the collector knows it, and one of its fields.
const MANAGED: u64 = 128;
const FIELD: u64 = 8;
/// What is remembered of a pair of types that a guest compares, and of how many pairs at most.
const PAIR: u64 = 40;
const PAIRS: u64 = 1 << 16;
/// A function that crosses the border of a component.
const LIFTED: u64 = 64;

/// Bytes, never too few, more than needed by a little for honest components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The core instance that takes most.
    pub largest: u64,
    /// All of them; `u64::MAX` if that is not known before they are made.
    pub all: u64,
}

impl State {
    /// Of the component in `binary`. What is wrong with it is for others to say.
    pub(super) fn of(binary: &[u8]) -> Self {
        let mut walk = Walk::default();
        for payload in Parser::new(0).parse_all(binary) {
            match payload {
                Ok(payload) => walk.take(payload),
                Err(_) => break,
            }
        }
        Self { largest: walk.largest, all: walk.last }
    }

    /// Of an instance that has `core_instances` at most.
    pub(crate) fn bytes(self, core_instances: usize) -> u64 {
        self.all.min(self.largest.saturating_mul(core_instances as u64))
    }
}

/// Where the walk is.
#[derive(Default)]
struct Walk {
    open: Vec<Frame>,
    largest: u64,
    /// What was closed last.
    last: u64,
}

/// A module or a component that is being read, and what it is known to take.
enum Frame {
    Module(Module),
    Component(Component),
}

#[derive(Default)]
struct Module {
    bytes: u64,
    functions: u64,
    /// References to functions, of which there is one for each function at most.
    escaping: u64,
    types: u64,
    /// Whether some of them are of what is collected, or have types above them.
    is_managed: bool,
}

#[derive(Default)]
struct Component {
    bytes: u64,
    /// By index; `u64::MAX` for what is passed in.
    modules: Vec<u64>,
    components: Vec<u64>,
}

const UNKNOWN: u64 = u64::MAX;

impl Walk {
    fn take(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::Version { encoding: wasmparser::Encoding::Module, .. } => {
                self.open.push(Frame::Module(Module { bytes: BASE, ..Module::default() }));
            }
            Payload::Version { .. } => self.open.push(Frame::Component(Component::default())),
            Payload::End(_) => self.close(),
            payload => match self.open.last_mut() {
                Some(Frame::Module(module)) => module.take(payload),
                Some(Frame::Component(_)) => self.component(payload),
                None => {}
            },
        }
    }

    fn close(&mut self) {
        let closed = self.open.pop();
        let parent = match self.open.last_mut() {
            Some(Frame::Component(parent)) => Some(parent),
            _ => None,
        };
        match closed {
            Some(Frame::Module(module)) => {
                self.last = module.total();
                self.largest = self.largest.max(self.last);
                parent.into_iter().for_each(|it| it.modules.push(self.last));
            }
            Some(Frame::Component(component)) => {
                self.last = component.bytes;
                parent.into_iter().for_each(|it| it.components.push(self.last));
            }
            None => {}
        }
    }

    fn component(&mut self, payload: Payload<'_>) {
        if let Payload::ComponentAliasSection(aliases) = payload {
            aliases.into_iter().flatten().for_each(|alias| self.alias(alias));
        } else if let Some(Frame::Component(component)) = self.open.last_mut() {
            component.take(payload);
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) {
        let (kind, size) = match alias {
            ComponentAlias::InstanceExport { kind, .. } => (kind, UNKNOWN),
            ComponentAlias::Outer { kind, count, index } => match kind {
                ComponentOuterAliasKind::CoreModule => {
                    (ComponentExternalKind::Module, self.outer(count, index, |it| &it.modules))
                }
                ComponentOuterAliasKind::Component => (
                    ComponentExternalKind::Component,
                    self.outer(count, index, |it| &it.components),
                ),
                _ => return,
            },
            ComponentAlias::CoreInstanceExport { .. } => return,
        };
        if let Some(Frame::Component(component)) = self.open.last_mut() {
            component.name(kind, size);
        }
    }

    fn outer(&self, count: u32, index: u32, space: impl Fn(&Component) -> &Vec<u64>) -> u64 {
        let at = self.open.len().checked_sub(count as usize + 1);
        match at.and_then(|at| self.open.get(at)) {
            Some(Frame::Component(outer)) => get(space(outer), index),
            _ => UNKNOWN,
        }
    }
}

impl Component {
    fn take(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports.into_iter().flatten() {
                    match import.ty {
                        ComponentTypeRef::Module(_) => self.modules.push(UNKNOWN),
                        ComponentTypeRef::Component(_) => self.components.push(UNKNOWN),
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.into_iter().flatten() {
                    let size = match export.kind {
                        ComponentExternalKind::Module => get(&self.modules, export.index),
                        ComponentExternalKind::Component => get(&self.components, export.index),
                        _ => continue,
                    };
                    self.name(export.kind, size);
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.into_iter().flatten() {
                    if let Instance::Instantiate { module_index, .. } = instance {
                        self.add(get(&self.modules, module_index));
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.into_iter().flatten() {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance {
                        self.add(get(&self.components, component_index));
                    }
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                self.add(LIFTED.saturating_mul(functions.count().into()));
            }
            _ => {}
        }
    }

    fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Gives what is of this size an index.
    fn name(&mut self, kind: ComponentExternalKind, size: u64) {
        match kind {
            ComponentExternalKind::Module => self.modules.push(size),
            ComponentExternalKind::Component => self.components.push(size),
            _ => {}
        }
    }
}

impl Module {
    fn take(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter().flatten().flat_map(wasmparser::RecGroup::into_types) {
                    self.types += 1;
                    let fields = match &ty.composite_type.inner {
                        CompositeInnerType::Func(_) => None,
                        CompositeInnerType::Struct(it) => Some(it.fields.len() as u64),
                        CompositeInnerType::Array(_) | CompositeInnerType::Cont(_) => Some(1),
                    };
                    let size = fields.map_or(0, |fields| MANAGED + FIELD * fields);
                    self.bytes = self.bytes.saturating_add(size);
                    self.is_managed |= fields.is_some() || !ty.is_final;
                }
            }
            Payload::ImportSection(imports) => {
                let count = imports.into_imports().count() as u32;
                self.add(IMPORT, count);
            }
            Payload::FunctionSection(functions) => self.functions += u64::from(functions.count()),
            Payload::GlobalSection(globals) => {
                self.add(CELL, globals.count());
                self.escaping += u64::from(globals.count());
            }
            Payload::TableSection(tables) => {
                self.add(STORE, tables.count());
                self.escaping += u64::from(tables.count());
            }
            Payload::MemorySection(memories) => self.add(STORE, memories.count()),
            Payload::TagSection(tags) => self.add(CELL, tags.count()),
            Payload::ExportSection(exports) => self.escaping += u64::from(exports.count()),
            Payload::StartSection { .. } => self.escaping += 1,
            Payload::DataSection(data) => self.add(1, data.count()),
            Payload::ElementSection(elements) => {
                for element in elements.into_iter().flatten() {
                    let items = match element.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.escaping += u64::from(items);
                    if matches!(element.kind, ElementKind::Passive) {
                        self.add(CELL, items);
                    }
                    self.add(SEGMENT, 1);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, each: u64, count: u32) {
        self.bytes = self.bytes.saturating_add(each.saturating_mul(count.into()));
    }

    fn total(&self) -> u64 {
        let references = self.escaping.min(self.functions);
        let bytes = self.bytes.saturating_add(REFERENCE.saturating_mul(references));
        if !self.is_managed {
            return bytes;
        }
        // Those that are written into what is collected have a second place.
        let pairs = self.types.saturating_mul(self.types).min(PAIRS);
        bytes.saturating_add(2 * REFERENCE.saturating_mul(references) + PAIR * pairs)
    }
}

fn get(space: &[u64], index: u32) -> u64 {
    space.get(index as usize).copied().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::artifact::Artifact;

    fn of(text: &str) -> State {
        State::of(&wat::parse_str(text).unwrap())
    }

    /// What wasmtime says that the largest core instance takes, elements apart.
    fn measured(text: &str) -> u64 {
        let mut pool = wasmtime::PoolingAllocationConfig::new();
        pool.total_component_instances(1).total_core_instances(1).total_memories(100);
        pool.total_tables(100).max_tables_per_module(100).max_memories_per_module(100);
        pool.total_stacks(1).max_core_instance_size(1);
        pool.max_component_instance_size(usize::MAX).max_memory_size(1 << 20);
        let mut config = wasmtime::Config::new();
        config.allocation_strategy(pool).memory_reservation(1 << 20);
        let engine = wasmtime::Engine::new(&config).unwrap();
        let error = Artifact::compile(&engine, text.as_bytes()).unwrap_err();
        let said = error.message().split_once("requires ");
        let (_, rest) = said.unwrap_or_else(|| panic!("{error}: {text:.100}"));
        rest.split_once(' ').unwrap().0.parse().unwrap()
    }

    #[test]
    fn no_core_instance_takes_more_than_is_said() {
        let module = |what: String| format!("(component (core module {what}))");
        let many = |what: &str| module(what.repeat(1000));
        let functions = many("(func)");
        let numbered = |count: u32, what: &str| {
            module((0..count).map(|i| what.replace('@', &i.to_string())).collect())
        };
        let all: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
        let table = format!("(table funcref (elem {})) {}", all.join(" "), "(func)".repeat(1000));
        // With what is not in the number that wasmtime says.
        let kinds = [
            (module(String::new()), 0),
            (many("(global i32 (i32.const 1))"), 0),
            (numbered(1000, r#"(import "" "@" (func))"#), 0),
            (numbered(1000, r#"(import "" "@" (global i64))"#), 0),
            (numbered(100, r#"(import "" "@" (table 1 funcref))"#), 0),
            (numbered(100, r#"(import "" "@" (memory 1))"#), 0),
            (module("(table 0 funcref)".repeat(100)), 100 * STORE),
            (module("(memory 0)".repeat(100)), 100 * STORE),
            (many("(func) (elem func 0)"), 1000 * (SEGMENT + CELL + REFERENCE)),
            (module(table), 0),
            (numbered(1000, r#"(func (export "@"))"#), 0),
            (numbered(1000, r#"(func $f@ (import "" "@")) (export "@" (func $f@))"#), 0),
        ];
        for (text, apart) in kinds {
            let (said, is) = (of(&text).largest, measured(&text));
            assert!(said >= is, "{said} < {is}: {text:.100}");
            assert!(said <= 4 * is + BASE + apart, "{said} is far from {is}: {text:.100}");
        }
        assert_eq!(of(&functions).largest, BASE, "nobody refers to these");
    }

    #[test]
    fn each_core_instance_counts() {
        let one = of("(component (core module $m (global i32 (i32.const 0))))");
        assert_eq!(one, State { largest: BASE + CELL, all: 0 });
        let twice = of("(component (core module $m (global i32 (i32.const 0)))
            (core instance (instantiate $m)) (core instance (instantiate $m)))");
        assert_eq!(twice.all, 2 * (BASE + CELL));
        let nested = of("(component
            (core module $m (global i32 (i32.const 0)))
            (component $c (alias outer 1 $m (core module $o)) (core instance (instantiate $o)))
            (component $d (alias outer 1 $c (component $o)) (instance (instantiate $o))
                (instance (instantiate $o)))
            (instance (instantiate $d)) (instance (instantiate $c)))");
        assert_eq!(nested.all, 3 * (BASE + CELL));
    }

    #[test]
    fn what_is_passed_in_counts_as_the_largest_there_is() {
        let passed = of(r#"(component
            (core module $m (global i32 (i32.const 0)))
            (component $c (import "m" (core module $i)) (core instance (instantiate $i)))
            (instance (instantiate $c (with "m" (core module $m)))))"#);
        assert_eq!((passed.all, passed.bytes(30)), (u64::MAX, 30 * (BASE + CELL)));
    }

    #[test]
    fn elements_on_their_way_count() {
        let text = |kind: &str| {
            format!(
                "(component (core module (table 1 funcref) (elem {kind} func {}) (func)))",
                "0 ".repeat(1000)
            )
        };
        let (passive, declared) = (of(&text("")).largest, of(&text("declare")).largest);
        assert_eq!(passive - declared, 1000 * CELL);
    }
}
