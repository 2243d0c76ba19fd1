//! Writes C programs that call every function of the header: with each pointer NULL in turn, and
//! with a panic inside. What they pass comes from the fixture in `tests/c/nulls.h`.

use std::fmt::Write;

use super::header::{Function, Header, Param, Shape};

/// Functions that return an error and cannot fail: they make the error. tests/boundary has them
/// too.
pub(super) const MAKE_ERRORS: [&str; 3] =
    ["runtime_error_new", "runtime_error_of_code", "runtime_error_clone"];

/// What to do with one parameter of a generated call.
pub(super) struct Argument {
    /// Statements that must come before the call.
    pub(super) before: String,
    /// The argument itself.
    pub(super) value: String,
    /// An output: the variable, whether it is a pointer that NULL clears, and how to release it.
    pub(super) output: Option<Output>,
}

pub(super) struct Output {
    pub(super) name: String,
    /// Where the part begins that the function writes: after `struct_size`, or 0.
    from: &'static str,
    pointer: bool,
    release: Option<String>,
}

pub(super) fn plain(value: impl Into<String>) -> Argument {
    Argument { before: String::new(), value: value.into(), output: None }
}

/// `runtime_component_t` is `component`; `runtime_t` is `runtime`.
fn noun(ty: &str) -> &str {
    let ty = ty.trim_start_matches("const ").trim_end_matches('*').trim();
    match ty {
        "runtime_t" => "runtime",
        _ => ty.trim_start_matches("runtime_").trim_end_matches("_t"),
    }
}

pub(super) fn pointee(ty: &str) -> &str {
    ty.trim_start_matches("const ").trim_end_matches('*').trim()
}

/// How to pass something valid as `param`.
fn valid(header: &Header, param: &Param) -> Argument {
    let (name, ty) = (param.name.as_str(), param.ty.as_str());
    if ty.ends_with("**") {
        let target = ty.trim_end_matches('*').trim();
        let free = match noun(target) {
            "runtime" => "runtime_free".to_owned(),
            noun => format!("runtime_{noun}_free"),
        };
        let owned = !target.starts_with("const ");
        let release = owned.then(|| format!("{free}({name});"));
        return output(name, &format!("{target} *"), "0", true, release);
    }
    if ty.ends_with('*') {
        return valid_pointer(header, name, ty);
    }
    match name {
        _ if is_callback(header, ty) => plain(format!("fixture_{}", noun(ty))),
        _ if name.ends_with("_len") => plain(length(name)),
        _ if ty == "bool" => plain("true"),
        _ if name == "index" => plain("0"),
        _ => plain("1"),
    }
}

fn length(name: &str) -> String {
    match name {
        "bytes_len" | "component_len" => "strlen(fixture_wat)".to_owned(),
        _ => "1".to_owned(),
    }
}

fn valid_pointer(header: &Header, name: &str, ty: &str) -> Argument {
    let target = pointee(ty);
    let constant = ty.starts_with("const ");
    match (target, header.ty(target).map(|t| &t.shape)) {
        ("void", _) if name == "user_data" => plain("fixture_user()"),
        ("void", _) => plain("NULL"),
        ("char" | "uint8_t", _) if name == "bytes" => plain(format!("({ty})fixture_wat")),
        ("char" | "uint8_t", _) => plain(format!("({ty})\"x\"")),
        (_, Some(Shape::Opaque)) => plain(format!("fixture.{}", noun(ty))),
        ("runtime_value_t", _) => plain("&fixture.value"),
        ("runtime_http_field_t", _) if constant => plain("&fixture.field"),
        (_, Some(Shape::Struct(fields))) => {
            let sized = fields.first().is_some_and(|f| f.name == "struct_size");
            assert!(sized, "`{ty}{name}`: nothing valid is known for it; see support/calls.rs");
            let size = format!("{name}.struct_size = sizeof {name};");
            if constant {
                let callbacks = fill_callbacks(header, fields, name);
                let before = format!(
                    "{target} {name}; memset(&{name}, 0, sizeof {name}); {size}{callbacks}"
                );
                Argument { before, value: format!("&{name}"), output: None }
            } else {
                let mut it = output(name, target, "sizeof(size_t)", false, None);
                it.before.push_str(&size);
                it
            }
        }
        _ if !constant => output(name, target, "0", false, None),
        _ => panic!("`{ty}{name}`: nothing valid is known for it; see support/calls.rs"),
    }
}

/// Whether a field is a callback without which a struct is of no use.
pub(super) fn is_wanted(header: &Header, field: &Param) -> bool {
    is_callback(header, &field.ty) && field.name != "interrupt"
}

/// Statements that put callbacks, and something to release, into a struct.
pub(super) fn fill_callbacks(header: &Header, fields: &[Param], at: &str) -> String {
    let mut text = String::new();
    for field @ Param { name, ty, .. } in fields {
        if is_wanted(header, field) {
            let _ = write!(text, " {at}.{name} = fixture_{};", noun(ty));
        } else if name == "user_data" {
            let _ = write!(text, " {at}.{name} = fixture_user();");
        }
    }
    text
}

pub(super) fn is_callback(header: &Header, ty: &str) -> bool {
    matches!(header.ty(ty).map(|t| &t.shape), Some(Shape::Callback))
}

fn output(
    name: &str,
    ty: &str,
    from: &'static str,
    pointer: bool,
    release: Option<String>,
) -> Argument {
    Argument {
        before: format!("{ty} {name}; memset(&{name}, 0xA5, sizeof {name}); "),
        value: format!("&{name}"),
        output: Some(Output { name: name.to_owned(), from, pointer, release }),
    }
}

/// Whether the function takes an object away from the caller: the fixture keeps its own.
fn is_consumed(header: &Header, function: &Function, param: &Param) -> bool {
    let doc = function.param_doc(&param.name).unwrap_or_default();
    let opaque = matches!(header.ty(pointee(&param.ty)).map(|t| &t.shape), Some(Shape::Opaque));
    opaque && !param.ty.ends_with("**") && !param.ty.starts_with("const ") && doc.contains("owned")
}

/// Whether the documentation lets this parameter be NULL.
fn is_optional(function: &Function, param: &Param) -> bool {
    let doc = function.param_doc(&param.name).unwrap_or_default();
    let has_length = function.params.iter().any(|p| p.name == format!("{}_len", param.name));
    let says_so = ["may be NULL", "or NULL", "NULL for", "NULL means", "NULL is", "NULL if there"];
    !has_length && says_so.iter().any(|text| doc.contains(text)) || param.ty == "void *"
}

/// One generated test function.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) body: String,
}

/// The call of `function` with `null` as NULL, and everything around it.
pub(super) struct Call {
    pub(super) before: String,
    pub(super) call: String,
    pub(super) outputs: Vec<Output>,
}

/// Calls `function` with something valid everywhere, except where `special` has something else.
pub(super) fn call(
    header: &Header,
    function: &Function,
    special: impl Fn(&Param) -> Option<Argument>,
) -> Call {
    let mut it = Call { before: String::new(), call: String::new(), outputs: Vec::new() };
    let mut values = Vec::new();
    for param in &function.params {
        let consumed = || is_consumed(header, function, param).then(|| plain("NULL"));
        let argument = special(param).or_else(consumed).unwrap_or_else(|| valid(header, param));
        if !argument.before.is_empty() {
            let _ = writeln!(it.before, "  {}", argument.before);
        }
        values.push(argument.value);
        it.outputs.extend(argument.output);
    }
    it.call = format!("{}({})", function.name, values.join(", "));
    it
}

pub(super) fn expect_outputs(outputs: &[Output], strictly: bool) -> String {
    let mut text = String::new();
    for Output { name, from, pointer, .. } in outputs {
        let check = if strictly && *pointer { "expect_zero" } else { "expect_clean" };
        let at = format!("(const char *)&{name} + {from}, sizeof {name} - {from}");
        let _ = writeln!(text, "  {check}({at}, \"{name}\");");
    }
    text
}

pub(super) fn release_outputs(outputs: &[Output]) -> String {
    let releases = outputs.iter().filter_map(|o| o.release.as_ref());
    releases.fold(String::new(), |text, release| text + "    " + release + "\n")
}

/// What must hold after a call with `param` NULL.
fn null_case(header: &Header, function: &Function, param: &Param, empty: bool) -> Case {
    let Call { before, call, outputs } = call(header, function, |other| {
        let is_its_length = other.name == format!("{}_len", param.name);
        // Nobody releases `user_data` without a finalizer, so there is none.
        let unreleased = param.name == "finalizer" && other.ty == "void *";
        (other.name == param.name || unreleased)
            .then(|| plain("NULL"))
            .or_else(|| (is_its_length && empty).then(|| plain("0")))
    });
    let suffix = if empty { "_empty" } else { "" };
    let name = format!("{}_{}{suffix}", function.name, param.name);
    let optional = empty || is_optional(function, param);
    let mut body = before;
    match function.returns.as_str() {
        "void" => {
            let _ = writeln!(body, "  {call};");
        }
        "runtime_error_t *" if MAKE_ERRORS.contains(&function.name.as_str()) => {
            // Of nothing there is no clone.
            let is = if function.name.ends_with("_clone") { "==" } else { "!=" };
            let _ = writeln!(body, "  runtime_error_t *error = {call};");
            let _ = writeln!(body, "  CHECK(error {is} NULL);\n  runtime_error_free(error);");
        }
        "runtime_error_t *" if optional => {
            let _ = writeln!(body, "  runtime_error_t *error = {call};");
            let releases = release_outputs(&outputs);
            let _ = writeln!(body, "  if (error == NULL) {{\n{releases}  }} else {{");
            body += &expect_outputs(&outputs, true);
            body += "  }\n  runtime_error_free(error);\n";
        }
        "runtime_error_t *" => {
            let _ = writeln!(body, "  expect_refused({call}, \"`{}`\");", param.name);
            body += &expect_outputs(&outputs, true);
        }
        returns => {
            body += &neutral(header, function, returns, &call);
            body += &expect_outputs(&outputs, false);
        }
    }
    Case { name, body }
}

/// The neutral value of a getter: NULL or no text, 0, false.
fn neutral(header: &Header, function: &Function, returns: &str, call: &str) -> String {
    assert!(
        function.doc.contains("NULL"),
        "{}: the documentation does not say what it answers for NULL",
        function.name
    );
    let declared = if returns.ends_with('*') { returns.to_owned() } else { format!("{returns} ") };
    let check = match returns {
        "const char *" | "const uint8_t *" => "answer == NULL || answer[0] == 0",
        _ if returns.ends_with('*') => "answer == NULL",
        _ => {
            let known = ["bool", "size_t", "uint64_t", "uint32_t", "int32_t", "double"];
            assert!(known.contains(&returns) || header.ty(returns).is_some(), "returns {returns}");
            "answer == 0"
        }
    };
    format!("  {declared}answer = {call};\n  CHECK({check});\n")
}

/// A program that calls every function with each of its pointers NULL in turn.
pub fn null_program() -> String {
    let header = Header::committed();
    let mut cases = Vec::new();
    for function in &header.functions {
        for param in &function.params {
            let callback = is_callback(&header, &param.ty);
            if !param.is_pointer() && !callback {
                continue;
            }
            cases.push(null_case(&header, function, param, false));
            let length = format!("{}_len", param.name);
            if function.params.iter().any(|p| p.name == length) {
                cases.push(null_case(&header, function, param, true));
            }
        }
    }
    program("nulls", &cases)
}

/// A program that makes every function panic that can report it, once, and then uses it normally.
pub fn failpoint_program(points: &[String]) -> String {
    let header = Header::committed();
    let mut cases = Vec::new();
    for function in header.functions.iter().filter(|f| f.returns == "runtime_error_t *") {
        let name = &function.name;
        if MAKE_ERRORS.contains(&name.as_str()) {
            continue;
        }
        let Call { before, call, outputs } = call(&header, function, |_| None);
        let mut body = format!("{before}  arm(\"{name}\");\n");
        let _ = writeln!(body, "  CHECK_ERROR({call}, RUNTIME_ERROR_PANIC, \"failpoint {name}\");");
        body += &expect_outputs(&outputs, false);
        let _ = writeln!(body, "  runtime_error_t *error = {call};");
        body += "  CHECK((int)runtime_error_code(error) != RUNTIME_ERROR_PANIC);\n";
        let _ = writeln!(body, "  if (error == NULL) {{\n{}  }}", release_outputs(&outputs));
        body += "  runtime_error_free(error);\n";
        if name == "runtime_shutdown" {
            // What the others need has ended.
            body += "  fixture_free();\n  fixture_make();\n";
        }
        body += "  fixture_still_works();\n";
        cases.push(Case { name: name.clone(), body });
    }
    cases.extend(header.functions.iter().filter(|f| is_setter(f)).map(|f| panicking(&header, f)));
    for point in points {
        let mut body = format!("  arm(\"{point}\");\n");
        let _ = writeln!(body, "  core_point(\"{point}\");\n  fixture_still_works();");
        let name = point.replace(|c: char| !c.is_alphanumeric(), "_");
        cases.push(Case { name, body });
    }
    program("failpoints", &cases)
}

fn is_setter(function: &Function) -> bool {
    let first = function.params.first().map(|param| param.ty.as_str());
    function.returns == "void" && first == Some("runtime_builder_t *") && function.params.len() > 1
}

/// A setter has no error to return: building from its builder reports the panic.
fn panicking(header: &Header, setter: &Function) -> Case {
    let name = &setter.name;
    let Call { before, call, .. } =
        call(header, setter, |param| (param.ty == "runtime_builder_t *").then(|| plain("builder")));
    let panic = format!("RUNTIME_ERROR_PANIC, \"failpoint {name}\"");
    let body = format!(
        "{before}  runtime_builder_t *builder = runtime_builder_new();\n  \
         runtime_t *out = NULL;\n  arm(\"{name}\");\n  {call};\n  \
         CHECK_ERROR(runtime_build(builder, &out), {panic});\n  CHECK(out == NULL);\n  \
         runtime_builder_free(builder);\n  fixture_still_works();\n"
    );
    Case { name: name.clone(), body }
}

pub(super) fn program(fixture: &str, cases: &[Case]) -> String {
    let mut text =
        format!("/* threads */\n/* Generated by tests/support. */\n#include \"{fixture}.h\"\n");
    for Case { name, body } in cases {
        let _ = write!(text, "\nstatic void test_{name}(void) {{\n{body}}}\n");
    }
    text += "\nint main(void) {\n  fixture_make();\n";
    for Case { name, .. } in cases {
        let _ = writeln!(text, "  RUN(test_{name});");
    }
    text += "  fixture_still_works();\n  fixture_free();\n  return 0;\n}\n";
    text
}
