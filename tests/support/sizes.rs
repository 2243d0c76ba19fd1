//! Writes a C program that passes structs of older and newer callers, impossible sizes, and
//! numbers that are no enumerators.

use std::fmt::Write;

use super::calls::{
    Argument, Call, Case, call, expect_outputs, fill_callbacks, is_wanted, plain, pointee, program,
    release_outputs,
};
use super::header::{Function, Header, Param, Shape};

/// One way to fill in a struct: name, its `struct_size`, the last byte behind it, and whether that
/// is acceptable: in a struct that is read, and in one that is written.
const SIZES: [(&str, &str, u8, [bool; 2]); 8] = [
    ("exact", "sizeof(TYPE)", 0, [true, true]),
    ("older", "OLDEST", 0, [true, true]),
    ("newer", "sizeof(TYPE) + 64", 0, [true, true]),
    ("newer_and_used", "sizeof(TYPE) + 64", 1, [false, true]),
    ("unset", "0", 0, [false, false]),
    ("less_than_itself", "sizeof(size_t) - 1", 0, [false, false]),
    ("over_a_page", "4097", 0, [false, false]),
    ("impossible", "SIZE_MAX", 0, [false, false]),
];

/// Numbers that C can put where an enumerator belongs.
const NUMBERS: [&str; 5] = ["-1", "0", "1000", "2147483647", "-2147483647 - 1"];

/// The fields of a struct with a size, if `param` points to one.
fn sized<'a>(header: &'a Header, param: &Param) -> Option<&'a [Param]> {
    let shape = header.ty(pointee(&param.ty)).map(|ty| &ty.shape);
    let Some(Shape::Struct(fields)) = shape else { return None };
    // Behind two pointers it is the library's.
    let is_the_callers = param.is_pointer() && !param.ty.ends_with("**");
    (is_the_callers && fields.first()?.name == "struct_size").then_some(fields)
}

/// The oldest caller has the size alone, or the first callback, without which nothing works.
fn oldest(header: &Header, ty: &str, fields: &[Param]) -> String {
    let after = fields.iter().skip_while(|field| !is_wanted(header, field)).nth(1);
    after.map_or("sizeof(size_t)".to_owned(), |next| format!("offsetof({ty}, {})", next.name))
}

fn size_case(
    header: &Header,
    function: &Function,
    param: &Param,
    fields: &[Param],
    index: usize,
) -> Case {
    let (way, size, tail, acceptable) = SIZES[index];
    let (name, ty) = (&param.name, pointee(&param.ty));
    let is_read = param.ty.starts_with("const ");
    let acceptable = acceptable[usize::from(!is_read)];
    let size = size.replace("TYPE", ty).replace("OLDEST", &oldest(header, ty, fields));
    // What the library does not see it does not release.
    let seen = ["exact", "newer", "newer_and_used"].contains(&way);
    let mut callbacks = fill_callbacks(header, fields, &format!("{name}.it"));
    if !seen {
        callbacks = callbacks.replace("fixture_user()", "NULL");
    }
    let Call { before, call, outputs } = call(header, function, |other| {
        (other.name == *name).then(|| Argument {
            before: format!(
                "struct {{ {ty} it; unsigned char tail[64]; }} {name}; \
                 memset(&{name}, 0, sizeof {name}); {name}.it.struct_size = {size}; \
                 {name}.tail[63] = {tail};{callbacks}"
            ),
            value: format!("&{name}.it"),
            output: None,
        })
    });
    let mut body = before;
    if function.returns == "runtime_error_t *" {
        let _ = writeln!(body, "  runtime_error_t *error = {call};");
        let refused = format!("refuses(error, \"`{name}`\")");
        let _ = writeln!(body, "  CHECK({}{refused});", if acceptable { "!" } else { "" });
        let releases = release_outputs(&outputs);
        let _ = writeln!(body, "  if (error == NULL) {{\n{releases}  }} else {{");
        body += &expect_outputs(&outputs, true);
        body += "  }\n  runtime_error_free(error);\n";
    } else {
        assert_eq!(function.returns, "bool", "{} fills in a struct", function.name);
        let _ = writeln!(body, "  bool done = {call};");
        body += if acceptable { "  (void)done;\n" } else { "  CHECK(!done);\n" };
    }
    if !is_read && way == "older" {
        // Nothing is written behind what the caller has.
        let _ = writeln!(
            body,
            "  const unsigned char *bytes = (const unsigned char *)&{name};\n  \
             for (size_t i = sizeof(size_t); i < sizeof {name}; i++) CHECK(bytes[i] == 0);"
        );
    }
    Case { name: format!("{}_{name}_{way}", function.name), body }
}

fn number_case(header: &Header, function: &Function, param: &Param) -> Case {
    let mut body = String::new();
    for number in NUMBERS {
        let value = format!("({})({number})", param.ty);
        let special = |other: &Param| (other.name == param.name).then(|| plain(value.as_str()));
        let Call { before, call, outputs } = call(header, function, special);
        let _ = writeln!(body, "  {{\n{before}");
        if function.returns == "runtime_error_t *" {
            let _ = writeln!(body, "    runtime_error_t *error = {call};");
            let releases = release_outputs(&outputs);
            let _ = writeln!(body, "    if (error == NULL) {{\n{releases}    }}");
            body += "    runtime_error_free(error);\n";
        } else {
            let _ = writeln!(body, "    (void){call};");
        }
        body += "  }\n";
    }
    Case { name: format!("{}_{}_numbers", function.name, param.name), body }
}

/// The program.
pub fn size_program() -> String {
    let header = Header::committed();
    let mut cases = Vec::new();
    for function in &header.functions {
        for param in &function.params {
            if let Some(fields) = sized(&header, param) {
                let case = |way| size_case(&header, function, param, fields, way);
                cases.extend((0..SIZES.len()).map(case));
            }
            let is_enum = matches!(header.ty(&param.ty).map(|ty| &ty.shape), Some(Shape::Enum(_)));
            if is_enum || ["int32_t", "uint32_t"].contains(&param.ty.as_str()) {
                cases.push(number_case(&header, function, param));
            }
        }
    }
    assert!(cases.len() > SIZES.len(), "the header has structs with a size");
    program("nulls", &cases)
}
