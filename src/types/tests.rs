//! Names, the shape of types, and what is read out of components.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::*;

fn types_of(wat: &str) -> ComponentTypes {
    let engine = Engine::default();
    let component = Component::new(&engine, wat).unwrap();
    ComponentTypes::of(&engine, &component, 4 << 20).unwrap()
}

/// The import `name` as WIT.
#[track_caller]
fn spelled(types: &ComponentTypes, name: &str) -> String {
    let item = types.imports.iter().find(|item| item.name.as_str() == name).unwrap();
    item.ty.as_ref().unwrap().to_string()
}

#[test]
fn kinds_have_stable_numbers() {
    let numbers: Vec<u8> = Kind::ALL.iter().map(|kind| *kind as u8).collect();
    assert_eq!(numbers, (1..=23).chain(32..=33).collect::<Vec<u8>>());
    for kind in Kind::ALL {
        assert_eq!(Kind::from_number(kind as u8), Some(kind));
    }
    for number in [0, 24, 31, 34, 255] {
        assert_eq!(Kind::from_number(number), None);
    }
    assert_eq!(Kind::ALL.iter().filter(|kind| kind.is_flat()).count(), 12);
}

const SCALARS: &str = "bool s8 u8 s16 u16 s32 u32 s64 u64 f32 f64 char string";

#[test]
fn scalars_are_spelled_as_in_wit() {
    for name in SCALARS.split(' ') {
        let wat = format!(r#"(component (import "f" (func (param "p" {name}))))"#);
        let types = types_of(&wat);
        assert_eq!(spelled(&types, "f"), format!("func(p: {name})"));
        let param = types.imports[0].ty.as_ref().unwrap().child(0).unwrap();
        assert_eq!((param.kind().name(), param.len()), (name, 0));
        assert!(param.is_empty() && param.child(0).is_none() && param.child_name(0).is_none());
    }
}

const INTERFACE: &str = r#"(component
    (import "a:b/c@1.0.0" (instance
        (type $point (record (field "x" u32) (field "label" (option string))))
        (export "point" (type $point-e (eq $point)))
        (type $shape (variant (case "none") (case "at" $point-e)))
        (export "shape" (type $shape-e (eq $shape)))
        (type $colour (enum "red" "green"))
        (export "colour" (type $colour-e (eq $colour)))
        (type $rights (flags "read" "write"))
        (export "rights" (type $rights-e (eq $rights)))
        (export "thing" (type $thing (sub resource)))
        (export "draw" (func (param "shape" $shape-e) (param "in" $colour-e)
            (result (result $point-e (error $rights-e)))))
        (export "nothing" (func))
        (export "[method]thing.use" (func (param "self" (borrow $thing)) (result (own $thing))))
        (export "pair" (func (param "p" (tuple u8 (list char))) (result (result))))
        (export "half" (func (param "p" (result (error string))) (result (result u8))))
    ))
    (import "plain" (func (param "s" string) (result string)))
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func $go (canon lift (core func $i "f")))
    (export "go" (func $go))
    (instance $inner (export "go" (func $go)))
    (export "x:y/z@0.1.0" (instance $inner))
)"#;

#[test]
fn interfaces_are_flattened_in_order() {
    let types = types_of(INTERFACE);
    let names: Vec<_> = types.imports.iter().map(|it| (it.name.as_str(), it.kind)).collect();
    let inside = |name: &str| names.iter().find(|it| it.0 == format!("a:b/c@1.0.0#{name}"));
    assert_eq!(names.len(), 11);
    assert_eq!(names[0], ("a:b/c@1.0.0#point", ItemKind::Type));
    assert_eq!(names[10], ("plain", ItemKind::Function));
    assert_eq!(inside("thing").unwrap().1, ItemKind::Resource);
    assert_eq!(inside("draw").unwrap().1, ItemKind::Function);
    assert_eq!(types.exports.len(), 2);
    for name in ["go", "x:y/z@0.1.0#go"] {
        let go = types.export(name).unwrap();
        assert_eq!(go.ty.as_ref().unwrap().to_string(), "func()");
    }
    assert!(types.export("plain").is_none());
}

#[test]
fn types_are_spelled_as_in_wit() {
    let types = types_of(INTERFACE);
    let point = "record { x: u32, label: option<string> }";
    let shape = format!("variant {{ none, at({point}) }}");
    let (colour, rights) = ("enum { red, green }", "flags { read, write }");
    for (name, wanted) in [
        ("point", point.to_owned()),
        ("shape", shape.clone()),
        ("colour", colour.to_owned()),
        ("rights", rights.to_owned()),
        ("draw", format!("func(shape: {shape}, in: {colour}) -> result<{point}, {rights}>")),
        ("nothing", "func()".to_owned()),
        ("[method]thing.use", "func(self: borrow<thing>) -> own<thing>".to_owned()),
        ("pair", "func(p: tuple<u8, list<char>>) -> result".to_owned()),
        ("half", "func(p: result<_, string>) -> result<u8>".to_owned()),
    ] {
        assert_eq!(spelled(&types, &format!("a:b/c@1.0.0#{name}")), wanted);
    }
}

#[test]
fn children_have_names_and_types() {
    let types = types_of(INTERFACE);
    let draw = types.imports.iter().find(|it| it.name.as_str().ends_with("#draw")).unwrap();
    let draw = draw.ty.as_ref().unwrap();
    assert_eq!((draw.kind(), draw.len()), (Kind::Function, 2));
    assert_eq!(draw.child_name(1).map(Name::as_str), Some("in"));
    let shape = draw.child(0).unwrap();
    assert_eq!((shape.kind(), shape.len()), (Kind::Variant, 2));
    assert_eq!(shape.child_name(1).map(Name::as_str), Some("at"));
    assert!(shape.child(0).is_none());
    let point = shape.child(1).unwrap();
    assert_eq!((point.kind(), point.len()), (Kind::Record, 2));
    let label = point.child(1).unwrap();
    assert_eq!((label.kind(), label.len()), (Kind::Option, 1));
    assert_eq!(label.child(0), Some(&Type::String));
    let result = draw.result().unwrap();
    assert_eq!((result.kind(), result.len()), (Kind::Result, 2));
    assert_eq!(result.child_name(0).map(Name::as_str), Some("ok"));
    assert_eq!(result.child_name(1).map(Name::as_str), Some("err"));
    assert_eq!(result.child(1).unwrap().kind(), Kind::Flags);
    for ty in [draw, shape, point, label, result] {
        assert!(ty.child(usize::MAX).is_none() && ty.child_name(2).is_none());
    }
    assert!(shape.result().is_none());
}

#[test]
fn resources_know_where_they_come_from() {
    let types = types_of(INTERFACE);
    let it = types.imports.iter().find(|it| it.name.as_str().ends_with("thing.use")).unwrap();
    let ty = it.ty.as_ref().unwrap();
    let (Some(Type::Borrow(borrowed)), Some(Type::Own(owned))) = (ty.child(0), ty.result()) else {
        panic!("{ty}");
    };
    assert_eq!(borrowed, owned);
    assert_eq!(borrowed.name().as_str(), "a:b/c@1.0.0#thing");
}

/// Far more text than there is memory for, by a branch that stands in many places.
#[test]
fn the_text_of_a_type_ends_at_its_bound() {
    let name = Name::new(&"n".repeat(99_000));
    let mut ty = Type::Record([Field { name, ty: Type::U8 }].into());
    assert_eq!(ty.to_string().len(), MAX_TEXT + "…".len());
    for _ in 0..60 {
        ty = Type::Tuple([ty.clone(), ty].into());
    }
    let text = ty.to_string();
    assert!(text.starts_with("tuple<tuple<tuple<") && text.ends_with("nnn…"));
    assert_eq!(text.len(), MAX_TEXT + "…".len());
    assert_eq!(brief(&ty).len(), 120 + "…".len());
    let function = FunctionType { params: Vec::new(), result: Some(ty) };
    assert_eq!(function.to_string().len(), MAX_TEXT + "…".len());
}

#[test]
fn types_may_be_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<ComponentTypes>();
}
