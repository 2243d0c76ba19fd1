//! Every way to be wrong has a code and a message that names the place.

use std::ptr;

use super::*;
use crate::error::Code;
use crate::marshal::handles::NoHandles;

#[track_caller]
fn refused(value: runtime_value_t, ty: &Type, code: Code, message: &str) {
    let error = lower_error(value, ty);
    assert_eq!((error.code(), error.message()), (code, message));
    // What cannot be copied, or read from a copy, has the same problem.
    // SAFETY: the helpers build values of live slices.
    let error = match unsafe { copy_results(&[value], &function(ty.clone())) } {
        Err(error) => error,
        Ok(copy) => lower_error(copy.results.values()[0], ty),
    };
    let place = error.message().replacen("`result", "parameter `p", 1);
    assert_eq!((error.code(), &*place), (code, message), "a copy");
}

#[track_caller]
fn mismatch(value: runtime_value_t, ty: &Type, message: &str) {
    refused(value, ty, Code::TypeMismatch, message);
}

#[track_caller]
fn invalid(value: runtime_value_t, ty: &Type, message: &str) {
    refused(value, ty, Code::InvalidArgument, message);
}

#[test]
fn wrong_number_of_arguments() {
    let params = vec![field("a", Type::U32), field("b", Type::String)];
    let ty = FunctionType { params, result: None };
    let one = u32_value(1);
    // SAFETY: numbers point nowhere.
    let error =
        |args: &[runtime_value_t]| unsafe { lower_args(args, &ty, &mut NoHandles) }.unwrap_err();
    let few = error(&[one]);
    assert_eq!(few.code(), Code::TypeMismatch);
    assert_eq!(few.message(), "parameter `b`: no argument; expected 2 arguments, found 1");
    let none = error(&[]);
    assert_eq!(none.message(), "parameter `a`: no argument; expected 2 arguments, found 0");
    let many = error(&[one, one, one]);
    assert_eq!(many.code(), Code::TypeMismatch);
    assert_eq!(many.message(), "too many arguments: expected 2 arguments, found 3");
}

#[test]
fn wrong_kind() {
    mismatch(u32_value(1), &Type::String, "parameter `p`: expected string, found u32");
    mismatch(string_of(b"x"), &Type::U32, "parameter `p`: expected u32, found string");
    mismatch(
        flat_list(Kind::U8, b"x"),
        &Type::Bool,
        "parameter `p`: expected bool, found list<u8>",
    );
    mismatch(list_of(&[]), &Type::Bool, "parameter `p`: expected bool, found list");
    mismatch(
        flat_list(Kind::U8, b"x"),
        &list(Type::U16),
        "parameter `p`: expected list<u16>, found list<u8>",
    );
    mismatch(
        flat_list(Kind::U8, b"x"),
        &list(Type::String),
        "parameter `p`: expected list<string>, found list<u8>",
    );
    let fields = [u32_value(1)];
    mismatch(
        members(Kind::Tuple, &fields),
        &record([("x", Type::U32)]),
        "parameter `p`: expected record { x: u32 }, found tuple",
    );
}

#[test]
fn the_path_names_the_place() {
    let inner = [u32_value(0), u32_value(1), u32_value(2), string_of(b"x")];
    let fields = [list_of(&inner)];
    let of_list = record([("x", list(Type::U32))]);
    mismatch(
        members(Kind::Record, &fields),
        &of_list,
        "parameter `p.x[3]`: expected u32, found string",
    );

    let wrong = string_of(b"x");
    let payload = in_case(Kind::Option, 1, Some(&wrong));
    let failed = in_case(Kind::Result, 1, Some(&payload));
    let chosen = in_case(Kind::Variant, 1, Some(&failed));
    let pair = [u32_value(1), chosen];
    let it = variant([("a", None), ("b", Some(result(None, Some(option(Type::Char)))))]);
    mismatch(
        members(Kind::Tuple, &pair),
        &Type::Tuple([Type::U32, it].into()),
        "parameter `p.1.b.err.some`: expected char, found string",
    );
}

#[test]
fn wrong_headers() {
    let zeroed = runtime_value_t { kind: 0, ..u32_value(1) };
    invalid(zeroed, &Type::U32, "parameter `p`: 0 is not a kind of value");
    let unknown = runtime_value_t { kind: 77, ..u32_value(1) };
    invalid(unknown, &Type::U32, "parameter `p`: 77 is not a kind of value");
    let reserved = runtime_value_t { reserved: 5, ..u32_value(1) };
    invalid(reserved, &Type::U32, "parameter `p`: `reserved` is 5 instead of 0");
    let element = runtime_value_t { element: 3, ..u32_value(1) };
    invalid(element, &Type::U32, "parameter `p`: `element` of a u32 is 3");
    let index = runtime_value_t { index: 1, ..u32_value(1) };
    invalid(index, &Type::U32, "parameter `p`: `index` of a u32 is 1");
    let element = runtime_value_t { element: 200, ..list_of(&[]) };
    invalid(element, &list(Type::U8), "parameter `p`: `element` 200 is not a kind of value");
    let element = runtime_value_t { element: Kind::String as u8, ..list_of(&[]) };
    invalid(
        element,
        &list(Type::String),
        "parameter `p`: a list of string is an array of values, with `element` 0",
    );
}

#[test]
fn wrong_scalars() {
    let of = runtime_value_of_t { boolean: 2 };
    invalid(value(Kind::Bool, of), &Type::Bool, "parameter `p`: a bool is 0 or 1, not 2");
    let it = flat_list(Kind::Bool, &[1_u8, 0, 255]);
    invalid(it, &list(Type::Bool), "parameter `p[2]`: a bool is 0 or 1, not 255");
    for character in [0xD800, 0xDFFF, 0x11_0000, u32::MAX] {
        let message = format!("`p`: U+{character:04X} is not a Unicode scalar value");
        let of = runtime_value_of_t { character };
        invalid(value(Kind::Char, of), &Type::Char, &format!("parameter {message}"));
        let message = message.replace('p', "p[1]");
        let both = [0x61, character];
        let it = flat_list(Kind::Char, &both);
        invalid(it, &list(Type::Char), &format!("parameter {message}"));
    }
}

#[test]
fn wrong_text() {
    let it = string_of(b"ab\xFFc");
    let message = "parameter `p`: not UTF-8: invalid byte at offset 2";
    invalid(it, &Type::String, message);
    // A surrogate, encoded as if it were a character.
    let it = string_of(b"\xED\xA0\x80");
    invalid(it, &Type::String, "parameter `p`: not UTF-8: invalid byte at offset 0");
    let texts = [string_of(b"fine"), string_of(b"cut \xC3")];
    let message = "parameter `p[1]`: not UTF-8: invalid byte at offset 4";
    invalid(list_of(&texts), &list(Type::String), message);
}

#[test]
fn null_with_a_length() {
    for len in [1, u32::MAX as usize, usize::MAX] {
        let message = format!("parameter `p`: NULL with length {len}");
        let of = runtime_value_of_t { string: runtime_string_t { ptr: ptr::null(), len } };
        invalid(value(Kind::String, of), &Type::String, &message);
        let of = runtime_value_of_t { list: runtime_list_t { ptr: ptr::null(), len } };
        invalid(value(Kind::List, of), &list(Type::String), &message);
        let flat = runtime_value_t { element: Kind::U64 as u8, ..value(Kind::List, of) };
        invalid(flat, &list(Type::U64), &message);
    }
    let of = runtime_value_of_t { values: runtime_slice_t { ptr: ptr::null(), len: 1 } };
    let ty = record([("x", Type::U32)]);
    invalid(value(Kind::Record, of), &ty, "parameter `p`: NULL with length 1");
    let of = runtime_value_of_t { flags: runtime_flags_t { ptr: ptr::null(), len: 1 } };
    invalid(value(Kind::Flags, of), &flags(3), "parameter `p`: NULL with length 1");
}

#[test]
fn lengths_that_no_guest_can_hold() {
    let word = 0_u64;
    for len in [usize::MAX, usize::MAX / 8, isize::MAX as usize, u32::MAX as usize + 1] {
        let message = format!("parameter `p`: length {len} is more than a guest can hold");
        let list_of = runtime_list_t { ptr: (&raw const word).cast(), len };
        let of = runtime_value_of_t { list: list_of };
        let flat = runtime_value_t { element: Kind::U64 as u8, ..value(Kind::List, of) };
        invalid(flat, &list(Type::U64), &message);
        invalid(value(Kind::List, of), &list(Type::String), &message);
        let string = runtime_string_t { ptr: (&raw const word).cast(), len };
        let of = runtime_value_of_t { string };
        invalid(value(Kind::String, of), &Type::String, &message);
    }
}

#[test]
fn misaligned_pointers() {
    let words = [0_u64; 4];
    let odd = words.as_ptr().cast::<u8>().wrapping_add(1);
    let of = runtime_value_of_t { list: runtime_list_t { ptr: odd.cast(), len: 1 } };
    let flat = runtime_value_t { element: Kind::U16 as u8, ..value(Kind::List, of) };
    let message = format!("parameter `p`: {odd:p} is not aligned for its elements");
    invalid(flat, &list(Type::U16), &message);
    invalid(value(Kind::List, of), &list(Type::String), &message);
    let of = runtime_value_of_t { payload: odd.cast() };
    let it = runtime_value_t { index: 1, ..value(Kind::Option, of) };
    let message = message.replace("`p`", "`p.some`");
    invalid(it, &option(Type::U8), &message);
}

#[test]
fn wrong_number_of_fields() {
    let fields = [u32_value(1), u32_value(2), u32_value(3)];
    let ty = record([("x", Type::U32), ("y", Type::U32)]);
    let it = members(Kind::Record, &fields);
    mismatch(it, &ty, "parameter `p`: expected 2 fields, found 3");
    let it = members(Kind::Record, &[]);
    mismatch(it, &ty, "parameter `p`: expected 2 fields, found 0");
    let it = members(Kind::Tuple, &fields[..1]);
    let ty = Type::Tuple([Type::U32, Type::U32].into());
    mismatch(it, &ty, "parameter `p`: expected 2 fields, found 1");
}

#[test]
fn wrong_cases() {
    let one = u32_value(1);
    let ty = variant([("a", None), ("b", Some(Type::U32))]);
    invalid(
        in_case(Kind::Variant, 2, None),
        &ty,
        "parameter `p`: `index` 2 is none of the 2 cases of the variant",
    );
    invalid(
        in_case(Kind::Variant, 0, Some(&one)),
        &ty,
        "parameter `p`: case `a` carries nothing, but `payload` is set",
    );
    invalid(
        in_case(Kind::Variant, 1, None),
        &ty,
        "parameter `p.b`: `payload` is NULL instead of u32",
    );
    for (kind, ty) in [
        (Kind::Enum, enumeration(2)),
        (Kind::Option, option(Type::U8)),
        (Kind::Result, result(None, None)),
    ] {
        let (index, name) = (u32::MAX, kind.name());
        let message = format!("`index` {index} is none of the 2 cases of the {name}");
        invalid(in_case(kind, index, None), &ty, &format!("parameter `p`: {message}"));
    }
    invalid(
        in_case(Kind::Option, 0, Some(&one)),
        &option(Type::U32),
        "parameter `p`: case `none` carries nothing, but `payload` is set",
    );
    invalid(
        in_case(Kind::Result, 0, None),
        &result(Some(Type::U32), None),
        "parameter `p.ok`: `payload` is NULL instead of u32",
    );
}

#[test]
fn wrong_flags() {
    let message = "parameter `p`: flag 3 is set, of only 3 flags";
    invalid(flags_of(&[0b1001]), &flags(3), message);
    let message = "parameter `p`: 2 words for 3 flags; at most 1";
    invalid(flags_of(&[0, 0]), &flags(3), message);
    let message = "parameter `p`: flag 39 is set, of only 33 flags";
    invalid(flags_of(&[0, 1 << 7]), &flags(33), message);
}

#[test]
fn types_that_cannot_be_passed() {
    let of = runtime_value_of_t { resource: 1 };
    let ty = Type::Unsupported("stream");
    let message = "parameter `p`: values of type stream cannot be passed yet";
    refused(value(Kind::Unsupported, of), &ty, Code::Unsupported, message);
    let error = lift_results(&[Value::U8(1)], &function(ty), &[]).unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert!(error.message().contains("stream"), "{error}");
}

#[test]
fn resources_belong_to_an_instance() {
    let of = runtime_value_of_t { resource: 1 };
    let message = "parameter `p`: `resource`: 0x1 is of no instance: the call makes a fresh one";
    for (kind, ty) in [(Kind::Own, Type::Own(thing())), (Kind::Borrow, Type::Borrow(thing()))] {
        invalid(value(kind, of), &ty, message);
        let name = if kind == Kind::Own { "own<thing>" } else { "borrow<thing>" };
        let message = format!("parameter `p`: expected {name}, found u32");
        mismatch(u32_value(1), &ty, &message);
    }
}

#[test]
fn long_types_and_names_are_cut() {
    // Miri would take minutes to make up so many names.
    let count = if cfg!(miri) { 300 } else { 10_000 };
    let error = lower_error(u32_value(1), &enumeration(count));
    assert!(error.message().len() < 300, "{error}");
    assert!(error.message().ends_with("…, found u32"), "{error}");
}

#[test]
fn results_of_another_type_are_errors() {
    let it = Value::List(vec![Value::U8(1), Value::U16(1)]);
    let error = lift_results(&[it], &function(list(Type::U8)), &[]).unwrap_err();
    assert_eq!(error.message(), "`result[1]`: expected u8, found u16");
    let error = lift_results(&[], &function(Type::U8), &[]).unwrap_err();
    assert_eq!(error.message(), "`result`: expected 1 results, found 0");
    let it = Value::Enum("nowhere".into());
    let error = lift_results(&[it], &function(enumeration(2)), &[]).unwrap_err();
    assert!(error.message().ends_with("found `nowhere`"), "{error}");
}
