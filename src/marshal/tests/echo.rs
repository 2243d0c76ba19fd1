//! Components that hand values of any type back. Shared with the fuzz targets in tests/fuzz.

use std::fmt::Write;

use crate::types::{Name, Type};

/// Offset of memory for `realloc`; below it there is room for results.
const HEAP: u32 = 1 << 16;

/// A component with the exports `relay`, which calls its import `echo` with its argument and
/// returns what that returns, and, where a value takes several places on the stack, `same`, which
/// gets its arguments in memory and returns the first from there.
pub fn component(ty: &Type, encoding: &str) -> String {
    let mut types = Types::default();
    let name = types.name(ty);
    let flat = flat(ty);
    let one = flat.len() == 1;
    let params = if flat.len() > 16 { "i32".to_owned() } else { flat.join(" ") };
    let count = params.split(' ').count();
    let gives = if one { &*params } else { "i32" };
    // A result that takes several places goes where the caller says.
    let (echo, area, result) = match one {
        true => (format!("(param {params}) (result {params})"), "", ""),
        false => (format!("(param {params} i32)"), "i32.const 16", "i32.const 16"),
    };
    let args: String = (0..count).map(|i| format!("local.get {i} ")).collect();
    let options = format!("(memory $mem) (realloc $realloc) string-encoding={encoding}");
    let lift = format!("{options} (post-return $reset)");
    let same = match one {
        true => String::new(),
        false => format!(
            r#"(func (export "same") (param "p" {name}) (param "rest" (tuple{})) (result {name})
                (canon lift (core func $relay "same") {lift}))"#,
            " u32".repeat(16)
        ),
    };
    format!(
        r#"(component
    {defs}
    (import "echo" (func $echo (param "p" {name}) (result {name})))
    (core module $memory-m
        (memory (export "memory") 64)
        (global $next (mut i32) (i32.const {HEAP}))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and
                (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (memory.copy (local.get $at) (local.get 0) (local.get 1))
            local.get $at)
        (func (export "reset") (param {gives}) (global.set $next (i32.const {HEAP}))))
    (core instance $memory (instantiate $memory-m))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    (alias core export $memory "reset" (core func $reset))
    (core func $lowered (canon lower (func $echo) {options}))
    (core module $relay-m
        (import "host" "echo" (func $echo {echo}))
        (func (export "relay") (param {params}) (result {gives}) {args} {area} call $echo {result})
        (func (export "same") (param i32) (result i32) local.get 0))
    (core instance $relay (instantiate $relay-m
        (with "host" (instance (export "echo" (func $lowered))))))
    (func (export "relay") (param "p" {name}) (result {name})
        (canon lift (core func $relay "relay") {lift}))
    {same}
)"#,
        defs = types.definitions
    )
}

/// What the core function of a value of this type takes, by the canonical ABI.
pub fn flat(ty: &Type) -> Vec<&'static str> {
    let child = |i| ty.child(i).map(flat).unwrap_or_default();
    match ty {
        Type::S64 | Type::U64 => vec!["i64"],
        Type::F32 => vec!["f32"],
        Type::F64 => vec!["f64"],
        Type::String | Type::List(_) => vec!["i32", "i32"],
        Type::Record(_) | Type::Tuple(_) => (0..ty.len()).flat_map(child).collect(),
        Type::Flags(names) => vec!["i32"; names.len().div_ceil(32)],
        Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
            let mut joined: Vec<&str> = Vec::new();
            for case in (0..ty.len()).map(child) {
                for (i, it) in case.into_iter().enumerate() {
                    match joined.get_mut(i) {
                        None => joined.push(it),
                        Some(before) => *before = join(before, it),
                    }
                }
            }
            joined.insert(0, "i32");
            joined
        }
        _ => vec!["i32"],
    }
}

fn join(a: &'static str, b: &'static str) -> &'static str {
    match (a, b) {
        _ if a == b => a,
        ("i32" | "f32", "i32" | "f32") => "i32",
        _ => "i64",
    }
}

/// Types as text; those with names have to be imported to be of use.
#[derive(Default)]
pub struct Types {
    /// In the text of a component, before anything that uses them.
    pub definitions: String,
    count: usize,
}

impl Types {
    /// What a component calls `ty`.
    pub fn name(&mut self, ty: &Type) -> String {
        let mut child = |i: usize| ty.child(i).map(|ty| self.name(ty));
        let children: Vec<Option<String>> = (0..ty.len()).map(&mut child).collect();
        let each = |what: &str| -> String {
            let named = children.iter().enumerate().map(|(i, child)| {
                let name = ty.child_name(i).map(Name::as_str).unwrap_or_default();
                format!(" ({what} \"{name}\" {})", child.as_deref().unwrap_or_default())
            });
            named.collect()
        };
        let names = |names: &[Name]| -> String {
            names.iter().map(|name| format!(" \"{name}\"")).collect()
        };
        let some = |i: usize| children[i].clone().unwrap_or_default();
        let definition = match ty {
            Type::List(_) => return format!("(list {})", some(0)),
            Type::Option(_) => return format!("(option {})", some(0)),
            Type::Tuple(_) => return format!("(tuple {})", children.concat_names()),
            Type::Result(_) => {
                let error = children[1].as_ref().map(|it| format!("(error {it})"));
                return format!("(result {} {})", some(0), error.unwrap_or_default());
            }
            Type::Record(_) => format!("(record{})", each("field")),
            Type::Variant(_) => format!("(variant{})", each("case")),
            Type::Enum(it) => format!("(enum{})", names(it)),
            Type::Flags(it) => format!("(flags{})", names(it)),
            other => return other.to_string(),
        };
        self.count += 1;
        let n = self.count;
        let line = format!("(type $d{n} {definition}) (import \"t{n}\" (type $t{n} (eq $d{n})))\n");
        self.definitions.write_str(&line).unwrap();
        format!("$t{n}")
    }
}

trait Names {
    fn concat_names(&self) -> String;
}

impl Names for Vec<Option<String>> {
    fn concat_names(&self) -> String {
        self.iter().flatten().map(|name| format!("{name} ")).collect()
    }
}
