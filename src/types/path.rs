//! Where in a call a value is, for error messages: `p.x[3]`.

use std::fmt;

use super::{Name, brief};
use crate::error::{Code, Error};
use crate::text::cut;

/// How many bytes of a place are shown, so that there is room for what is wrong there.
const PATH: usize = 1024;

/// A place inside a parameter or a result. It lives on the stack beside the recursion that it
/// describes and costs nothing unless it is printed.
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Parameter(&'a Name),
    Result,
    Whole(&'static str),
    Name(&'a str),
    Number(usize),
    Element(usize),
}

impl<'a> Path<'a> {
    /// A whole parameter.
    pub(crate) fn parameter(name: &'a Name) -> Self {
        Self { parent: None, step: Step::Parameter(name) }
    }

    /// The whole result.
    pub(crate) fn result() -> Self {
        Self { parent: None, step: Step::Result }
    }

    /// A value that is passed by itself, as this argument.
    pub(crate) fn whole(name: &'static str) -> Self {
        Self { parent: None, step: Step::Whole(name) }
    }

    /// A field, or what a case carries.
    pub(crate) fn name(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    /// A member of a tuple.
    pub(crate) fn number(&'a self, number: usize) -> Self {
        Self { parent: Some(self), step: Step::Number(number) }
    }

    /// An element of a list.
    pub(crate) fn element(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Element(index) }
    }

    /// An error about the value at this place.
    pub(crate) fn error(&self, code: Code, problem: impl fmt::Display) -> Error {
        Error::new(code, format_args!("{}: {problem}", cut(self, PATH))).of_argument(Bare(self))
    }

    /// The value at this place has the right type, but cannot be used.
    pub(crate) fn invalid(&self, problem: impl fmt::Display) -> Error {
        self.error(Code::InvalidArgument, problem)
    }

    /// The value at this place has the wrong type.
    pub(crate) fn mismatch(&self, expected: impl fmt::Display, found: impl fmt::Display) -> Error {
        let (expected, found) = (brief(expected), brief(found));
        self.error(Code::TypeMismatch, format_args!("expected {expected}, found {found}"))
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.write(f)?;
        }
        match self.step {
            Step::Parameter(name) => write!(f, "{}", brief(name)),
            Step::Result => f.write_str("result"),
            Step::Whole(name) => f.write_str(name),
            Step::Name(name) => write!(f, ".{}", brief(name)),
            Step::Number(number) => write!(f, ".{number}"),
            Step::Element(index) => write!(f, "[{index}]"),
        }
    }

    fn is_parameter(&self) -> bool {
        match self.parent {
            Some(parent) => parent.is_parameter(),
            None => matches!(self.step, Step::Parameter(_)),
        }
    }
}

/// `p.x[3]`, and nothing else.
struct Bare<'a>(&'a Path<'a>);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f)
    }
}

/// ``parameter `p.x[3]` ``, or `` `result.x` ``, or `` `value.x` ``.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_parameter() { "parameter `" } else { "`" })?;
        self.write(f)?;
        f.write_str("`")
    }
}
