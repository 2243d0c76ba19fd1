//! Values by themselves, with their types: as text, and compared.
//!
//! Both take values as they come from C, and check them on the way as strictly as those of a call.
//! Handles are numbers here: what they stand for does not matter.

use std::fmt::Write;

use wasmtime::component::wasm_wave::writer::Writer;

use super::array::array;
use super::check::check_alone;
use super::elements::Elements;
use super::layout::runtime_value_t;
use super::read::{boolean, carried, case, character, check, flags, members, payload, text};
use super::val::{lift_one, names_of};
use super::{Results, read};
use crate::error::{Code, Error, Result};
use crate::text::Cut;
use crate::types::{Field, Path, Type};
use crate::value::{self, Value};

/// How many bytes the text of a value may have.
pub const MAX_TEXT: usize = 128 << 20;

/// A value in C memory, of which nothing is known yet.
#[derive(Clone, Copy)]
pub struct Whole<'a> {
    value: &'a runtime_value_t,
    name: &'static str,
}

// SAFETY: whoever made it vouched that what the value points to lives and stays unmodified for
// `'a`, wherever it is read.
unsafe impl Send for Whole<'_> {}
// SAFETY: sharing gives read access to memory that nobody writes to.
unsafe impl Sync for Whole<'_> {}

/// The value of type `ty` that a text spells, laid out for C.
///
/// # Errors
/// As [`value::parse_value`].
pub fn parse(text: &str, ty: &Type) -> Result<Results> {
    lift_one(&value::parse_value(text, ty)?, ty)
}

impl<'a> Whole<'a> {
    /// The value that the caller passes as `name`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for NULL and what is not aligned.
    ///
    /// # Safety
    /// `value` is NULL or points to a value, for which [`super::check_args`] says the rest.
    pub unsafe fn new(value: *const runtime_value_t, name: &'static str) -> Result<Self> {
        // SAFETY: passed on from the caller.
        match unsafe { array(value, usize::from(!value.is_null()), &Path::whole(name))? } {
            [value] => Ok(Self { value, name }),
            _ => Err(Error::invalid(name, "is NULL")),
        }
    }

    /// The value as WAVE text, if it is one of type `ty`; handles as `own(1)` and `borrow(1)`.
    ///
    /// # Errors
    /// `TYPE_MISMATCH`, `INVALID_ARGUMENT` or `UNSUPPORTED` if it is none, and `RESOURCE_LIMIT` if
    /// its text is longer than 128 MiB.
    pub fn text(&self, ty: &Type) -> Result<String> {
        let mut spell = Spell { out: Cut::new(String::new(), MAX_TEXT) };
        // SAFETY: whoever made this vouched for the value.
        unsafe { spell.value(self.value, ty, &Path::whole(self.name))? };
        Ok(spell.out.into_inner())
    }

    /// Whether both are the same value of type `ty`: they have the same text.
    ///
    /// # Errors
    /// As [`text`](Self::text), if one is none.
    pub fn is_same(&self, other: &Self, ty: &Type) -> Result<bool> {
        let at = Path::whole(self.name);
        // SAFETY: whoever made these vouched for the values.
        unsafe {
            check_alone(self.value, ty, &at)?;
            check_alone(other.value, ty, &Path::whole(other.name))?;
            same(self.value, other.value, ty, &at)
        }
    }
}

/// Writes text, which has an end.
struct Spell {
    out: Cut<String>,
}

/// All that makes writing fail.
fn too_long<T>(_: T) -> Error {
    let problem = format_args!("the value as text is longer than {MAX_TEXT} bytes");
    Error::new(Code::ResourceLimit, problem)
}

impl Spell {
    fn put(&mut self, text: &str) -> Result<()> {
        self.out.write_str(text).map_err(too_long)
    }

    /// A value that has no parts but names.
    fn leaf(&mut self, value: &Value) -> Result<()> {
        Writer::new(&mut self.out).write_value(value).map_err(too_long)
    }

    /// # Safety
    /// As for [`super::check_args`].
    unsafe fn value(&mut self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
        check(value, ty, at)?;
        let of = &value.of;
        // SAFETY: `check` found the kind that belongs to the arm, and the caller promises that the
        // field named by the kind is initialised. Every bit pattern is a value of these fields.
        unsafe {
            match ty {
                Type::Bool => self.leaf(&Value::Bool(boolean(of.boolean, at)?)),
                Type::S8 => self.leaf(&Value::S8(of.s8)),
                Type::U8 => self.leaf(&Value::U8(of.u8)),
                Type::S16 => self.leaf(&Value::S16(of.s16)),
                Type::U16 => self.leaf(&Value::U16(of.u16)),
                Type::S32 => self.leaf(&Value::S32(of.s32)),
                Type::U32 => self.leaf(&Value::U32(of.u32)),
                Type::S64 => self.leaf(&Value::S64(of.s64)),
                Type::U64 => self.leaf(&Value::U64(of.u64)),
                Type::F32 => self.leaf(&Value::Float32(of.f32)),
                Type::F64 => self.leaf(&Value::Float64(of.f64)),
                Type::Char => self.leaf(&Value::Char(character(of.character, at)?)),
                Type::String => match text(of.string, at)? {
                    // Not even copied.
                    text if text.len() > MAX_TEXT => Err(too_long(())),
                    text => self.leaf(&Value::String(text.to_owned())),
                },
                Type::List(element) => self.list(value, element, at),
                Type::Record(fields) => self.record(value, fields, at),
                Type::Tuple(types) => self.tuple(value, types, at),
                Type::Variant(_) | Type::Option(_) | Type::Result(_) => self.case(value, ty, at),
                Type::Enum(names) => {
                    let name = case(names, value.index, "enum", at)?;
                    self.leaf(&Value::Enum(name.as_str().to_owned()))
                }
                Type::Flags(names) => {
                    self.leaf(&Value::Flags(names_of(flags(value, names.len(), at)?, names)))
                }
                Type::Own(_) | Type::Borrow(_) => {
                    self.put(&format!("{}({})", ty.kind().name(), of.resource))
                }
                Type::Function(_) | Type::Unsupported(_) => Err(read::unsupported(ty, at)),
            }
        }
    }

    /// # Safety
    /// As for [`super::check_args`]; `value` is a list.
    unsafe fn list(
        &mut self,
        value: &runtime_value_t,
        element: &Type,
        at: &Path<'_>,
    ) -> Result<()> {
        // SAFETY: passed on from the caller.
        let elements = unsafe { Elements::of(value, element, at)? };
        self.put("[")?;
        // SAFETY: passed on from the caller.
        for (i, value) in unsafe { elements.iter() }.enumerate() {
            self.put(if i == 0 { "" } else { ", " })?;
            // SAFETY: passed on from the caller.
            unsafe { self.value(&value, element, &at.element(i))? };
        }
        self.put("]")
    }

    /// # Safety
    /// As for [`super::check_args`]; `value` is a record.
    unsafe fn record(
        &mut self,
        value: &runtime_value_t,
        fields: &[Field],
        at: &Path<'_>,
    ) -> Result<()> {
        // SAFETY: passed on from the caller.
        let values = unsafe { members(value, fields.len(), at)? };
        let mut before = "{";
        for (value, Field { name, ty }) in values.iter().zip(fields) {
            let at = at.name(name.as_str());
            // SAFETY: passed on from the caller.
            if unsafe { is_none(value, ty, &at)? } {
                continue;
            }
            for part in [before, name.as_str(), ": "] {
                self.put(part)?;
            }
            before = ", ";
            // SAFETY: passed on from the caller.
            unsafe { self.value(value, ty, &at)? };
        }
        self.put(if before == "{" { "{:}" } else { "}" })
    }

    /// # Safety
    /// As for [`super::check_args`]; `value` is a tuple.
    unsafe fn tuple(
        &mut self,
        value: &runtime_value_t,
        types: &[Type],
        at: &Path<'_>,
    ) -> Result<()> {
        // SAFETY: passed on from the caller.
        let values = unsafe { members(value, types.len(), at)? };
        self.put("(")?;
        for (i, (value, ty)) in values.iter().zip(types).enumerate() {
            self.put(if i == 0 { "" } else { ", " })?;
            // SAFETY: passed on from the caller.
            unsafe { self.value(value, ty, &at.number(i))? };
        }
        self.put(")")
    }

    /// A variant, option or result.
    ///
    /// # Safety
    /// As for [`super::check_args`]; `value` is one of these.
    unsafe fn case(&mut self, value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<()> {
        let (name, carried) = carried(ty, value.index, at)?;
        match ty {
            // A case of the component's own choice may be called as those of WAVE are.
            Type::Variant(_) => self.leaf(&Value::Enum(name.to_owned()))?,
            _ => self.put(name)?,
        }
        // SAFETY: passed on from the caller.
        let Some((inner, ty)) = (unsafe { payload(value, name, carried, at)? }) else {
            return Ok(());
        };
        self.put("(")?;
        // SAFETY: passed on from the caller.
        unsafe { self.value(inner, ty, &at.name(name))? };
        self.put(")")
    }
}

/// Whether it is an option without a value, which text leaves out of a record.
///
/// # Safety
/// As for [`super::check_args`].
unsafe fn is_none(value: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<bool> {
    if !matches!(ty, Type::Option(_)) {
        return Ok(false);
    }
    check(value, ty, at)?;
    if value.index != 0 {
        return Ok(false);
    }
    // SAFETY: passed on from the caller; `check` found an option.
    Ok(unsafe { payload(value, "none", None, at)? }.is_none())
}

/// Whether two values of type `ty`, which were checked, are the same.
///
/// # Safety
/// As for [`super::check_args`].
unsafe fn same(a: &runtime_value_t, b: &runtime_value_t, ty: &Type, at: &Path<'_>) -> Result<bool> {
    if a.index != b.index {
        return Ok(false);
    }
    // SAFETY: the values have the kind that belongs to the arm, and the caller promises that the
    // field named by the kind is initialised.
    unsafe {
        Ok(match ty {
            Type::Bool | Type::S8 | Type::U8 => a.of.u8 == b.of.u8,
            Type::S16 | Type::U16 => a.of.u16 == b.of.u16,
            Type::S32 | Type::U32 | Type::Char => a.of.u32 == b.of.u32,
            Type::S64 | Type::U64 | Type::Own(_) | Type::Borrow(_) => a.of.u64 == b.of.u64,
            Type::F32 => a.of.u32 == b.of.u32 || a.of.f32.is_nan() && b.of.f32.is_nan(),
            Type::F64 => a.of.u64 == b.of.u64 || a.of.f64.is_nan() && b.of.f64.is_nan(),
            Type::String => text(a.of.string, at)? == text(b.of.string, at)?,
            Type::List(element) => {
                let (a, b) = (Elements::of(a, element, at)?, Elements::of(b, element, at)?);
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (i, (a, b)) in a.iter().zip(b.iter()).enumerate() {
                    if !same(&a, &b, element, &at.element(i))? {
                        return Ok(false);
                    }
                }
                true
            }
            Type::Record(_) | Type::Tuple(_) => {
                let (a, b) = (members(a, ty.len(), at)?, members(b, ty.len(), at)?);
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    if let Some(ty) = ty.child(i)
                        && !same(a, b, ty, &at.number(i))?
                    {
                        return Ok(false);
                    }
                }
                true
            }
            Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
                let (name, carried) = carried(ty, a.index, at)?;
                let (a, b) = (payload(a, name, carried, at)?, payload(b, name, carried, at)?);
                match (a, b) {
                    (Some((a, ty)), Some((b, _))) => same(a, b, ty, &at.name(name))?,
                    _ => true,
                }
            }
            Type::Enum(_) => true,
            Type::Flags(names) => {
                // Words that are missing count as 0.
                let (a, b) = (flags(a, names.len(), at)?, flags(b, names.len(), at)?);
                let word = |words: &[u32], i| words.get(i).copied().unwrap_or_default();
                (0..a.len().max(b.len())).all(|i| word(a, i) == word(b, i))
            }
            Type::Function(_) | Type::Unsupported(_) => return Err(read::unsupported(ty, at)),
        })
    }
}
