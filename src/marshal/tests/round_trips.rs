//! Whatever is lifted and lowered again is what it was.

use super::random::Random;
use super::*;

fn round_trip(value: Value, ty: &Type) {
    let results = lift(value.clone(), ty);
    assert_eq!(lower(results.values()[0], ty).unwrap(), value, "{ty}");
    // SAFETY: `results` owns all that its values point to.
    let copy = unsafe { copy_results(results.values(), &function(ty.clone())).unwrap() };
    drop(results);
    assert_eq!(lower(copy.results.values()[0], ty).unwrap(), value, "a copy of {ty}");
}

#[test]
fn scalars() {
    for it in [false, true] {
        round_trip(Value::Bool(it), &Type::Bool);
    }
    round_trip(Value::S8(i8::MIN), &Type::S8);
    round_trip(Value::U8(u8::MAX), &Type::U8);
    round_trip(Value::S16(i16::MIN), &Type::S16);
    round_trip(Value::U16(u16::MAX), &Type::U16);
    round_trip(Value::S32(i32::MIN), &Type::S32);
    round_trip(Value::U32(u32::MAX), &Type::U32);
    round_trip(Value::S64(i64::MIN), &Type::S64);
    round_trip(Value::U64(u64::MAX), &Type::U64);
    round_trip(Value::Float32(-0.0), &Type::F32);
    round_trip(Value::Float64(f64::MIN_POSITIVE), &Type::F64);
    for it in ['a', '\0', '\u{D7FF}', '\u{E000}', char::MAX] {
        round_trip(Value::Char(it), &Type::Char);
    }
}

#[test]
fn the_bits_of_a_nan_survive() {
    let bits = 0x7ff8_dead_beef_0001;
    let results = lift(Value::Float64(f64::from_bits(bits)), &Type::F64);
    match lower(results.values()[0], &Type::F64).unwrap() {
        Value::Float64(it) => assert_eq!(it.to_bits(), bits),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts() {
    for it in ["", "a", "nul\0inside", "Grüße, 世界 🦀", &"x".repeat(100_000)] {
        round_trip(text(it), &Type::String);
    }
}

#[test]
fn lists() {
    round_trip(Value::List(vec![]), &list(Type::U8));
    round_trip(Value::List(vec![]), &list(Type::String));
    round_trip(Value::List(vec![Value::Bool(true), Value::Bool(false)]), &list(Type::Bool));
    round_trip(Value::List((0..=255).map(Value::U8).collect()), &list(Type::U8));
    round_trip(Value::List(vec![Value::S8(-1)]), &list(Type::S8));
    round_trip(Value::List(vec![Value::S16(-1), Value::S16(2)]), &list(Type::S16));
    round_trip(Value::List(vec![Value::U16(7); 3]), &list(Type::U16));
    round_trip(Value::List(vec![Value::S32(-7); 3]), &list(Type::S32));
    round_trip(Value::List(vec![Value::U32(7); 3]), &list(Type::U32));
    round_trip(Value::List(vec![Value::S64(i64::MIN); 3]), &list(Type::S64));
    round_trip(Value::List(vec![Value::U64(u64::MAX); 3]), &list(Type::U64));
    round_trip(Value::List(vec![Value::Float32(0.5); 3]), &list(Type::F32));
    round_trip(Value::List(vec![Value::Float64(0.1); 1000]), &list(Type::F64));
    round_trip(Value::List(vec![Value::Char('ß'), Value::Char('🦀')]), &list(Type::Char));
    round_trip(Value::List(vec![text("a"), text(""), text("c")]), &list(Type::String));
    let rows = Value::List(vec![Value::List(vec![Value::U8(1)]), Value::List(vec![])]);
    round_trip(rows, &list(list(Type::U8)));
}

#[test]
fn records_and_tuples() {
    let ty = record([("x", Type::S32), ("name", Type::String), ("set", flags(3))]);
    let it = Value::Record(vec![
        ("x".into(), Value::S32(-3)),
        ("name".into(), text("n")),
        ("set".into(), Value::Flags(vec!["f0".into(), "f2".into()])),
    ]);
    round_trip(it.clone(), &ty);
    let pair = Type::Tuple([ty, Type::Char].into());
    round_trip(Value::Tuple(vec![it, Value::Char('z')]), &pair);
}

#[test]
fn cases() {
    let ty = variant([("none", None), ("number", Some(Type::U64)), ("text", Some(Type::String))]);
    round_trip(Value::Variant("none".into(), None), &ty);
    round_trip(Value::Variant("number".into(), some(Value::U64(9))), &ty);
    round_trip(Value::Variant("text".into(), some(text("t"))), &ty);
    for count in [1, 3, 300] {
        let last = format!("c{}", count - 1);
        round_trip(Value::Enum("c0".into()), &enumeration(count));
        round_trip(Value::List(vec![Value::Enum(last); 9]), &list(enumeration(count)));
    }

    round_trip(Value::Option(None), &option(Type::U8));
    round_trip(Value::Option(some(Value::U8(1))), &option(Type::U8));
    let nested = option(option(Type::Bool));
    round_trip(Value::Option(None), &nested);
    round_trip(Value::Option(some(Value::Option(None))), &nested);
    round_trip(Value::Option(some(Value::Option(some(Value::Bool(true))))), &nested);

    round_trip(Value::Result(Ok(None)), &result(None, None));
    round_trip(Value::Result(Err(None)), &result(None, None));
    let both = result(Some(Type::String), Some(enumeration(2)));
    round_trip(Value::Result(Ok(some(text("fine")))), &both);
    round_trip(Value::Result(Err(some(Value::Enum("c1".into())))), &both);
    round_trip(Value::Result(Err(None)), &result(Some(Type::U8), None));
}

#[test]
fn flags_of_any_number() {
    for count in [1, 7, 8, 31, 32, 33, 64, 65, 100] {
        let name = |i: usize| format!("f{i}");
        let ty = flags(count);
        round_trip(Value::Flags(vec![]), &ty);
        round_trip(Value::Flags((0..count).map(name).collect()), &ty);
        round_trip(Value::Flags(vec![name(count - 1)]), &ty);
        round_trip(Value::Flags((0..count).step_by(3).map(name).collect()), &ty);
    }
}

#[test]
fn random_types_and_values() {
    let rounds = if cfg!(miri) { 60 } else { 5_000 };
    let mut random = Random::Seed(42);
    for _ in 0..rounds {
        let ty = random.ty(4);
        let value = random.value(&ty);
        round_trip(value, &ty);
    }
}

#[test]
fn bytes_choose_types_and_values() {
    let bytes: Vec<u8> = (0..=255).rev().collect();
    for start in (0..bytes.len()).step_by(if cfg!(miri) { 40 } else { 1 }) {
        let mut random = Random::Bytes(&bytes[start..]);
        let ty = random.ty(3);
        let value = random.value(&ty);
        round_trip(value, &ty);
    }
    let mut none = Random::Bytes(&[]);
    assert!(none.is_over());
    assert_eq!(none.ty(4), Type::Bool);
    assert_eq!(none.value(&option(list(Type::U8))), Value::Option(None));
}

#[test]
fn random_values_under_other_types_are_refused_or_fit() {
    let rounds = if cfg!(miri) { 60 } else { 5_000 };
    let mut random = Random::Seed(7);
    for _ in 0..rounds {
        let (ty, other) = (random.ty(3), random.ty(3));
        let results = lift(random.value(&ty), &ty);
        // What is accepted has the wanted type: it can be lifted as that type again.
        if let Ok(value) = lower(results.values()[0], &other) {
            round_trip(value, &other);
        }
    }
}

#[test]
fn a_copy_knows_which_resources_it_owns() {
    let handle = |kind, resource| value(kind, runtime_value_of_t { resource });
    let owns = [handle(Kind::Own, 7), handle(Kind::Own, 8)];
    let of = [list_of(&owns), handle(Kind::Borrow, 9)];
    let pair = members(Kind::Tuple, &of);
    let ty = Type::Tuple([list(Type::Own(thing())), Type::Borrow(thing())].into());
    // SAFETY: the values above live on.
    let copy = unsafe { copy_results(&[pair], &function(ty)).unwrap() };
    assert_eq!(copy.owned, [(thing().ty(), 7), (thing().ty(), 8)]);
    let none = FunctionType { params: Vec::new(), result: None };
    // SAFETY: no values point nowhere.
    let copy = unsafe { copy_results(&[], &none).unwrap() };
    assert!(copy.owned.is_empty() && copy.results.values().is_empty());
    // SAFETY: numbers point nowhere.
    let error = unsafe { copy_results(&[u32_value(1)], &none).unwrap_err() };
    assert_eq!(error.message(), "expected 0 results, found 1");
}
