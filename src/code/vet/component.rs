//! What the parts of a component ask of the compiler, and what putting them together does.
//!
//! The compiler writes out each instantiation of a component within a component, and what is
//! instantiated in that one, and so on. So each definition is priced by what one instantiation
//! of it costs.

use std::rc::Rc;

use wasmparser::{CanonicalFunction, ComponentInstance, Instance, Payload};

use super::cost::Cost;
use super::problem::Problem;
use super::scope::{Definition, Exports, Extent, Item, Scope, Sized};
use super::types::Scopes;
use super::weights as w;
use crate::error::{Code, Error};

type Result<T, E = Problem> = std::result::Result<T, E>;

impl<'a> Scopes<'a> {
    /// Ends the component that is being read, which stands in another one.
    pub(super) fn end_component(&mut self) {
        let done = self.open.pop().unwrap_or_default();
        let captured = done.captured;
        let known = Definition {
            exports: Rc::new(done.exports),
            each: done.each + captured as f64 * w::MENTION,
            core_instances: done.core_instances,
            captured,
        };
        let extent = done.extent.with_size(captured);
        let ty = Sized { extent, exports: Some(known.exports.clone()) };
        self.here().components.push((ty, Some(Rc::new(known))));
    }

    pub(super) fn payload(&mut self, payload: Payload<'a>, cost: &mut Cost) -> Result<()> {
        match payload {
            Payload::CoreTypeSection(types) => {
                for ty in types {
                    self.core_type(&ty?, cost)?;
                }
            }
            Payload::ComponentTypeSection(types) => {
                for ty in types {
                    self.define(&ty?, cost)?;
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    self.declare(import.name.name, import.ty, false, cost)?;
                    self.each(w::MENTION);
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(&alias?, cost)?;
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.core_instance(&instance?, cost)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.component_instance(&instance?, cost)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    self.canonical(&function?, cost)?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let item = self.here().item(export.kind, export.index);
                    self.export(export.name.name, item, cost)?;
                }
            }
            Payload::ComponentStartSection { .. } => self.each(w::INSTANCE),
            _ => {}
        }
        Ok(())
    }

    /// Adds what each instantiation of this component costs.
    fn each(&mut self, units: f64) {
        self.here().each += units;
    }

    fn export(&mut self, name: &'a str, item: Item<'a>, cost: &mut Cost) -> Result<()> {
        let extent = item.ty.extent.with_name(name).with_size(1);
        let units = cost.mention(extent)?;
        if self.open.len() == 1 {
            cost.add(w::OUTERMOST * extent.size as f64)?;
        }
        let here = self.here();
        here.extent = here.extent.with(extent);
        here.each += units;
        here.exports.insert(name, item.clone());
        here.push(item);
        Ok(())
    }

    fn core_instance(&mut self, instance: &Instance<'a>, cost: &mut Cost) -> Result<()> {
        match instance {
            Instance::Instantiate { module_index, args } => {
                let here = self.here();
                let imports = here.modules.get(*module_index as usize).copied().flatten();
                let parts = imports.unwrap_or(1).saturating_add(args.len() as u64);
                here.core_instances = here.core_instances.saturating_add(1);
                here.each += w::INSTANCE + parts as f64 * w::CORE_PART;
                cost.add(parts as f64 * w::CORE_PART)
            }
            Instance::FromExports(exports) => {
                self.each(exports.len() as f64 * w::CORE_PART);
                cost.add(w::CORE_PART * (1 + exports.len()) as f64)
            }
        }?;
        Ok(())
    }

    fn component_instance(
        &mut self,
        instance: &ComponentInstance<'a>,
        cost: &mut Cost,
    ) -> Result<()> {
        let ty = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let items = args.iter().map(|it| self.here().item(it.kind, it.index).ty.extent);
                let given = items.fold(Extent::of(0), Extent::with).size;
                self.instantiate(*component_index, given, cost)?
            }
            ComponentInstance::FromExports(exports) => {
                let (mut items, mut extent) = (Exports::new(), Extent::default());
                for export in exports {
                    let item = self.here().item(export.kind, export.index);
                    let name = export.name.name;
                    extent = extent.with(item.ty.extent.with_name(name).with_size(1));
                    items.insert(name, item);
                }
                Sized { extent, exports: Some(Rc::new(items)) }
            }
        };
        let units = cost.mention(ty.extent)?;
        self.each(units);
        self.here().instances.push(ty);
        Ok(())
    }

    fn instantiate(&mut self, index: u32, given: u64, cost: &mut Cost) -> Result<Sized<'a>> {
        let component = self.here().components.get(index as usize).cloned();
        let (ty, known) = component.unwrap_or_default();
        let Some(known) = known else {
            let problem = "the component instantiates a component that it was given, which can \
                           take any amount of work";
            return Err(Error::new(Code::Unsupported, problem).into());
        };
        let here = self.here();
        here.core_instances = here.core_instances.saturating_add(known.core_instances);
        let parts = given.saturating_add(ty.extent.size);
        here.each += known.each + w::INSTANTIATE + parts as f64 * w::MENTION;
        // So that a long chain of them ends before its price is more than a number can hold.
        let each = here.each;
        cost.check(each)?;
        cost.add(parts as f64 * w::MENTION)?;
        Ok(Sized { extent: ty.extent, exports: Some(known.exports.clone()) })
    }

    fn canonical(&mut self, function: &CanonicalFunction, cost: &mut Cost) -> Result<()> {
        match function {
            CanonicalFunction::Lift { type_index, .. } => {
                let extent = self.here().extent(*type_index);
                self.here().functions.push((extent, false));
                let units = cost.mention(extent)?;
                self.each(w::LIFT + units);
            }
            CanonicalFunction::Lower { func_index, .. } => {
                let at = *func_index as usize;
                let here = self.here();
                let (extent, is_host) = here.functions.get(at).copied().unwrap_or_default();
                let units = cost.mention(extent)?;
                here.each += match is_host {
                    true => w::LOWER + units,
                    false => w::ADAPTER + extent.size as f64 * w::ADAPTER_PART,
                };
                cost.check(here.each)?;
            }
            _ => self.each(w::LOWER),
        }
        Ok(())
    }

    /// Adds a core module of its own.
    pub(super) fn module(&mut self, imports: u64) {
        self.here().modules.push(Some(imports));
    }
}

/// What the outermost component needs in all.
pub(super) fn whole(scope: &Scope<'_>) -> (f64, u64) {
    (scope.each, scope.core_instances)
}
