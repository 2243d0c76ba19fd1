//! Exceptions and what is collected, where they are slow to compile for what they are.

use std::fmt::Write;

const TYPES: &str = "(type $p (sub (struct (field (mut i32)) (field (mut (ref null $p))))))
    (type $q (sub $p (struct (field (mut i32)) (field (mut (ref null $p))) (field i64))))
    (type $a (array (mut i32))) (type $v (func))
    (tag $t (param i32)) (elem declare func $f) (func $f)
    (func $make (result (ref $p)) (struct.new_default $p))";

fn module(parts: &str) -> Vec<u8> {
    let text = format!("(component (core module {parts}))");
    wat::parse_str(text).expect("a bomb is well-formed")
}

/// A function of `n` times `code`, with a local of each sort.
pub fn repeated(n: usize, code: &str) -> Vec<u8> {
    let locals = "(local i32) (local $p (ref null $p)) (local $a (ref null $a))";
    module(&format!("{TYPES} (func {locals} {})", code.repeat(n)))
}

/// `n` structs of `fields` each.
pub fn structs(fields: usize, n: usize) -> Vec<u8> {
    // Different ones, so that none is known already.
    let each = (0..n).fold(String::new(), |mut text, i| {
        let tail: String =
            (0..16).map(|bit| if i >> bit & 1 == 1 { " i64" } else { " i32" }).collect();
        let _ = write!(text, "(type (struct (field{}{tail})))", " i32".repeat(fields));
        text
    });
    module(&each)
}

/// `n` types of `fields` fields, in chains as long as are allowed.
pub fn chains(fields: usize, n: usize) -> Vec<u8> {
    const LENGTH: usize = 60;
    let mut text = String::new();
    for i in 0..n {
        let above = if i % LENGTH == 0 { String::new() } else { format!("$t{}", i - 1) };
        let field = " i64".repeat(fields + i / LENGTH % 2);
        let own = " i32".repeat(i % LENGTH);
        let _ = write!(text, "(type $t{i} (sub {above} (struct (field{field}{own}))))");
    }
    module(&text)
}

/// One group of `n` types, each of which refers to ten others.
pub fn group(n: usize) -> Vec<u8> {
    let types = (0..n).fold(String::new(), |mut text, i| {
        let fields: String =
            (1..=10).map(|k| format!("(field (ref null $t{}))", (i * 7 + k * 31) % n)).collect();
        let _ = write!(text, "(type $t{i} (struct {fields}))");
        text
    });
    module(&format!("(rec {types})"))
}

/// `n` times a struct of `fields` fields, made in three bytes.
pub fn large_structs(fields: usize, n: usize) -> Vec<u8> {
    let ty = format!("(type $s (struct (field{})))", " i64".repeat(fields));
    module(&format!("{ty} (func {})", "(drop (struct.new_default $s))".repeat(n)))
}

/// `depth` places that catch exceptions, within each other, around `calls` calls.
pub fn nested(depth: usize, calls: usize) -> Vec<u8> {
    let open = "try_table (catch_all 0) ".repeat(depth);
    module(&format!("{TYPES} (func {open} {} {})", "call $f ".repeat(calls), "end ".repeat(depth)))
}

/// `catches` ways to catch exceptions of `calls` calls.
pub fn catches(catches: usize, calls: usize) -> Vec<u8> {
    let all = "(catch $t $h) ".repeat(catches);
    let calls = "call $f ".repeat(calls);
    module(&format!(
        "{TYPES} (func block $h (result i32) try_table {all} {calls} end i32.const 0 end drop)"
    ))
}

/// `variables` locals, each set in a place that catches exceptions of `calls` calls in it.
pub fn caught_variables(variables: usize, calls: usize) -> Vec<u8> {
    let set: String = (0..variables).map(|i| format!("i32.const {i} local.set {i} ")).collect();
    let get: String = (0..variables).map(|i| format!("local.get {i} drop ")).collect();
    let half = "call $f ".repeat(calls / 2);
    let locals = " i32".repeat(variables);
    module(&format!(
        "{TYPES} (func (local{locals})
            block $h try_table (catch_all $h) {half} {set} {half} end end {get})"
    ))
}

/// `n` structs on the stack while `calls` calls run.
pub fn roots(n: usize, calls: usize) -> Vec<u8> {
    let (make, calls) = ("struct.new_default $p ".repeat(n), "call $f ".repeat(calls));
    module(&format!("{TYPES} (func {make} {calls} {})", "drop ".repeat(n)))
}

/// As [`roots`], made by calls.
pub fn given_roots(n: usize, calls: usize) -> Vec<u8> {
    let (make, calls) = ("call $make ".repeat(n), "call $f ".repeat(calls));
    module(&format!("{TYPES} (func {make} {calls} {})", "drop ".repeat(n)))
}

/// As [`roots`], as parameters.
pub fn passed_roots(n: usize, calls: usize) -> Vec<u8> {
    let params = " (ref null $p)".repeat(n);
    let use_them: String = (0..n).map(|i| format!("local.get {i} drop ")).collect();
    let get: String = (0..n).map(|i| format!("local.get {i} ref.is_null drop ")).collect();
    let calls = "call $f ".repeat(calls);
    module(&format!("{TYPES} (func (param{params}) {use_them} {calls} {get})"))
}

/// `n` sorts of exceptions.
pub fn tags(n: usize) -> Vec<u8> {
    module(&"(tag (param i32))".repeat(n))
}

/// `n` initial values that are made when an instance is.
pub fn initial(fields: usize, n: usize) -> Vec<u8> {
    let ty = format!("(type $s (struct (field{})))", " i64".repeat(fields));
    module(&format!("{ty} {}", "(global (ref $s) (struct.new_default $s))".repeat(n)))
}
