//! Types from text, as [`super::display`] spells them: what hosts say that they define.

use wasmparser::names::KebabStr;

use super::definition::{Defined, split};
use super::{Case, Field, FunctionType, Name, Resource, ResultType, Type};
use crate::error::{Error, Result};

/// How deep types may be nested in text; components stop far earlier.
const DEPTH: usize = 100;

/// Stands for a resource of which only the name is known.
enum Named {}

impl FunctionType {
    /// The type that `text` spells, such as `func(name: string) -> u32`. Resources have no more
    /// than a name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` says where the text is not a type.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text, at: 0 };
        let ty = parser.function()?;
        parser.end()?;
        Ok(ty)
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Where the rest begins.
    at: usize,
}

impl<'a> Parser<'a> {
    fn function(&mut self) -> Result<FunctionType> {
        self.keyword("func")?;
        self.sign("(")?;
        let params = self.until(")", |it| it.field(DEPTH))?;
        let result = match self.takes("->") {
            true => Some(self.ty(DEPTH)?),
            false => None,
        };
        Ok(FunctionType { params, result })
    }

    fn ty(&mut self, depth: usize) -> Result<Type> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong("types nested less deeply"));
        };
        Ok(match self.word()? {
            "bool" => Type::Bool,
            "s8" => Type::S8,
            "u8" => Type::U8,
            "s16" => Type::S16,
            "u16" => Type::U16,
            "s32" => Type::S32,
            "u32" => Type::U32,
            "s64" => Type::S64,
            "u64" => Type::U64,
            "f32" => Type::F32,
            "f64" => Type::F64,
            "char" => Type::Char,
            "string" => Type::String,
            "list" => Type::List(self.single(depth)?.into()),
            "option" => Type::Option(self.single(depth)?.into()),
            "tuple" => {
                self.sign("<")?;
                Type::Tuple(self.until(">", |it| it.ty(depth))?.into())
            }
            "result" => Type::Result(self.result(depth)?.into()),
            "record" => Type::Record(self.braced(|it| it.field(depth))?.into()),
            "variant" => Type::Variant(self.braced(|it| it.case(depth))?.into()),
            "enum" => Type::Enum(self.braced(Self::name)?.into()),
            "flags" => Type::Flags(self.braced(Self::name)?.into()),
            "own" => Type::Own(self.resource()?),
            "borrow" => Type::Borrow(self.resource()?),
            word => {
                self.at -= word.len();
                return Err(self.wrong("a type"));
            }
        })
    }

    /// `<T>`.
    fn single(&mut self, depth: usize) -> Result<Type> {
        self.sign("<")?;
        let ty = self.ty(depth)?;
        self.sign(">")?;
        Ok(ty)
    }

    /// What follows `result`: nothing, `<T>`, `<_, E>` or `<T, E>`.
    fn result(&mut self, depth: usize) -> Result<ResultType> {
        if !self.takes("<") {
            return Ok(ResultType { ok: None, err: None });
        }
        let ok = match self.takes("_") {
            true => None,
            false => Some(self.ty(depth)?),
        };
        let err = match self.takes(",") {
            true => Some(self.ty(depth)?),
            false => None,
        };
        self.sign(">")?;
        Ok(ResultType { ok, err })
    }

    /// `name: T`.
    fn field(&mut self, depth: usize) -> Result<Field> {
        let name = self.name()?;
        self.sign(":")?;
        Ok(Field { name, ty: self.ty(depth)? })
    }

    /// `name`, or `name(T)`.
    fn case(&mut self, depth: usize) -> Result<Case> {
        let name = self.name()?;
        if !self.takes("(") {
            return Ok(Case { name, ty: None });
        }
        let ty = Some(self.ty(depth)?);
        self.sign(")")?;
        Ok(Case { name, ty })
    }

    /// `<name>`, where the name may be that of an interface's resource, `a:b/c@1.0.0#name`.
    fn resource(&mut self) -> Result<Resource> {
        self.sign("<")?;
        self.space();
        let len = self.rest().find('>').ok_or_else(|| self.wrong("`>`"))?;
        let name = self.take(len).trim_end();
        self.sign(">")?;
        match split(name, Defined::Resource) {
            Err(_) => Err(self.wrong("the name of a resource before this")),
            Ok(_) => {
                let ty = wasmtime::component::ResourceType::host::<Named>();
                Ok(Resource::new(Name::new(name), ty))
            }
        }
    }

    /// A word that could be a name in WIT.
    fn name(&mut self) -> Result<Name> {
        let word = self.word()?;
        match KebabStr::new(word) {
            Some(_) => Ok(Name::new(word)),
            None => {
                self.at -= word.len();
                Err(self.wrong("a name, of words with single dashes between them,"))
            }
        }
    }

    /// `{ a, b }`, each as `part` reads it.
    fn braced<T>(&mut self, part: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.sign("{")?;
        self.until("}", part)
    }

    /// Parts with commas between them, up to `end`.
    fn until<T>(
        &mut self,
        end: &'static str,
        mut part: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut parts = Vec::new();
        while !self.takes(end) {
            if !parts.is_empty() {
                self.sign(",")?;
                if self.takes(end) {
                    break;
                }
            }
            parts.push(part(self)?);
        }
        Ok(parts)
    }

    fn keyword(&mut self, word: &'static str) -> Result<()> {
        match self.word()? {
            found if found == word => Ok(()),
            found => {
                self.at -= found.len();
                Err(self.wrong(&format!("`{word}`")))
            }
        }
    }

    /// Letters, digits and dashes; WIT escapes keywords by a `%`, which is not part of a name.
    fn word(&mut self) -> Result<&'a str> {
        self.takes("%");
        let end = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        let len = self.rest().find(end).unwrap_or(self.rest().len());
        match len {
            0 => Err(self.wrong("a name")),
            len => Ok(self.take(len)),
        }
    }

    fn sign(&mut self, sign: &'static str) -> Result<()> {
        match self.takes(sign) {
            true => Ok(()),
            false => Err(self.wrong(&format!("`{sign}`"))),
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn end(&mut self) -> Result<()> {
        self.space();
        match self.rest().is_empty() {
            true => Ok(()),
            false => Err(self.wrong("the end")),
        }
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, len: usize) -> &'a str {
        let taken = self.rest().get(..len).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    fn wrong(&self, expected: &str) -> Error {
        let column = self.text.get(..self.at).map_or(0, |before| before.chars().count()) + 1;
        let problem = format_args!("not a type: expected {expected} at column {column} of it");
        Error::invalid("path", problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_is_read() {
        for text in [
            "func()",
            "func(name: string) -> u32",
            "func(a: bool, b: s8, c: u8, d: s16, e: u16, f: s32, g: u32, h: s64, i: u64) -> f32",
            "func(p: record { x: f64, y: list<option<char>> }) -> tuple<u8, string>",
            "func(v: variant { none, some(u32) }, e: enum { red, green }, f: flags { a, b-c })",
            "func() -> result",
            "func() -> result<u8>",
            "func() -> result<_, string>",
            "func() -> result<u8, string>",
            "func(self: borrow<cart>) -> own<cart>",
            "func(r: record {  }, t: tuple<>)",
        ] {
            assert_eq!(FunctionType::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn spaces_do_not_count() {
        let ty =
            FunctionType::parse(" func( a:u8 ,b : list < own< a:b/c@1.0.0#d > >,)->result<_,u8> ");
        assert_eq!(ty.unwrap().to_string(), "func(a: u8, b: list<own<d>>) -> result<_, u8>");
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        for (text, problem) in [
            ("", "expected a name at column 1"),
            ("fun()", "expected `func` at column 1"),
            ("func(a: u33)", "expected a type at column 9"),
            ("func(a u32)", "expected `:` at column 8"),
            ("func() -> u32 x", "expected the end at column 15"),
            ("func(a: list<u8)", "expected `>` at column 16"),
            ("func(a: own<>)", "expected the name of a resource"),
            ("func(a: own<x.y>)", "expected the name of a resource"),
            ("func(a: own<[method]x.y>)", "expected the name of a resource"),
            ("func(a--b: u8)", "expected a name, of words with single dashes between them, at"),
            ("func(a: enum { red, -x })", "between them, at column 21"),
            ("func(aB: u8)", "between them, at column 6"),
            ("func(a: record { x: u8…", "expected `,` at column 23"),
        ] {
            let error = FunctionType::parse(text).unwrap_err();
            assert!(error.message().contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let text = format!("func(a: {}u8{})", "list<".repeat(100_000), ">".repeat(100_000));
        let error = FunctionType::parse(&text).unwrap_err();
        assert!(error.message().contains("nested less deeply"), "{error}");
    }
}
