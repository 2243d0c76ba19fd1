//! Components and definitions by chance, and what should become of each pair.

use std::fmt::Write;

use wasmcell::types::{FunctionType, Type};

use crate::echo::{Types, flat};
use crate::random::Random;
use crate::shapes::{field, list, option};

const INTERFACES: [&str; 2] = ["a:b/c", "a:b/d"];
const VERSIONS: [&str; 12] = [
    "",
    "@0.0.1",
    "@0.0.2",
    "@0.1.0",
    "@0.1.3",
    "@0.2.0",
    "@0.2.6",
    "@1.0.0",
    "@1.0.1",
    "@1.10.0",
    "@2.0.0",
    "@1.0.0-rc",
];
const FUNCTIONS: [&str; 2] = ["f0", "f1"];

/// A function in an interface, which may be in another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    outer: String,
    inner: Option<String>,
    name: &'static str,
}

impl Place {
    fn random(random: &mut Random<'_>) -> Self {
        let name = |random: &mut Random<'_>| {
            let interface = INTERFACES[random.below(INTERFACES.len())];
            format!("{interface}{}", VERSIONS[random.below(VERSIONS.len())])
        };
        Self {
            outer: name(random),
            inner: (random.below(4) == 0).then(|| name(random)),
            name: FUNCTIONS[random.below(FUNCTIONS.len())],
        }
    }

    /// The same with some other version.
    fn near(&self, random: &mut Random<'_>) -> Self {
        let other = |name: &String, random: &mut Random<'_>| match random.below(3) {
            0 => name.clone(),
            _ => {
                let interface = name.split('@').next().unwrap_or_default();
                format!("{interface}{}", VERSIONS[random.below(VERSIONS.len())])
            }
        };
        let inner = self.inner.as_ref().map(|inner| other(inner, random));
        Self { outer: other(&self.outer, random), inner, name: self.name }
    }

    pub fn path(&self) -> String {
        match &self.inner {
            Some(inner) => format!("{}#{inner}#{}", self.outer, self.name),
            None => format!("{}#{}", self.outer, self.name),
        }
    }

    /// How well this serves imports of `import`; more is better.
    fn serves(&self, import: &Self) -> Option<[u64; 6]> {
        if self.name != import.name {
            return None;
        }
        let outer = serves(&self.outer, &import.outer)?;
        let inner = match (&self.inner, &import.inner) {
            (Some(inner), Some(import)) => serves(inner, import)?,
            (None, None) => [0; 3],
            _ => return None,
        };
        let [a, b, c] = outer;
        let [d, e, f] = inner;
        Some(if self == import { [u64::MAX; 6] } else { [a, b, c, d, e, f] })
    }
}

/// The version of `name`, if it serves `import`.
fn serves(name: &str, import: &str) -> Option<[u64; 3]> {
    let version = |name: &str| -> Option<[u64; 3]> {
        let mut parts = name.split_once('@')?.1.split('.').map(|it| it.parse().ok());
        let all = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(all)
    };
    if name == import {
        return Some([0; 3]);
    }
    let same = name.split('@').next() == import.split('@').next();
    match (version(name)?, version(import)?) {
        _ if !same => None,
        ([0, 0, _], _) => None,
        (a @ [0, minor, _], [0, other, _]) => (minor == other).then_some(a),
        (a @ [major, ..], [other, ..]) => (major == other).then_some(a),
    }
}

/// What a component imports.
#[derive(Debug)]
pub struct Import {
    pub place: Place,
    pub ty: FunctionType,
}

/// What a host defines.
#[derive(Clone, Debug)]
pub struct Definition {
    pub place: Place,
    /// What it says about its type.
    pub ty: Option<FunctionType>,
}

impl Definition {
    pub fn path(&self) -> String {
        match &self.ty {
            Some(ty) => format!("{}: {ty}", self.place.path()),
            None => self.place.path(),
        }
    }
}

/// What a component imports, each place once.
pub fn imports(random: &mut Random<'_>) -> Vec<Import> {
    let mut imports: Vec<Import> = Vec::new();
    for _ in 0..=random.below(4) {
        let (place, ty) = match imports.last() {
            Some(last) if random.below(3) > 0 => {
                let place = last.place.near(random);
                (place, near(&last.ty, random))
            }
            _ => (Place::random(random), function(random)),
        };
        if imports.iter().all(|it| it.place != place) {
            imports.push(Import { place, ty });
        }
    }
    imports
}

/// What a host defines for a component, or beside it, each place once.
pub fn definitions(imports: &[Import], random: &mut Random<'_>) -> Vec<Definition> {
    let mut all: Vec<Definition> = Vec::new();
    let count = imports.len() + random.below(3);
    for i in 0..count {
        let import = match imports.get(i) {
            Some(import) => import,
            None => &imports[random.below(imports.len())],
        };
        let place = match random.below(4) {
            0 => import.place.near(random),
            1 if random.below(4) == 0 => Place::random(random),
            _ => import.place.clone(),
        };
        let ty = match random.below(8) {
            0 => None,
            1 => Some(near(&import.ty, random)),
            _ => Some(import.ty.clone()),
        };
        if all.iter().all(|it| it.place != place) {
            all.push(Definition { place, ty });
        }
    }
    all
}

fn function(random: &mut Random<'_>) -> FunctionType {
    let params = (0..random.below(3)).map(|i| field(&format!("p{i}"), random.ty(2)));
    let params = params.collect();
    FunctionType { params, result: (random.below(2) == 0).then(|| random.ty(1)) }
}

/// The same type, or one that differs little.
fn near(ty: &FunctionType, random: &mut Random<'_>) -> FunctionType {
    let mut near = ty.clone();
    match random.below(6) {
        0 => near.result = ty.result.as_ref().map(|ty| other(ty, random)),
        1 => near.result = (near.result.is_none()).then(|| random.ty(1)),
        2 => near.params.push(field(&format!("more{}", ty.params.len()), random.ty(1))),
        3 if !near.params.is_empty() => {
            let i = random.below(near.params.len());
            near.params[i].ty = other(&near.params[i].ty, random);
        }
        _ => {}
    }
    near
}

/// A type that differs little from `ty`.
fn other(ty: &Type, random: &mut Random<'_>) -> Type {
    match ty {
        Type::U32 | Type::S32 | Type::Char | Type::Bool => {
            [Type::U32, Type::S32, Type::Char, Type::Bool, Type::F32][random.below(5)].clone()
        }
        Type::U64 => Type::S64,
        Type::String => list([Type::U8, Type::U64][random.below(2)].clone()),
        Type::List(element) if random.below(2) == 0 => list(other(element, random)),
        Type::List(_) => Type::String,
        Type::Record(fields) => {
            let mut fields = fields.to_vec();
            match random.below(3) {
                0 => fields[0].name = wasmcell::types::Name::new("renamed"),
                1 => fields[0].ty = other(&fields[0].ty, random),
                _ => return Type::Tuple(fields.into_iter().map(|it| it.ty).collect()),
            }
            Type::Record(fields.into())
        }
        Type::Tuple(types) => {
            let mut types = types.to_vec();
            let i = random.below(types.len());
            types[i] = other(&types[i], random);
            Type::Tuple(types.into())
        }
        ty => option(ty.clone()),
    }
}

/// Which definition serves each import; `None` if the component has to be refused.
pub fn expected(imports: &[Import], definitions: &[Definition]) -> Option<Vec<usize>> {
    let mut first: Vec<Option<&FunctionType>> = vec![None; definitions.len()];
    let serving = imports.iter().map(|import| {
        let fit = |(i, it): (usize, &Definition)| Some((it.place.serves(&import.place)?, i));
        let mut all: Vec<_> = definitions.iter().enumerate().filter_map(fit).collect();
        all.sort();
        let fits = |i: usize| definitions[i].ty.as_ref().is_none_or(|ty| *ty == import.ty);
        let chosen = match all.last()? {
            // The exact one, or none.
            (rank, i) if *rank == [u64::MAX; 6] => fits(*i).then_some(*i)?,
            _ => all.iter().rev().map(|(_, i)| *i).find(|i| fits(*i))?,
        };
        let known = first[chosen].get_or_insert(&import.ty);
        (**known == import.ty).then_some(chosen)
    });
    serving.collect()
}

/// A component with these imports, each of which `run0`, `run1` and so on call, with memory that
/// begins with `bytes`.
pub fn component(imports: &[Import], bytes: &[u8], random: &mut Random<'_>) -> String {
    let mut types = Types::default();
    let spell = |types: &mut Types, ty: &FunctionType| {
        let mut text = String::from("(func");
        for param in &ty.params {
            write!(text, " (param \"{}\" {})", param.name, types.name(&param.ty)).unwrap();
        }
        if let Some(ty) = &ty.result {
            write!(text, " (result {})", types.name(ty)).unwrap();
        }
        text + ")"
    };
    let spelled: Vec<String> = imports.iter().map(|it| spell(&mut types, &it.ty)).collect();
    let count = types.definitions.lines().count();
    let aliases = |depth: usize| -> String {
        (1..=count).map(|n| format!("(alias outer {depth} $t{n} (type $t{n}))")).collect()
    };
    let mut text = format!("(component\n{}", types.definitions);
    let mut outers: Vec<&str> = imports.iter().map(|it| &*it.place.outer).collect();
    outers.sort_unstable();
    outers.dedup();
    for (o, outer) in outers.iter().enumerate() {
        let inside = |inner: Option<&str>| -> String {
            let own = |it: &Import| it.place.outer == **outer && it.place.inner.as_deref() == inner;
            let mine = imports.iter().zip(&spelled).filter(|(it, _)| own(it));
            mine.map(|(it, ty)| format!("(export \"{}\" {ty})", it.place.name)).collect()
        };
        write!(text, "(import \"{outer}\" (instance $o{o} {} {}", aliases(1), inside(None))
            .unwrap();
        let mut inners: Vec<&str> = imports
            .iter()
            .filter(|it| it.place.outer == **outer)
            .filter_map(|it| it.place.inner.as_deref())
            .collect();
        inners.sort_unstable();
        inners.dedup();
        let mut after = String::new();
        for (i, inner) in inners.iter().enumerate() {
            let members = inside(Some(inner));
            write!(text, "(export \"{inner}\" (instance {} {members}))", aliases(2)).unwrap();
            writeln!(after, "(alias export $o{o} \"{inner}\" (instance $o{o}i{i}))").unwrap();
        }
        writeln!(text, "))\n{after}").unwrap();
    }
    let instance = |place: &Place| {
        let o = outers.iter().position(|outer| **outer == place.outer).unwrap();
        let inners = || {
            let mut all: Vec<&str> = imports
                .iter()
                .filter(|it| it.place.outer == place.outer)
                .filter_map(|it| it.place.inner.as_deref())
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        match &place.inner {
            Some(inner) => {
                format!("$o{o}i{}", inners().iter().position(|it| it == inner).unwrap())
            }
            None => format!("$o{o}"),
        }
    };
    text.push_str(&memory(bytes));
    let (mut lowered, mut needs, mut runs, mut with, mut lifted) = Default::default();
    for (k, import) in imports.iter().enumerate() {
        let (params, result) = core(&import.ty);
        let name = import.place.name;
        let from = instance(&import.place);
        let options = "(memory $mem) (realloc $realloc)";
        push(
            &mut lowered,
            format!("(core func $l{k} (canon lower (func {from} \"{name}\") {options}))"),
        );
        push(
            &mut needs,
            format!(
                "(import \"\" \"l{k}\" (func $l{k} {}{}))",
                group("param", &params),
                group("result", &result)
            ),
        );
        let args: String = params.iter().map(|ty| format!("{} ", constant(ty, random))).collect();
        let drop = if result.is_empty() { "" } else { "drop" };
        push(&mut runs, format!("(func (export \"run{k}\") {args} call $l{k} {drop})"));
        push(&mut with, format!("(export \"l{k}\" (func $l{k}))"));
        push(
            &mut lifted,
            format!("(func (export \"run{k}\") (canon lift (core func $i \"run{k}\")))"),
        );
    }
    write!(
        text,
        "{lowered}(core module $m\n{needs}{runs})\n\
         (core instance $i (instantiate $m (with \"\" (instance {with}))))\n{lifted})"
    )
    .unwrap();
    text
}

fn push(text: &mut String, line: String) {
    text.push_str(&line);
    text.push('\n');
}

fn memory(bytes: &[u8]) -> String {
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(core module $memory-m (memory (export "memory") 2) (data (i32.const 0) "{data}")
            (global $next (mut i32) (i32.const 65536))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                local.get $at))
        (core instance $memory (instantiate $memory-m))
        (alias core export $memory "memory" (core memory $mem))
        (alias core export $memory "realloc" (core func $realloc))
        "#
    )
}

/// What the core function of a type takes and gives.
fn core(ty: &FunctionType) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut params: Vec<&str> = ty.params.iter().flat_map(|param| flat(&param.ty)).collect();
    if params.len() > 16 {
        params = vec!["i32"];
    }
    let mut result = ty.result.as_ref().map(flat).unwrap_or_default();
    if result.len() > 1 {
        params.push("i32");
        result.clear();
    }
    (params, result)
}

fn group(what: &str, types: &[&str]) -> String {
    match types.is_empty() {
        true => String::new(),
        false => format!("({what} {}) ", types.join(" ")),
    }
}

/// A small number, so that many are lengths, cases and places in memory.
fn constant(ty: &str, random: &mut Random<'_>) -> String {
    let number = [0, 1, 2, 3, 8, 16, 64, 1024][random.below(8)];
    format!("({ty}.const {number})")
}
