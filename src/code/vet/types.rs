//! Sizes of component types.

use std::rc::Rc;

use wasmparser::{
    ComponentAlias, ComponentDefinedType, ComponentFuncType, ComponentOuterAliasKind,
    ComponentType, ComponentTypeDeclaration, ComponentTypeRef, ComponentValType, CoreType,
    InstanceTypeDeclaration, ModuleTypeDeclaration, TypeBounds,
};

use super::cost::Cost;
use super::problem::Problem;
use super::scope::{Extent, Item, Kind, Scope, Sized, name_size};
use super::weights as w;

type Result<T, E = Problem> = std::result::Result<T, E>;

/// The components that are being read, the outermost first.
pub(super) struct Scopes<'a> {
    pub(super) open: Vec<Scope<'a>>,
}

impl<'a> Scopes<'a> {
    pub(super) fn here(&mut self) -> &mut Scope<'a> {
        if self.open.is_empty() {
            self.open.push(Scope::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    fn outer(&self, count: u32) -> Option<&Scope<'a>> {
        let place = self.open.len().checked_sub(1)?.checked_sub(count as usize)?;
        self.open.get(place)
    }

    /// Adds a type definition.
    pub(super) fn define(&mut self, ty: &ComponentType<'a>, cost: &mut Cost) -> Result<()> {
        let sized = match ty {
            ComponentType::Defined(ty) => Sized { extent: self.defined(ty), exports: None },
            ComponentType::Func(ty) => Sized { extent: self.function(ty), exports: None },
            ComponentType::Resource { .. } => Sized::default(),
            ComponentType::Component(parts) => {
                self.open.push(Scope::default());
                for part in parts {
                    self.component_part(part, cost)?;
                }
                self.close()
            }
            ComponentType::Instance(parts) => {
                self.open.push(Scope::default());
                for part in parts {
                    self.instance_part(part, cost)?;
                }
                self.close()
            }
        };
        cost.mention(sized.extent)?;
        self.here().types.push(sized);
        Ok(())
    }

    fn close(&mut self) -> Sized<'a> {
        let done = self.open.pop().unwrap_or_default();
        Sized { extent: done.extent, exports: Some(Rc::new(done.exports)) }
    }

    fn component_part(
        &mut self,
        part: &ComponentTypeDeclaration<'a>,
        cost: &mut Cost,
    ) -> Result<()> {
        match part {
            ComponentTypeDeclaration::CoreType(ty) => self.core_type(ty, cost),
            ComponentTypeDeclaration::Type(ty) => self.define(ty, cost),
            ComponentTypeDeclaration::Alias(alias) => self.alias(alias, cost),
            ComponentTypeDeclaration::Export { name, ty } => {
                self.declare(name.name, *ty, true, cost)
            }
            ComponentTypeDeclaration::Import(import) => {
                self.declare(import.name.name, import.ty, false, cost)
            }
        }
    }

    fn instance_part(&mut self, part: &InstanceTypeDeclaration<'a>, cost: &mut Cost) -> Result<()> {
        match part {
            InstanceTypeDeclaration::CoreType(ty) => self.core_type(ty, cost),
            InstanceTypeDeclaration::Type(ty) => self.define(ty, cost),
            InstanceTypeDeclaration::Alias(alias) => self.alias(alias, cost),
            InstanceTypeDeclaration::Export { name, ty } => {
                self.declare(name.name, *ty, true, cost)
            }
        }
    }

    /// Adds an import, or an export that only its type is known of.
    pub(super) fn declare(
        &mut self,
        name: &'a str,
        ty: ComponentTypeRef,
        exported: bool,
        cost: &mut Cost,
    ) -> Result<()> {
        let item = self.reference(ty);
        let extent = item.ty.extent.with_name(name).with_size(1);
        cost.mention(extent)?;
        if self.open.len() == 1 {
            cost.add(w::OUTERMOST * extent.size as f64)?;
        }
        let here = self.here();
        here.extent = here.extent.with(extent);
        if exported {
            here.exports.insert(name, item.clone());
        }
        here.push(item);
        Ok(())
    }

    /// What has the type `ty`, if nothing else is known about it.
    fn reference(&mut self, ty: ComponentTypeRef) -> Item<'a> {
        let is_root = self.open.len() == 1;
        let here = self.here();
        let plain = |extent| Sized { extent, exports: None };
        let module = |index: u32| here.core_types.get(index as usize).copied();
        match ty {
            ComponentTypeRef::Module(index) => Item {
                ty: plain(Extent::of(module(index).unwrap_or(1))),
                kind: Kind::Module(module(index)),
            },
            ComponentTypeRef::Func(index) => {
                Item { ty: plain(here.extent(index)), kind: Kind::Function(is_root) }
            }
            ComponentTypeRef::Value(ty) => Item { ty: plain(value(here, ty)), kind: Kind::Other },
            ComponentTypeRef::Type(TypeBounds::Eq(index)) => {
                Item { ty: here.ty(index), kind: Kind::Type }
            }
            ComponentTypeRef::Type(TypeBounds::SubResource) => {
                Item { ty: Sized::default(), kind: Kind::Type }
            }
            ComponentTypeRef::Instance(index) => {
                let ty = here.ty(index);
                Item { ty: if is_root { from_host(&ty) } else { ty }, kind: Kind::Instance }
            }
            ComponentTypeRef::Component(index) => {
                Item { ty: here.ty(index), kind: Kind::Component(None) }
            }
        }
    }

    pub(super) fn core_type(&mut self, ty: &CoreType<'a>, cost: &mut Cost) -> Result<()> {
        let size = match ty {
            CoreType::Rec(group) => group.types().len() as u64,
            CoreType::Module(parts) => {
                let names = parts.iter().map(|part| match part {
                    ModuleTypeDeclaration::Export { name, .. } => name_size(name),
                    ModuleTypeDeclaration::Import(it) => name_size(it.module) + name_size(it.name),
                    _ => 0,
                });
                parts.len() as u64 + names.sum::<u64>()
            }
        };
        cost.add(w::CORE_PART * size as f64)?;
        self.here().core_types.push(size);
        Ok(())
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'a>, cost: &mut Cost) -> Result<()> {
        match *alias {
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let instance = self.here().instance(instance_index);
                let found = instance.exports.as_ref().and_then(|exports| exports.get(name));
                let item = match found {
                    Some(item) => item.clone(),
                    None => Scope::default().item(kind, 0),
                };
                cost.mention(item.ty.extent)?;
                cost.add(w::ALIAS)?;
                self.here().push(item);
            }
            ComponentAlias::CoreInstanceExport { .. } => cost.add(w::ALIAS)?,
            ComponentAlias::Outer { kind, count, index } => {
                self.outer_alias(kind, count, index, cost)?;
            }
        }
        // An alias is made anew in each instance.
        self.here().each += w::ALIAS;
        Ok(())
    }

    fn outer_alias(
        &mut self,
        kind: ComponentOuterAliasKind,
        count: u32,
        index: u32,
        cost: &mut Cost,
    ) -> Result<()> {
        cost.add(w::ALIAS * (1.0 + f64::from(count)))?;
        let Some(outer) = self.outer(count) else { return Ok(()) };
        let at = index as usize;
        let mut captured = 0;
        match kind {
            ComponentOuterAliasKind::Type => {
                let ty = outer.ty(index);
                cost.mention(ty.extent)?;
                self.here().types.push(ty);
            }
            ComponentOuterAliasKind::CoreType => {
                let size = outer.core_types.get(at).copied().unwrap_or(1);
                self.here().core_types.push(size);
            }
            ComponentOuterAliasKind::CoreModule => {
                let imports = outer.modules.get(at).copied().flatten();
                captured = 1;
                self.here().modules.push(imports);
            }
            ComponentOuterAliasKind::Component => {
                let component = outer.components.get(at).cloned().unwrap_or_default();
                captured = component.1.as_ref().map_or(1, |it| it.captured.saturating_add(1));
                self.here().components.push(component);
            }
        }
        // Everything between there and here carries it along, and is copied with it.
        for scope in self.open.iter_mut().rev().take(count as usize) {
            scope.captured = scope.captured.saturating_add(captured);
        }
        Ok(())
    }

    fn defined(&mut self, ty: &ComponentDefinedType<'a>) -> Extent {
        use ComponentDefinedType as D;
        let here = self.here();
        let whole = Extent::default();
        let of = |ty: &ComponentValType| value(here, *ty);
        let option = |whole: Extent, ty: &Option<ComponentValType>| match ty {
            Some(ty) => whole.with(of(ty)),
            None => whole,
        };
        let names = |names: &[&str]| {
            names.iter().fold(whole, |whole, name| whole.with_name(name).with_size(1))
        };
        match ty {
            D::Primitive(_) => whole,
            D::Record(fields) => {
                fields.iter().fold(whole, |whole, (name, ty)| whole.with_name(name).with(of(ty)))
            }
            D::Variant(cases) => cases.iter().fold(whole, |whole, case| {
                option(whole.with_name(case.name).with_size(1), &case.ty)
            }),
            D::List(ty) | D::Option(ty) => whole.with(of(ty)),
            D::FixedLengthList(ty, len) => {
                let each = of(ty);
                let more = each.size.saturating_mul((*len).clamp(1, 64).into());
                whole.with(each).with_size(more)
            }
            D::Map(key, value) => whole.with(of(key)).with(of(value)),
            D::Tuple(types) => types.iter().fold(whole, |whole, ty| whole.with(of(ty))),
            D::Flags(flags) => names(flags),
            D::Enum(cases) => names(cases),
            D::Result { ok, err } => option(option(whole, ok), err),
            D::Own(_) | D::Borrow(_) => whole.with_size(1),
            D::Future(ty) | D::Stream(ty) => option(whole, ty),
        }
    }

    fn function(&mut self, ty: &ComponentFuncType<'a>) -> Extent {
        let here = self.here();
        let params = ty.params.iter().fold(Extent::default(), |whole, (name, ty)| {
            whole.with_name(name).with(value(here, *ty))
        });
        ty.result.map_or(params, |ty| params.with(value(here, ty)))
    }
}

fn value(scope: &Scope<'_>, ty: ComponentValType) -> Extent {
    match ty {
        ComponentValType::Primitive(_) => Extent::default(),
        ComponentValType::Type(index) => scope.extent(index),
    }
}

/// An instance type of the host's, whose functions the host provides.
fn from_host<'a>(ty: &Sized<'a>) -> Sized<'a> {
    let exports = ty.exports.as_ref().map(|exports| {
        let items = exports.iter().map(|(name, item)| {
            let kind = match &item.kind {
                Kind::Function(_) => Kind::Function(true),
                other => other.clone(),
            };
            (*name, Item { ty: item.ty.clone(), kind })
        });
        Rc::new(items.collect())
    });
    Sized { extent: ty.extent, exports }
}
