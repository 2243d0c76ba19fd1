//! Types as WIT spells them. Named types are spelled out, since a component's binary does not say
//! which names its author used.
//!
//! A type is a tree in which one branch may stand in many places, so that a short component can
//! declare one whose text no disk holds. What is spelled ends at [`MAX_TEXT`].

use std::fmt::{self, Write};

use super::{FunctionType, Name, Resource, Type};
use crate::text::Cut;

/// Longest text of a type, in bytes. The mark follows where that is not all.
pub const MAX_TEXT: usize = 64 << 10;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bounded(f, |out| self.spell(out))
    }
}

impl fmt::Display for FunctionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bounded(f, |out| self.spell(out))
    }
}

fn bounded(
    f: &mut fmt::Formatter<'_>,
    spell: impl FnOnce(&mut dyn Write) -> fmt::Result,
) -> fmt::Result {
    let mut out = Cut::new(&mut *f, MAX_TEXT);
    let done = spell(&mut out);
    // Being full is how it ends, and no failure.
    if out.is_full() { Ok(()) } else { done }
}

impl Type {
    /// Recurses no deeper than types are nested, and ends when `out` is full.
    fn spell(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::List(ty) | Self::Option(ty) => {
                write!(out, "{}<", self.kind().name())?;
                ty.spell(out)?;
                out.write_str(">")
            }
            Self::Tuple(types) => {
                out.write_str("tuple<")?;
                separated(out, types, |out, ty| ty.spell(out))?;
                out.write_str(">")
            }
            Self::Record(fields) => {
                out.write_str("record { ")?;
                separated(out, fields, |out, field| named(out, &field.name, &field.ty))?;
                out.write_str(" }")
            }
            Self::Variant(cases) => {
                out.write_str("variant { ")?;
                separated(out, cases, |out, case| {
                    out.write_str(case.name.as_str())?;
                    let Some(ty) = &case.ty else { return Ok(()) };
                    out.write_str("(")?;
                    ty.spell(out)?;
                    out.write_str(")")
                })?;
                out.write_str(" }")
            }
            Self::Enum(names) | Self::Flags(names) => {
                write!(out, "{} {{ ", self.kind().name())?;
                separated(out, names, |out, name| out.write_str(name.as_str()))?;
                out.write_str(" }")
            }
            Self::Result(it) => result(out, it.ok.as_ref(), it.err.as_ref()),
            Self::Own(resource) | Self::Borrow(resource) => {
                write!(out, "{}<{}>", self.kind().name(), short(resource))
            }
            Self::Function(function) => function.spell(out),
            Self::Unsupported(name) => out.write_str(name),
            _ => out.write_str(self.kind().name()),
        }
    }
}

impl FunctionType {
    fn spell(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str("func(")?;
        separated(out, &self.params, |out, param| named(out, &param.name, &param.ty))?;
        out.write_str(")")?;
        let Some(ty) = &self.result else { return Ok(()) };
        out.write_str(" -> ")?;
        ty.spell(out)
    }
}

fn result(out: &mut dyn Write, ok: Option<&Type>, err: Option<&Type>) -> fmt::Result {
    out.write_str("result")?;
    match (ok, err) {
        (None, None) => return Ok(()),
        (Some(ok), _) => {
            out.write_str("<")?;
            ok.spell(out)?;
        }
        (None, Some(_)) => out.write_str("<_")?,
    }
    if let Some(err) = err {
        out.write_str(", ")?;
        err.spell(out)?;
    }
    out.write_str(">")
}

fn named(out: &mut dyn Write, name: &Name, ty: &Type) -> fmt::Result {
    out.write_str(name.as_str())?;
    out.write_str(": ")?;
    ty.spell(out)
}

fn separated<T>(
    out: &mut dyn Write,
    items: &[T],
    mut write: impl FnMut(&mut dyn Write, &T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.write_str(", ")?;
        }
        write(out, item)?;
    }
    Ok(())
}

/// The last part of a resource's full name.
fn short(resource: &Resource) -> &str {
    match resource.name().as_str().rsplit(['#', '/']).next() {
        None | Some("") => "resource",
        Some(name) => name,
    }
}
