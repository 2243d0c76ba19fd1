//! Short components that declare a lot.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::*;
use crate::error::{Code, Result};

/// What the instance `a:b/c` has that a component imports, which `members` declares.
fn import(members: &str, max_names_size: u64) -> Result<ComponentTypes> {
    let engine = Engine::default();
    let wat = format!(r#"(component (import "a:b/c" (instance {members})))"#);
    let component = Component::new(&engine, wat).unwrap();
    ComponentTypes::of(&engine, &component, max_names_size)
}

/// A function `f` whose parameter is a tree of 2^`doublings` times `leaf`, over `combine`, which
/// makes a type of two.
fn doubled(leaf: &str, doublings: usize, combine: fn(&str) -> String) -> FunctionType {
    let mut members = format!(r#"(type $leaf {leaf}) (export "t" (type $t0 (eq $leaf)))"#);
    for i in 0..doublings {
        members.push_str(&format!("(type $t{} {})", i + 1, combine(&format!("$t{i}"))));
    }
    members.push_str(&format!(r#"(export "f" (func (param "x" $t{doublings})))"#));
    let types = import(&members, 1 << 20).unwrap();
    match &types.imports[1].ty {
        Some(Type::Function(ty)) => FunctionType::clone(ty),
        other => panic!("{other:?}"),
    }
}

const COMBINED: [fn(&str) -> String; 4] = [
    |ty| format!("(tuple {ty} {ty})"),
    |ty| format!("(result {ty} (error {ty}))"),
    |ty| format!("(tuple (list {ty}) (option {ty}))"),
    |ty| format!("(tuple {ty} {ty} {ty})"),
];

/// Different parts that a type is made of, by where they are.
fn parts(ty: &Type, found: &mut HashSet<*const u8>) {
    let address = match ty {
        Type::List(part) | Type::Option(part) => Arc::as_ptr(part).cast(),
        Type::Tuple(parts) => Arc::as_ptr(parts).cast(),
        Type::Result(parts) => Arc::as_ptr(parts).cast(),
        _ => return,
    };
    if found.insert(address) {
        (0..ty.len()).filter_map(|i| ty.child(i)).for_each(|ty| parts(ty, found));
    }
}

/// 2^18 leaves are far fewer parts. Where wasmtime's debug output did not tell its types apart any
/// more, this would be as many.
#[test]
fn what_stands_in_many_places_is_read_once() {
    for (combine, doublings) in COMBINED.into_iter().zip([18, 18, 13, 11]) {
        let ty = doubled(r#"(flags "a" "b")"#, doublings, combine);
        let mut found = HashSet::new();
        parts(&ty.params[0].ty, &mut found);
        assert!(found.len() < 8500, "{}", found.len());
    }
}

/// The names of an enum that stands in many places are there once, and so are those of parameters.
#[test]
fn names_do_not_multiply() {
    let name = "n".repeat(50_000);
    let ty = doubled(&format!(r#"(enum "{name}")"#), 12, COMBINED[0]);
    let mut leaf = &ty.params[0].ty;
    while let Some(child) = leaf.child(0) {
        leaf = child;
    }
    let Type::Enum(names) = leaf else { panic!("{leaf}") };
    assert!(Arc::strong_count(names) > 1000);

    let functions: String =
        (0..100).map(|i| format!(r#"(export "f{i}" (func (type $f)))"#)).collect();
    let members = format!(r#"(type $f (func (param "{name}" u8))) {functions}"#);
    let types = import(&members, 1 << 20).unwrap();
    let signature = |item: &Item| match &item.ty {
        Some(Type::Function(ty)) => Arc::as_ptr(ty),
        other => panic!("{other:?}"),
    };
    let first = signature(&types.imports[0]);
    assert!(types.imports.len() == 100 && types.imports.iter().all(|it| signature(it) == first));
}

/// As trees, these would be walked for hours.
#[test]
fn no_walk_is_one_over_a_tree() {
    let start = Instant::now();
    let names: String = (0..2000).map(|i| format!(r#""n{i}" "#)).collect();
    let one = doubled(&format!("(enum {names})"), 10, COMBINED[0]);
    let two = doubled(&format!("(enum {names})"), 10, COMBINED[0]);
    let more = |ty: &FunctionType| {
        let mut ty = ty.params[0].ty.clone();
        for _ in 0..60 {
            ty = Type::Result(Arc::new(ResultType { ok: Some(ty.clone()), err: Some(ty) }));
        }
        ty
    };
    let (one, two) = (more(&one), more(&two));
    assert!(!one.has_resources() && one == two && one == one.clone());
    let other = Type::Option(Arc::new(one.clone()));
    assert!(one != other && Type::Option(Arc::new(two)) == other);
    assert_eq!(format!("{one:?}").len(), MAX_TEXT + "…".len());
    drop((one, other));
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn all_names_together_have_a_limit() {
    // a:b/c#f0: eight bytes each.
    let members: String = (0..10).map(|i| format!(r#"(export "f{i}" (func))"#)).collect();
    assert_eq!(import(&members, 80).unwrap().imports.len(), 10);
    let error = import(&members, 79).unwrap_err();
    assert_eq!(error.code(), Code::ResourceLimit);
    assert!(error.message().ends_with("have 80 bytes; `max_names_size` is 79"), "{error}");
}

/// 2^16 functions, by interfaces in interfaces whose names are long.
#[test]
fn names_of_interfaces_in_interfaces_are_counted_too() {
    let mut members = String::from(r#"(type $i0 (instance (export "f" (func))))"#);
    let long = "n".repeat(1000);
    for i in 0..16 {
        members.push_str(&format!(
            r#"(type $i{} (instance (alias outer 1 $i{i} (type $t))
               (export "a{long}" (instance (type $t))) (export "b" (instance (type $t)))))"#,
            i + 1,
        ));
    }
    members.push_str(r#"(export "d" (instance (type $i16)))"#);
    let error = import(&members, 4 << 20).unwrap_err();
    assert!(error.message().contains("have 526974976 bytes"), "{error}");
    let types = import(&members, 1 << 30).unwrap();
    assert_eq!(types.imports.len(), 1 << 16);
    assert!(types.imports[1 << 15].name.as_str().starts_with("a:b/c#d#b#annn"));
}
