//! What C reads and writes, field by field.

use std::mem::size_of_val;

use super::*;

/// The elements of a list, as C sees them.
fn elements<T: Copy>(list: &runtime_value_t, element: Kind) -> &[T] {
    assert_eq!((list.kind, list.element), (Kind::List as u8, element as u8));
    // SAFETY: `kind` says which field is set, `element` what is there; callers pass results.
    unsafe {
        let list = &list.of.list;
        let ptr = list.ptr.cast::<T>();
        assert!(ptr.is_aligned() && !ptr.is_null());
        std::slice::from_raw_parts(ptr, list.len)
    }
}

#[test]
fn numbers_are_inline_and_the_rest_is_zero() {
    let results = lift(Value::S16(-2), &Type::S16);
    let [value] = results.values() else { panic!("one result") };
    assert_eq!((value.kind, value.element, value.reserved, value.index), (4, 0, 0, 0));
    // SAFETY: the kind was just checked.
    assert_eq!(unsafe { value.of.s16 }, -2);
}

#[test]
fn strings_end_with_nul() {
    for it in ["", "hello", "in\0side"] {
        let results = lift(text(it), &Type::String);
        // SAFETY: a string result; the NUL that the header promises is one past `len`.
        let bytes = unsafe {
            let string = results.values()[0].of.string;
            assert_eq!(string.len, it.len());
            std::slice::from_raw_parts(string.ptr.cast::<u8>(), string.len + 1)
        };
        assert_eq!(bytes.split_last(), Some((&0, it.as_bytes())));
    }
}

#[test]
fn lists_of_scalars_are_c_arrays() {
    let doubles = Value::List(vec![Value::Float64(0.5), Value::Float64(-2.0)]);
    let results = lift(doubles, &list(Type::F64));
    assert_eq!(elements::<f64>(&results.values()[0], Kind::F64), [0.5, -2.0]);

    let bools = Value::List(vec![Value::Bool(true), Value::Bool(false)]);
    let results = lift(bools, &list(Type::Bool));
    assert_eq!(elements::<u8>(&results.values()[0], Kind::Bool), [1, 0]);

    let chars = Value::List(vec![Value::Char('a'), Value::Char('🦀')]);
    let results = lift(chars, &list(Type::Char));
    assert_eq!(elements::<u32>(&results.values()[0], Kind::Char), [0x61, 0x1F980]);
}

#[test]
fn everything_in_a_result_is_aligned() {
    let row = record([("a", Type::String), ("b", list(Type::U64)), ("c", list(Type::U16))]);
    let one = |i: usize| {
        Value::Record(vec![
            ("a".into(), text(&"x".repeat(i % 11))),
            ("b".into(), Value::List(vec![Value::U64(i as u64); 1 + i % 3])),
            ("c".into(), Value::List(vec![Value::U16(1); 1 + i % 5])),
        ])
    };
    let results = lift(Value::List((0..100).map(one).collect()), &list(row));
    // SAFETY: the result is a list of records of these three fields.
    unsafe {
        let rows = results.values()[0].of.list;
        let rows = std::slice::from_raw_parts(rows.ptr.cast::<runtime_value_t>(), rows.len);
        for row in rows {
            let fields = std::slice::from_raw_parts(row.of.values.ptr, row.of.values.len);
            elements::<u64>(&fields[1], Kind::U64);
            elements::<u16>(&fields[2], Kind::U16);
        }
    }
}

#[test]
fn cases_have_an_index_and_a_payload() {
    let ty = result(Some(Type::U32), None);
    let results = lift(Value::Result(Ok(some(Value::U32(5)))), &ty);
    let value = results.values()[0];
    // SAFETY: a result in the case `ok`, which carries a u32.
    unsafe {
        assert_eq!((value.kind, value.index, (*value.of.payload).of.u32), (20, 0, 5));
    }
    let results = lift(Value::Result(Err(None)), &ty);
    let value = results.values()[0];
    // SAFETY: a result in the case `err`.
    unsafe { assert!(value.index == 1 && value.of.payload.is_null()) };
}

#[test]
fn flags_are_words() {
    let set = Value::Flags(vec!["f0".into(), "f31".into(), "f33".into()]);
    let results = lift(set, &flags(34));
    // SAFETY: a flags result.
    let words = unsafe {
        let flags = results.values()[0].of.flags;
        std::slice::from_raw_parts(flags.ptr, flags.len)
    };
    assert_eq!(words, [0x8000_0001, 2]);
}

#[test]
fn functions_without_result_have_none() {
    let ty = FunctionType { params: vec![], result: None };
    let results = lift_results(&[], &ty, &[]).unwrap();
    assert!(results.values().is_empty());
    // SAFETY: no values, so nothing to be kept alive.
    assert!(unsafe { lower_args(&[], &ty, &mut NoHandles) }.unwrap().is_empty());
}

#[test]
fn results_may_move_to_another_thread() {
    let results = lift(Value::List(vec![text("a"), text("b")]), &list(Type::String));
    let shared = &results;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || {
                let value = lower(shared.values()[0], &list(Type::String)).unwrap();
                assert_eq!(value, Value::List(vec![text("a"), text("b")]));
            });
        }
    });
    std::thread::spawn(move || drop(results)).join().unwrap();
}

#[test]
fn results_take_memory_in_proportion() {
    let count = if cfg!(miri) { 200 } else { 20_000 };
    let bytes = Value::List(vec![Value::U8(1); 64 * count]);
    assert!(lift(bytes, &list(Type::U8)).size() <= 64 * count + 1024);

    let rows = vec![Value::List(vec![]); count];
    assert!(lift(Value::List(rows), &list(list(Type::U8))).size() <= 24 * count + 1024);

    let texts = vec![text(""); count];
    let most = 3 * count * size_of_val(&texts[0]);
    assert!(lift(Value::List(texts), &list(Type::String)).size() <= most);
}

/// A guest may return a long list of a type with very many cases.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn many_cases_are_found_quickly() {
    let (cases, count) = (10_000, 300_000);
    let ty = list(enumeration(cases));
    let it = Value::List(vec![Value::Enum(format!("c{}", cases - 1)); count]);
    let start = std::time::Instant::now();
    lift(it, &ty);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn empty_arguments_may_be_null() {
    let nothing = runtime_list_t { ptr: std::ptr::null(), len: 0 };
    let of = runtime_value_of_t { list: nothing };
    let empty = value(Kind::List, of);
    assert_eq!(lower(empty, &list(Type::String)).unwrap(), Value::List(vec![]));
    assert_eq!(lower(empty, &list(Type::U8)).unwrap(), Value::List(vec![]));
    let flat = runtime_value_t { element: Kind::U8 as u8, ..empty };
    assert_eq!(lower(flat, &list(Type::U8)).unwrap(), Value::List(vec![]));

    let string = runtime_string_t { ptr: std::ptr::null(), len: 0 };
    let of = runtime_value_of_t { string };
    assert_eq!(lower(value(Kind::String, of), &Type::String).unwrap(), text(""));

    let set = runtime_flags_t { ptr: std::ptr::null(), len: 0 };
    let of = runtime_value_of_t { flags: set };
    assert_eq!(lower(value(Kind::Flags, of), &flags(40)).unwrap(), Value::Flags(vec![]));
}

#[test]
fn lists_of_scalars_may_be_arrays_of_values() {
    let numbers = [u32_value(1), u32_value(2)];
    let wanted = Value::List(vec![Value::U32(1), Value::U32(2)]);
    assert_eq!(lower(list_of(&numbers), &list(Type::U32)).unwrap(), wanted);
    assert_eq!(lower(flat_list(Kind::U32, &[1_u32, 2]), &list(Type::U32)).unwrap(), wanted);
}

#[test]
fn missing_words_are_flags_not_set() {
    let set = lower(flags_of(&[4]), &flags(70)).unwrap();
    assert_eq!(set, Value::Flags(vec!["f2".into()]));
}
