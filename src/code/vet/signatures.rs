//! What a module's types consist of.

use wasmparser::{CompositeInnerType, SubType, ValType};

/// The types of a module, and what has them.
#[derive(Default)]
pub(super) struct Signatures {
    types: Vec<Shape>,
    pub(super) functions: Vec<u32>,
    /// Of exceptions, by the type of what they carry.
    pub(super) tags: Vec<u32>,
}

/// What counts of a type.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// Parameters and results of a function.
    values: (u64, u64),
    /// Results that are references to what is collected.
    references: u64,
    /// Fields of a struct.
    fields: u64,
    /// Types above it.
    depth: u64,
}

impl Signatures {
    /// Adds a type, and answers how many values or fields it has and how many types are above it.
    pub(super) fn define(&mut self, ty: &SubType) -> (u64, u64) {
        let above = ty.supertype_idx.and_then(|index| index.as_module_index());
        let depth = above.map_or(0, |index| self.shape(index).depth + 1);
        let mut shape = Shape { depth, ..Shape::default() };
        match &ty.composite_type.inner {
            CompositeInnerType::Func(ty) => {
                shape.values = (ty.params().len() as u64, ty.results().len() as u64);
                shape.references =
                    ty.results().iter().filter(|it| is_collected(**it)).count() as u64;
            }
            CompositeInnerType::Struct(ty) => shape.fields = ty.fields.len() as u64,
            CompositeInnerType::Array(_) => shape.fields = 1,
            CompositeInnerType::Cont(_) => {}
        }
        self.types.push(shape);
        (shape.values.0 + shape.values.1 + shape.fields, depth)
    }

    fn shape(&self, index: u32) -> Shape {
        self.types.get(index as usize).copied().unwrap_or_default()
    }

    /// How many values a function of this type takes and gives; none if the module is invalid.
    pub(super) fn ty(&self, index: u32) -> (u64, u64) {
        self.shape(index).values
    }

    /// How many fields a struct of this type has.
    pub(super) fn fields(&self, index: u32) -> u64 {
        self.shape(index).fields
    }

    /// How many references to what is collected a function of this type gives.
    pub(super) fn references(&self, index: u32) -> u64 {
        self.shape(index).references
    }

    pub(super) fn function(&self, index: u32) -> (u64, u64) {
        self.ty(self.function_type(index))
    }

    /// The type of a function; none has that of an invalid one.
    pub(super) fn function_type(&self, index: u32) -> u32 {
        self.functions.get(index as usize).copied().unwrap_or(u32::MAX)
    }

    /// How many values an exception carries.
    pub(super) fn tag(&self, index: u32) -> u64 {
        self.tags.get(index as usize).map_or(0, |ty| self.ty(*ty).0)
    }
}

/// Whether values of this type are references that a collector has to find.
pub(super) fn is_collected(ty: ValType) -> bool {
    match ty {
        ValType::Ref(ty) => !ty.is_func_ref(),
        _ => false,
    }
}
