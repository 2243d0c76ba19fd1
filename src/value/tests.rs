//! Text to values and back, and what is said about text that is wrong.

use std::sync::Arc;

use super::*;
use crate::types::{Case, ResultType};

fn field(name: &str, ty: Type) -> Field {
    Field { name: Name::new(name), ty }
}

fn names(names: &str) -> Arc<[Name]> {
    names.split(' ').map(Name::new).collect()
}

fn list(ty: Type) -> Type {
    Type::List(Arc::new(ty))
}

fn option(ty: Type) -> Type {
    Type::Option(Arc::new(ty))
}

fn result(ok: Option<Type>, err: Option<Type>) -> Type {
    Type::Result(Arc::new(ResultType { ok, err }))
}

fn point() -> Type {
    Type::Record([field("x", Type::S32), field("note", option(Type::String))].into())
}

fn shape() -> Type {
    let case = |name: &str, ty| Case { name: Name::new(name), ty };
    Type::Variant([case("empty", None), case("none", None), case("at", Some(point()))].into())
}

fn parse(text: &str, ty: &Type) -> Result<Value> {
    let mut values = parse_params(&format!("({text})"), &[field("p", ty.clone())])?;
    assert_eq!(values.len(), 1);
    Ok(values.remove(0))
}

/// `text` is a value of `ty` that prints as `canonical`, which is the same value.
#[track_caller]
fn reads(text: &str, ty: &Type, canonical: &str) {
    let value = parse(text, ty).unwrap();
    let printed = print(std::slice::from_ref(&value), 0).unwrap();
    assert_eq!(printed, canonical);
    assert_eq!(parse(&printed, ty).unwrap(), value);
}

#[track_caller]
fn refused(text: &str, ty: &Type, code: Code, message: &str) {
    let error = parse(text, ty).unwrap_err();
    assert_eq!((error.code(), error.message()), (code, message));
}

#[track_caller]
fn mismatch(text: &str, ty: &Type, message: &str) {
    refused(text, ty, Code::TypeMismatch, message);
}

#[test]
fn calls_are_split() {
    let split = |text: &str| parse_call(text).unwrap();
    assert_eq!(split("greet(\"w\")"), ("greet".into(), "     (\"w\")".into()));
    assert_eq!(split("(1, 2)"), (String::new(), "(1, 2)".into()));
    let name = "ns:pkg/iface@1.0.0#[method]thing.use";
    assert_eq!(split(&format!("  {name} ()")).0, name);
    assert_eq!(split("ü\n(1)").1, " \n(1)");
    let error = parse_call("greet").unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.message(), "`text`: expected `name(arguments)`, found no `(`");
}

#[test]
fn scalars() {
    reads("true", &Type::Bool, "true");
    reads("-128", &Type::S8, "-128");
    reads("255", &Type::U8, "255");
    reads("-32768", &Type::S16, "-32768");
    reads("65535", &Type::U16, "65535");
    reads("-2147483648", &Type::S32, "-2147483648");
    reads("4294967295", &Type::U32, "4294967295");
    reads("-9223372036854775808", &Type::S64, "-9223372036854775808");
    reads("18446744073709551615", &Type::U64, "18446744073709551615");
    reads("1.5e3", &Type::F32, "1500");
    reads("-inf", &Type::F32, "-inf");
    reads("-0.25", &Type::F64, "-0.25");
    reads("inf", &Type::F64, "inf");
    reads("nan", &Type::F64, "nan");
    reads("'🦀'", &Type::Char, "'🦀'");
    reads(r"'\''", &Type::Char, r"'\''");
}

#[test]
fn texts_and_their_escapes() {
    reads(r#""""#, &Type::String, r#""""#);
    reads(r#""a, b) c""#, &Type::String, r#""a, b) c""#);
    reads(r#""\t\r\n\"\\\u{1F980}\u{0}""#, &Type::String, r#""\t\r\n\"\\🦀\u{0}""#);
    reads("\"\"\"\n  two\n  lines\n  \"\"\"", &Type::String, r#""two\nlines""#);
    assert_eq!(parse(r#""\u{41}b""#, &Type::String).unwrap(), Value::String("Ab".into()));
}

#[test]
fn compounds() {
    reads("[]", &list(Type::U8), "[]");
    reads("[1,2 , 3,]", &list(Type::U8), "[1, 2, 3]");
    reads("[[], [\"a\"]]", &list(list(Type::String)), "[[], [\"a\"]]");
    let pair = Type::Tuple([Type::U8, list(Type::Bool)].into());
    reads("(1, [true])", &pair, "(1, [true])");
    reads("{x: -1, note: some(\"n\")}", &point(), "{x: -1, note: some(\"n\")}");
    reads("{note: \"n\", x: -1}", &point(), "{x: -1, note: some(\"n\")}");
    reads("{x: 7}", &point(), "{x: 7}");
    reads("empty", &shape(), "empty");
    reads("%none", &shape(), "%none");
    reads("at({x: 1})", &shape(), "at({x: 1})");
    reads("red", &Type::Enum(names("red green")), "red");
    reads("%true", &Type::Enum(names("red true")), "%true");
    reads("none", &option(Type::U8), "none");
    reads("some(3)", &option(Type::U8), "some(3)");
    reads("3", &option(Type::U8), "some(3)");
    reads("some(none)", &option(option(Type::U8)), "some(none)");
    reads("ok", &result(None, Some(Type::U8)), "ok");
    reads("ok(1)", &result(Some(Type::U8), None), "ok(1)");
    reads("1", &result(Some(Type::U8), None), "ok(1)");
    reads("err(\"e\")", &result(None, Some(Type::String)), "err(\"e\")");
    let rights = Type::Flags(names("read write none"));
    reads("{}", &rights, "{}");
    reads("{write, read}", &rights, "{read, write}");
    reads("{%none}", &rights, "{none}");
    reads(
        "[some(ok(at({x: 1, note: \"n\"}))), none]",
        &list(option(result(Some(shape()), None))),
        "[some(ok(at({x: 1, note: some(\"n\")}))), none]",
    );
}

#[test]
fn several_arguments_and_left_out_ones() {
    let params = [field("a", Type::U8), field("b", Type::String), field("c", option(Type::U8))];
    let parse = |text| parse_params(text, &params);
    assert_eq!(parse("(1, \"x\", 2)").unwrap().len(), 3);
    assert_eq!(parse(" ( 1,\n \"x\" ) ").unwrap()[2], Value::Option(None));
    assert_eq!(parse_params("()", &[]).unwrap(), []);
    assert_eq!(parse_params("()", &params[2..]).unwrap(), [Value::Option(None)]);

    let message = |text| {
        let error = parse(text).unwrap_err();
        assert_eq!(error.code(), Code::TypeMismatch);
        error.message().to_owned()
    };
    let wanted = "parameter `b`: expected string, found no argument at column 3";
    assert_eq!(message("(1)"), wanted);
    let wanted = "parameter `a`: expected u8, found no argument at column 2";
    assert_eq!(message("()"), wanted);
    let wanted = "too many arguments at column 13: expected 3, found 5";
    assert_eq!(message("(1, \"x\", 2, 3, 4)"), wanted);
}

#[test]
fn wrong_types() {
    mismatch("300", &Type::U8, "parameter `p`: expected u8, found number 300 at column 2");
    mismatch("-1", &Type::U32, "parameter `p`: expected u32, found number -1 at column 2");
    mismatch("1.5", &Type::S64, "parameter `p`: expected s64, found number 1.5 at column 2");
    mismatch("1e99", &Type::F32, "parameter `p`: expected f32, found number 1e99 at column 2");
    mismatch("\"a\"", &Type::Char, "parameter `p`: expected char, found string at column 2");
    mismatch("'a'", &Type::String, "parameter `p`: expected string, found char at column 2");
    mismatch("1", &Type::Bool, "parameter `p`: expected bool, found number 1 at column 2");
    mismatch(
        "[1, \"🦀\", true]",
        &list(Type::U8),
        "parameter `p[1]`: expected u8, found string at column 6",
    );
    mismatch(
        "{note: \"🦀\", x: yes}",
        &point(),
        "parameter `p.x`: expected s32, found name yes at column 17",
    );
    mismatch(
        "\n [\n  no]",
        &list(Type::U8),
        "parameter `p[0]`: expected u8, found name no at \
        line 3, column 3",
    );
    let colours = Type::Enum(names("red green"));
    let message = "parameter `p`: expected enum { red, green }, found name blue at column 2";
    mismatch("blue", &colours, message);
    let pair = Type::Tuple([Type::U8, Type::U8].into());
    let message = "parameter `p`: expected a tuple of 2, found 3 at column 2";
    mismatch("(1, 2, 3)", &pair, message);
    let long = "9".repeat(500);
    let error = parse(&long, &Type::U8).unwrap_err();
    assert!(error.message().len() < 150 && error.message().ends_with("at column 2"), "{error}");
}

#[test]
fn wrong_parts() {
    mismatch("{:}", &point(), "parameter `p.x`: expected s32, found no field at column 2");
    let spelled = "record { x: s32, note: option<string> }";
    let message = format!("parameter `p`: expected {spelled}, found field `y` at column 13");
    mismatch("{x: 1, y:  2}", &point(), &message);
    let message = "parameter `p.at`: expected record { x: s32, note: option<string> }, found no \
        payload at column 2";
    mismatch("at", &shape(), message);
    let message = "parameter `p.empty`: expected no payload, found a number at column 8";
    mismatch("empty(1)", &shape(), message);
    let message = "parameter `p.err`: expected u8, found no payload at column 2";
    mismatch("err", &result(None, Some(Type::U8)), message);
    let message = "parameter `p`: expected flags { read }, found flag `write` at column 2";
    mismatch("{read, write}", &Type::Flags(names("read")), message);
    let message = "parameter `p`: expected option<option<u8>>, found number 1 at column 2";
    mismatch("1", &option(option(Type::U8)), message);
}

#[test]
fn wrong_syntax() {
    let message = |text: &str| {
        let (_, args) = parse_call(text).unwrap();
        let error = parse_params(&args, &[field("p", Type::U8)]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        error.message().to_owned()
    };
    assert_eq!(message("f(1"), "`text`: unexpected end of input at column 4");
    assert_eq!(message("f(1) 2"), "`text`: trailing characters after value at column 6");
    assert_eq!(message("f(,)"), "`text`: unexpected token at column 3: Comma");
    assert_eq!(message("f(1 2)"), "`text`: unexpected token at column 5: Number");
    assert!(message("f(?)").contains("invalid token at column 3"));
    assert!(message(&format!("f({}1", "[".repeat(100_000))).contains("too deep"));
    for args in ["", "1", "x(1)", "//(\n"] {
        let error = parse_params(args, &[]).unwrap_err();
        assert_eq!(error.message(), "`text`: expected arguments in parentheses");
    }
    refused(
        r#""""x""""#,
        &Type::String,
        Code::InvalidArgument,
        "parameter `p`: invalid multiline string at column 2",
    );
}

/// No text, however damaged, panics.
#[test]
fn cut_and_changed_texts() {
    let text =
        "({x: -1.5e3, note: some(\"a\\u{1F980}\")}, [at({x: 1}), %none], 'ü', {read, write})";
    let params = [field("a", point()), field("b", list(shape())), field("c", Type::Char)];
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let _ = parse_params(&text[..end], &params);
        for other in ["", "\"\"\"", "'", "\\", "\\u{d800}", "}", "(", "-", "\u{301}", "\0", "//"] {
            let _ = parse_params(&format!("{}{other}{}", &text[..end], &text[end..]), &params);
        }
    }
}

#[test]
fn results_without_text() {
    assert_eq!(print(&[], 0).unwrap(), "()");
    assert_eq!(print(&[Value::U8(1), Value::Bool(true)], 0).unwrap(), "(1, true)");
    let map = Value::List(vec![Value::Option(Some(Box::new(Value::Map(vec![]))))]);
    let error = print(&[map], 0).unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert_eq!(error.message(), "a map cannot be written as text");
    for (ty, name) in [(Type::Unsupported("stream"), "stream"), (list(Type::U8), "list<u8>")] {
        let error = parse("1", &ty).unwrap_err();
        assert!(error.message().contains(name), "{error}");
    }
    let stream = parse("1", &Type::Unsupported("stream")).unwrap_err();
    assert_eq!(stream.code(), Code::Unsupported);
}

#[test]
fn arguments_by_wasmtime_types() {
    let types = [("a".to_owned(), WasmtimeType::U8), ("b".to_owned(), WasmtimeType::String)];
    let wanted = [Value::U8(1), Value::String("x".into())];
    assert_eq!(parse_args("(1, \"x\")", &types).unwrap(), wanted);
    let error = parse_args("(1, 2)", &types).unwrap_err();
    assert_eq!(error.message(), "parameter `b`: expected string, found number 2 at column 5");
}

#[test]
fn text_has_the_limit_of_what_guests_give() {
    let value = [Value::String("\u{1}".repeat(100_000))];
    assert_eq!(print(&value, 500_000).unwrap().len(), 500_002);
    let error = print(&value, 400_000).unwrap_err();
    assert_eq!(error.code(), Code::ResourceLimit);
    assert!(error.message().contains("`max_hostcall_memory` is 400000"), "{error}");
}
