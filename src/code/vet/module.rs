//! What a core module asks of the compiler, beside the bodies of its functions.

use std::collections::HashSet;

use wasmparser::{
    BinaryReaderError, ConstExpr, DataKind, Element, ElementItems, ElementKind, ExternalKind,
    FunctionBody, KnownCustom, Name, Operator, Payload, TableInit, TypeRef,
};

use super::body::Body;
use super::cost::Cost;
use super::managed;
use super::problem::Problem;
use super::signatures::Signatures;
use super::weights as w;

type Result<T, E = Problem> = std::result::Result<T, E>;

/// A module that is being read.
#[derive(Default)]
pub(super) struct Module {
    known: Signatures,
    pub(super) imports: u64,
    /// The function whose body comes next.
    next: usize,
    /// Functions that others can call, each of which takes a second entrance.
    escaping: HashSet<u32>,
    images: Vec<Image>,
    /// Initial values that are made by code.
    made: u64,
}

/// What a memory starts with.
#[derive(Clone)]
struct Image {
    from: u64,
    to: u64,
    data: u64,
}

impl Module {
    pub(super) fn payload(
        &mut self,
        payload: Payload<'_>,
        body: &mut Body,
        cost: &mut Cost,
    ) -> Result<()> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types {
                    for ty in group?.into_types() {
                        let (parts, above) = self.known.define(&ty);
                        let values = parts as f64 * w::TYPE_VALUE;
                        cost.add(w::TYPE + values + above as f64 * w::TYPE_ABOVE)?;
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.imports += 1;
                    cost.add(w::IMPORT + w::name(import.name) + w::name(import.module))?;
                    match import.ty {
                        TypeRef::Func(ty) => self.known.functions.push(ty),
                        TypeRef::Memory(_) => self.images.push(Image::new()),
                        TypeRef::Tag(tag) => self.known.tags.push(tag.func_type_idx),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                self.next = self.known.functions.len();
                for ty in functions {
                    self.known.functions.push(ty?);
                }
            }
            Payload::CodeSectionEntry(code) => self.code(&code, body, cost)?,
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    // Malformed names are ignored by the compiler, from there on.
                    let _ = self.names(names, cost)?;
                }
            }
            other => self.parts(other, cost)?,
        }
        Ok(())
    }

    /// Sections that describe what an instance consists of.
    fn parts(&mut self, payload: Payload<'_>, cost: &mut Cost) -> Result<()> {
        match payload {
            Payload::TableSection(tables) => {
                for table in tables {
                    let table = table?;
                    cost.add(w::TABLE)?;
                    if let TableInit::Expr(init) = table.init {
                        self.constant(&init, cost)?;
                        cost.add(w::table_image(table.ty.initial))?;
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    memory?;
                    cost.add(w::MEMORY)?;
                    self.images.push(Image::new());
                }
            }
            Payload::TagSection(tags) => {
                for tag in tags {
                    cost.add(w::TAG)?;
                    self.known.tags.push(tag?.func_type_idx);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    cost.add(w::GLOBAL)?;
                    self.constant(&global?.init_expr, cost)?;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    cost.add(w::EXPORT + w::name(export.name))?;
                    if export.kind == ExternalKind::Func {
                        self.escape(export.index, cost)?;
                    }
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    self.element(&element?, cost)?;
                }
            }
            Payload::DataSection(data) => {
                for data in data {
                    let data = data?;
                    cost.add(w::SEGMENT)?;
                    if let DataKind::Active { memory_index, offset_expr } = &data.kind {
                        let at = self.constant(offset_expr, cost)?;
                        self.image(*memory_index, at, data.data.len() as u64);
                    }
                }
                let holes: u64 = self.images.iter().map(Image::holes).sum();
                cost.add(holes as f64 * w::IMAGE_BYTE)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn code(&mut self, code: &FunctionBody<'_>, body: &mut Body, cost: &mut Cost) -> Result<()> {
        let bytes = code.range().len();
        let ty = self.known.function(u32::try_from(self.next).unwrap_or(u32::MAX));
        self.next += 1;
        let units = body.cost(ty, code, &self.known, cost.in_function(bytes))?;
        Ok(cost.add_function(units, bytes, self.next - 1)?)
    }

    fn escape(&mut self, function: u32, cost: &mut Cost) -> Result<()> {
        if self.escaping.insert(function) {
            let (params, results) = self.known.function(function);
            cost.add(w::ESCAPE + (params + results) as f64 * w::TYPE_VALUE)?;
        }
        Ok(())
    }

    /// Adds an initial value, and answers it if it is a plain number.
    fn constant(&mut self, value: &ConstExpr<'_>, cost: &mut Cost) -> Result<Option<u64>> {
        let mut code = value.get_operators_reader();
        let (mut number, mut operators) = (None, 0);
        while !code.eof() {
            let operator = code.read()?;
            match operator {
                Operator::End => break,
                Operator::I32Const { value } => number = Some(u64::from(value.cast_unsigned())),
                Operator::I64Const { value } => number = Some(value.cast_unsigned()),
                Operator::RefFunc { function_index } => {
                    self.escape(function_index, cost)?;
                    cost.add(w::REFERENCE)?;
                    number = None;
                }
                Operator::GlobalGet { .. } => cost.add(w::REFERENCE)?,
                // It is made when an instance is, by code.
                Operator::StructNew { .. }
                | Operator::StructNewDefault { .. }
                | Operator::ArrayNew { .. }
                | Operator::ArrayNewDefault { .. }
                | Operator::ArrayNewFixed { .. } => {
                    let (units, _) = managed::operator(&operator, &self.known);
                    // What one more takes, if all take the cube of their number.
                    let more = 3.0 * (self.made as f64) * (self.made as f64);
                    self.made += 1;
                    cost.add(w::REFERENCE + units + more * w::MADE)?;
                    number = None;
                }
                _ => number = None,
            }
            operators += 1;
        }
        if operators > 1 {
            cost.add(f64::from(operators) * w::EXPRESSION)?;
            return Ok(None);
        }
        Ok(number)
    }

    fn element(&mut self, element: &Element<'_>, cost: &mut Cost) -> Result<()> {
        cost.add(w::ELEMENTS)?;
        let mut at = None;
        if let ElementKind::Active { offset_expr, .. } = &element.kind {
            at = self.constant(offset_expr, cost)?;
        }
        let count = match &element.items {
            ElementItems::Functions(functions) => {
                for function in functions.clone() {
                    cost.add(w::ELEMENT)?;
                    self.escape(function?, cost)?;
                }
                functions.count()
            }
            ElementItems::Expressions(_, values) => {
                for value in values.clone() {
                    cost.add(w::ELEMENT)?;
                    self.constant(&value?, cost)?;
                }
                values.count()
            }
        };
        if let Some(at) = at {
            cost.add(w::table_image(at.saturating_add(count.into())))?;
        }
        Ok(())
    }

    fn image(&mut self, memory: u32, at: Option<u64>, len: u64) {
        let (Some(at), Some(image)) = (at, self.images.get_mut(memory as usize)) else { return };
        if len > 0 {
            image.from = image.from.min(at);
            image.to = image.to.max(at.saturating_add(len));
            image.data += len;
        }
    }

    fn names(
        &self,
        names: wasmparser::NameSectionReader<'_>,
        cost: &mut Cost,
    ) -> Result<Result<(), BinaryReaderError>> {
        for part in names {
            let Ok(Name::Function(functions)) = part else { continue };
            for function in functions {
                match function {
                    Ok(function) => cost.add(w::NAMED + w::name(function.name))?,
                    Err(error) => return Ok(Err(error)),
                }
            }
        }
        Ok(Ok(()))
    }
}

impl Image {
    /// What the compiler makes of its own accord of very sparse ones.
    const MAX: u64 = 16 << 20;

    fn new() -> Self {
        Self { from: u64::MAX, to: 0, data: 0 }
    }

    /// Bytes that the compiler stores although they are zero.
    fn holes(&self) -> u64 {
        let size = self.to.saturating_sub(self.from);
        match size < Self::MAX || size < self.data.saturating_mul(2) {
            true => size.saturating_sub(self.data),
            false => 0,
        }
    }
}
