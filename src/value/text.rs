//! Gives parsed text the types of a function.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::mem::size_of;
use std::str::FromStr;

use wasmtime::component::wasm_wave::ast::{Node, NodeType};
use wasmtime::component::wasm_wave::parser::ParserError;

use super::Value;
use crate::error::{Code, Error, Result};
use crate::types::{Case, Field, Name, Path, ResultType, Type, brief};

/// How many bytes a value may take for each byte of its text, and beyond that.
///
/// What text leaves out, a component may have made large: optional fields, whose names each record
/// has, and types with very many names, among which each is looked for.
const SHARE: usize = 64;
const BEYOND: usize = 128 << 20;

/// The text of a value or call, behind one byte that the user did not write.
pub(super) struct Text<'a> {
    source: &'a str,
    /// How many bytes values may still take.
    left: Cell<usize>,
}

/// Byte `offset` of the text as people count: `column 5`, or `line 2, column 5`.
pub(super) fn position(source: &str, offset: usize) -> impl fmt::Display {
    let (mut line, mut column) = (1, 1);
    for (_, character) in source.char_indices().skip(1).take_while(|(at, _)| *at < offset) {
        column += 1;
        if character == '\n' {
            (line, column) = (line + 1, 1);
        }
    }
    fmt::from_fn(move |f| match line {
        1 => write!(f, "column {column}"),
        _ => write!(f, "line {line}, column {column}"),
    })
}

/// Where the closing parenthesis is.
pub(super) fn ends(source: &str) -> impl fmt::Display {
    position(source, source.rfind(')').unwrap_or(source.len()))
}

impl<'a> Text<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, left: Cell::new(source.len().saturating_mul(SHARE).saturating_add(BEYOND)) }
    }

    fn spend(&self, bytes: usize, at: &Path<'_>) -> Result<()> {
        self.left.set(self.left.get().checked_sub(bytes).ok_or_else(|| {
            let problem = "takes more memory than 64 times its text and 128 MiB";
            at.error(Code::ResourceLimit, problem)
        })?);
        Ok(())
    }

    /// Searching names takes time where there are very many.
    fn search(&self, names: usize, at: &Path<'_>) -> Result<()> {
        self.spend(names / 16, at)
    }

    pub(super) fn value(&self, node: &Node, ty: &Type, at: &Path<'_>) -> Result<Value> {
        self.spend(size_of::<Value>(), at)?;
        let wrong = || self.wrong(node, ty, at);
        Ok(match ty {
            Type::Bool => Value::Bool(node.as_bool().map_err(|_| wrong())?),
            Type::S8 => Value::S8(self.number(node, ty, at)?),
            Type::U8 => Value::U8(self.number(node, ty, at)?),
            Type::S16 => Value::S16(self.number(node, ty, at)?),
            Type::U16 => Value::U16(self.number(node, ty, at)?),
            Type::S32 => Value::S32(self.number(node, ty, at)?),
            Type::U32 => Value::U32(self.number(node, ty, at)?),
            Type::S64 => Value::S64(self.number(node, ty, at)?),
            Type::U64 => Value::U64(self.number(node, ty, at)?),
            Type::F32 => {
                let number: f32 = self.number(node, ty, at)?;
                self.finite(node, number.is_infinite(), ty, at)?;
                Value::Float32(number)
            }
            Type::F64 => {
                let number: f64 = self.number(node, ty, at)?;
                self.finite(node, number.is_infinite(), ty, at)?;
                Value::Float64(number)
            }
            Type::Char => {
                self.expect(node, &[NodeType::Char], ty, at)?;
                Value::Char(node.as_char(self.source).map_err(|e| self.bad(node, &e, at))?)
            }
            Type::String => {
                self.expect(node, &[NodeType::String, NodeType::MultilineString], ty, at)?;
                let text = node.as_str(self.source).map_err(|e| self.bad(node, &e, at))?;
                Value::String(text.into_owned())
            }
            Type::List(element) => {
                let nodes = node.as_list().map_err(|_| wrong())?.enumerate();
                let value = |(i, node)| self.value(node, element, &at.element(i));
                Value::List(nodes.map(value).collect::<Result<_>>()?)
            }
            Type::Tuple(types) => {
                let nodes = node.as_tuple().map_err(|_| wrong())?;
                if nodes.len() != types.len() {
                    let (wanted, place) = (types.len(), self.place(node));
                    let found = format!("{} at {place}", nodes.len());
                    return Err(at.mismatch(format_args!("a tuple of {wanted}"), found));
                }
                let value = |(i, (node, ty))| self.value(node, ty, &at.number(i));
                Value::Tuple(nodes.zip(types.iter()).enumerate().map(value).collect::<Result<_>>()?)
            }
            Type::Record(fields) => Value::Record(self.record(node, ty, fields, at)?),
            Type::Variant(cases) => self.variant(node, ty, cases, at)?,
            Type::Enum(names) => {
                let name = node.as_enum(self.source).map_err(|_| wrong())?;
                self.search(names.len(), at)?;
                let known = names.iter().any(|known| known.as_str() == name);
                Value::Enum(if known { name.to_owned() } else { return Err(wrong()) })
            }
            Type::Option(some) => self.option(node, ty, some, at)?,
            Type::Result(result) => self.result(node, ty, result, at)?,
            Type::Flags(names) => Value::Flags(self.flags(node, ty, names, at)?),
            Type::Own(_) | Type::Borrow(_) | Type::Function(_) | Type::Unsupported(_) => {
                let problem = format!("values of type {} cannot be written as text", brief(ty));
                return Err(at.error(Code::Unsupported, problem));
            }
        })
    }

    fn record(
        &self,
        node: &Node,
        ty: &Type,
        fields: &[Field],
        at: &Path<'_>,
    ) -> Result<Vec<(String, Value)>> {
        let given = node.as_record(self.source).map_err(|_| self.wrong(node, ty, at))?;
        let mut given: HashMap<&str, &Node> = given.collect();
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let name = field.name.as_str();
            self.spend(name.len() + size_of::<(String, Value)>(), at)?;
            let at = at.name(name);
            let value = match (given.remove(name), &field.ty) {
                (Some(node), ty) => self.value(node, ty, &at)?,
                (None, Type::Option(_)) => Value::Option(None),
                (None, ty) => {
                    return Err(at.mismatch(ty, format!("no field at {}", self.place(node))));
                }
            };
            values.push((name.to_owned(), value));
        }
        match given.into_iter().min_by_key(|(_, node)| node.span().start) {
            None => Ok(values),
            Some((name, node)) => {
                let found = format!("field `{}` at {}", brief(name), self.place(node));
                Err(at.mismatch(ty, found))
            }
        }
    }

    fn variant(&self, node: &Node, ty: &Type, cases: &[Case], at: &Path<'_>) -> Result<Value> {
        let wrong = || self.wrong(node, ty, at);
        let (name, payload) = node.as_variant(self.source).map_err(|_| wrong())?;
        self.search(cases.len(), at)?;
        let case = cases.iter().find(|case| case.name.as_str() == name).ok_or_else(wrong)?;
        let payload = self.payload(node, payload, case.ty.as_ref(), &at.name(name))?;
        Ok(Value::Variant(name.to_owned(), payload))
    }

    fn option(&self, node: &Node, ty: &Type, some: &Type, at: &Path<'_>) -> Result<Value> {
        match node.as_option() {
            Ok(None) => Ok(Value::Option(None)),
            Ok(payload) => {
                Ok(Value::Option(self.payload(node, payload, Some(some), &at.name("some"))?))
            }
            // WAVE lets `some(x)` be written as `x` where that is not ambiguous.
            Err(_) if is_plain(some) => {
                Ok(Value::Option(Some(Box::new(self.value(node, some, at)?))))
            }
            Err(_) => Err(self.wrong(node, ty, at)),
        }
    }

    fn result(&self, node: &Node, ty: &Type, it: &ResultType, at: &Path<'_>) -> Result<Value> {
        let value = match (node.as_result(), &it.ok) {
            (Ok(Ok(payload)), ok) => {
                Ok(self.payload(node, payload, ok.as_ref(), &at.name("ok"))?)
            }
            (Ok(Err(payload)), _) => {
                Err(self.payload(node, payload, it.err.as_ref(), &at.name("err"))?)
            }
            // As in `option`.
            (Err(_), Some(ok)) if is_plain(ok) => Ok(Some(Box::new(self.value(node, ok, at)?))),
            (Err(_), _) => return Err(self.wrong(node, ty, at)),
        };
        Ok(Value::Result(value))
    }

    /// What a case carries.
    fn payload(
        &self,
        node: &Node,
        payload: Option<&Node>,
        ty: Option<&Type>,
        at: &Path<'_>,
    ) -> Result<Option<Box<Value>>> {
        match (payload, ty) {
            (None, None) => Ok(None),
            (Some(payload), Some(ty)) => Ok(Some(Box::new(self.value(payload, ty, at)?))),
            (None, Some(ty)) => Err(at.mismatch(ty, format!("no payload at {}", self.place(node)))),
            (Some(payload), None) => {
                let found = format!("a {} at {}", describe(payload), self.place(payload));
                Err(at.mismatch("no payload", found))
            }
        }
    }

    /// The flags that are set, in the order of the type.
    fn flags(&self, node: &Node, ty: &Type, names: &[Name], at: &Path<'_>) -> Result<Vec<String>> {
        let given = node.as_flags(self.source).map_err(|_| self.wrong(node, ty, at))?;
        let mut given: Vec<&str> = given.map(|it| it.trim_start_matches('%')).collect();
        self.search(names.len().saturating_mul(given.len().max(1)), at)?;
        let mut set = Vec::new();
        for name in names {
            let before = given.len();
            given.retain(|it| *it != name.as_str());
            if given.len() < before {
                set.push(name.as_str().to_owned());
            }
        }
        match given.first() {
            None => Ok(set),
            Some(unknown) => {
                let found = format!("flag `{}` at {}", brief(unknown), self.place(node));
                Err(at.mismatch(ty, found))
            }
        }
    }

    fn number<T: FromStr>(&self, node: &Node, ty: &Type, at: &Path<'_>) -> Result<T> {
        node.as_number(self.source).map_err(|_| self.wrong(node, ty, at))
    }

    /// Refuses numbers that only became infinite because they are too large for `ty`.
    fn finite(&self, node: &Node, infinite: bool, ty: &Type, at: &Path<'_>) -> Result<()> {
        let written = self.slice(node).ends_with("inf");
        if infinite && !written { Err(self.wrong(node, ty, at)) } else { Ok(()) }
    }

    fn expect(&self, node: &Node, any: &[NodeType], ty: &Type, at: &Path<'_>) -> Result<()> {
        if any.contains(&node.ty()) { Ok(()) } else { Err(self.wrong(node, ty, at)) }
    }

    fn slice(&self, node: &Node) -> &str {
        self.source.get(node.span()).unwrap_or_default()
    }

    fn place(&self, node: &Node) -> impl fmt::Display {
        position(self.source, node.span().start)
    }

    fn wrong(&self, node: &Node, ty: &Type, at: &Path<'_>) -> Error {
        let what = describe(node);
        let found = match node.ty() {
            NodeType::Number | NodeType::Label => format!("{what} {}", self.slice(node)),
            _ => what.to_owned(),
        };
        at.mismatch(ty, format_args!("{} at {}", Short(&found), self.place(node)))
    }

    /// A text or character that is not well-formed.
    fn bad(&self, node: &Node, error: &ParserError, at: &Path<'_>) -> Error {
        at.invalid(format_args!("{} at {}", error.kind(), self.place(node)))
    }
}

/// The first characters of what was found, so that there is room for its place.
struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(60) {
            Some((end, _)) => write!(f, "{}…", self.0.get(..end).unwrap_or_default()),
            None => f.write_str(self.0),
        }
    }
}

/// Whether WAVE allows `some` and `ok` to be left out around a value of this type.
fn is_plain(ty: &Type) -> bool {
    !matches!(ty, Type::Option(_) | Type::Result(_))
}

fn describe(node: &Node) -> &'static str {
    match node.ty() {
        NodeType::BoolTrue | NodeType::BoolFalse => "bool",
        NodeType::Number => "number",
        NodeType::Char => "char",
        NodeType::String | NodeType::MultilineString => "string",
        NodeType::Tuple => "tuple",
        NodeType::List => "list",
        NodeType::Record => "record",
        NodeType::Label => "name",
        NodeType::VariantWithPayload => "variant",
        NodeType::OptionSome | NodeType::OptionNone => "option",
        NodeType::ResultOk | NodeType::ResultErr => "result",
        NodeType::Flags => "flags",
    }
}
