//! Types as WIT spells them. Named types are spelled out, since a component's binary does not say
//! which names its author used.

use std::fmt::{self, Write as _};

use super::{FunctionType, Name, Resource, Type};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Option(some) => write!(f, "option<{some}>"),
            Self::Tuple(types) => {
                f.write_str("tuple<")?;
                separated(f, types.iter(), |f, ty| write!(f, "{ty}"))?;
                f.write_str(">")
            }
            Self::Record(fields) => {
                f.write_str("record { ")?;
                separated(f, fields.iter(), |f, field| write!(f, "{}: {}", field.name, field.ty))?;
                f.write_str(" }")
            }
            Self::Variant(cases) => {
                f.write_str("variant { ")?;
                separated(f, cases.iter(), |f, case| match &case.ty {
                    Some(ty) => write!(f, "{}({ty})", case.name),
                    None => write!(f, "{}", case.name),
                })?;
                f.write_str(" }")
            }
            Self::Enum(names) | Self::Flags(names) => {
                write!(f, "{} {{ ", self.kind().name())?;
                separated(f, names.iter(), |f, name: &Name| write!(f, "{name}"))?;
                f.write_str(" }")
            }
            Self::Result(result_type) => match (&result_type.ok, &result_type.err) {
                (None, None) => f.write_str("result"),
                (Some(ok), None) => write!(f, "result<{ok}>"),
                (None, Some(err)) => write!(f, "result<_, {err}>"),
                (Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
            },
            Self::Own(resource) => write!(f, "own<{}>", short(resource)),
            Self::Borrow(resource) => write!(f, "borrow<{}>", short(resource)),
            Self::Function(function) => write!(f, "{function}"),
            Self::Unsupported(name) => f.write_str(name),
            _ => f.write_str(self.kind().name()),
        }
    }
}

impl fmt::Display for FunctionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        separated(f, self.params.iter(), |f, param| write!(f, "{}: {}", param.name, param.ty))?;
        f.write_str(")")?;
        match &self.result {
            Some(ty) => write!(f, " -> {ty}"),
            None => Ok(()),
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
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

/// How many characters of a name or type an error message shows.
const BRIEF: usize = 120;

/// `text` for an error message. A component chooses its types and names, so they are cut off
/// where they would drown the rest.
pub(crate) fn brief(text: impl fmt::Display) -> String {
    let mut cut = Cut { text: String::new(), left: BRIEF };
    if write!(cut, "{text}").is_err() {
        cut.text.push('…');
    }
    cut.text
}

/// Keeps the first characters, then refuses more, which ends the formatting that feeds it.
struct Cut {
    text: String,
    left: usize,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}
