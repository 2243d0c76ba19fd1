//! Components whose parts make work when they are put together.

use std::fmt::Write;

/// A component in text, as a binary.
fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a bomb is well-formed")
}

/// `n` components, each of which instantiates the one before `times` times.
pub fn instantiations(n: usize, times: usize) -> Vec<u8> {
    let mut text = String::from("(component (component $c0)");
    for level in 1..=n {
        let before = level - 1;
        let _ = write!(text, "(component $c{level} (alias outer 1 $c{before} (component $b))");
        text += &"(instance (instantiate $b))".repeat(times);
        text += ")";
    }
    let _ = write!(text, "(instance (instantiate $c{n})))");
    binary(&text)
}

/// A component that instantiates what it is given twice, applied to itself `n` times over.
pub fn given(n: usize) -> Vec<u8> {
    let mut text = String::from(
        "(component (component $c0) (component $twice (import \"c\" (component $c)) \
         (component $r (alias outer 1 $c (component $c)) (instance (instantiate $c)) \
         (instance (instantiate $c))) (export \"r\" (component $r)))",
    );
    for level in 1..=n {
        let before = level - 1;
        let _ = write!(
            text,
            "(instance $i{level} (instantiate $twice (with \"c\" (component $c{before}))))\
             (alias export $i{level} \"r\" (component $c{level}))"
        );
    }
    let _ = write!(text, "(instance (instantiate $c{n})))");
    binary(&text)
}

/// `n` instances, each of which exports the one before twice.
pub fn bags(n: usize) -> Vec<u8> {
    let mut text = String::from("(component (instance $i0)");
    for level in 1..=n {
        let before = level - 1;
        let _ = write!(
            text,
            "(instance $i{level} (export \"a\" (instance $i{before})) \
             (export \"b\" (instance $i{before})))"
        );
    }
    binary(&(text + ")"))
}

/// `n` tuples, each of two of the one before, in the types of `uses` imported functions.
pub fn tuples(n: usize, uses: usize) -> Vec<u8> {
    let mut text = String::from("(component (type $t0 u8)");
    for level in 1..=n {
        let before = level - 1;
        let _ = write!(text, "(type $t{level} (tuple $t{before} $t{before}))");
    }
    for number in 0..uses {
        let _ = write!(text, "(import \"f{number}\" (func (param \"p\" $t{n})))");
    }
    binary(&(text + ")"))
}

/// An instance with `functions` functions, imported under `imports` names.
pub fn interfaces(functions: usize, imports: usize) -> Vec<u8> {
    let mut text = String::from("(component (type $i (instance (type $f (func))");
    for number in 0..functions {
        let _ = write!(text, "(export \"f{number}\" (func (type $f)))");
    }
    text += "))";
    for number in 0..imports {
        let _ = write!(text, "(import \"a:b/i{number}\" (instance (type $i)))");
    }
    binary(&(text + ")"))
}

/// A name of `len` bytes for a type that `uses` others are made of.
pub fn long_names(len: usize, uses: usize) -> Vec<u8> {
    let name = "n".repeat(len);
    let record = format!("(type $r (record (field \"{name}\" u8)))");
    let mut text = format!("(component (import \"a:b/c\" (instance {record}");
    let _ = write!(text, "(export \"{name}\" (type $n (eq $r)))");
    for number in 0..uses {
        let _ = write!(text, "(export \"f{number}\" (func (param \"p\" $n)))");
    }
    binary(&(text + ")))"))
}

/// `n` functions, each with a parameter whose name has `len` bytes and is written once: imported,
/// imported by an interface, or exported.
pub fn long_parameters(place: &str, len: usize, n: usize) -> Vec<u8> {
    let name = "n".repeat(len);
    let mut text = format!("(component (type $t (func (param \"{name}\" u32)))");
    if place == "interface" {
        text += "(import \"a:b/c\" (instance (alias outer 1 $t (type $t))";
    } else {
        text += "(core module $m (func (export \"f\") (param i32)))\
                 (core instance $i (instantiate $m))\
                 (func $f (type $t) (canon lift (core func $i \"f\")))";
    }
    for number in 0..n {
        let _ = match place {
            "interface" => write!(text, "(export \"f{number}\" (func (type $t)))"),
            "import" => write!(text, "(import \"f{number}\" (func (type $t)))"),
            _ => write!(text, "(export \"f{number}\" (func $f))"),
        };
    }
    text += if place == "interface" { ")))" } else { ")" };
    binary(&text)
}

/// `n` functions of an interface whose name has `len` bytes.
pub fn long_interface(len: usize, n: usize) -> Vec<u8> {
    let mut text = format!("(component (import \"a:b/{}\" (instance ", "n".repeat(len));
    for number in 0..n {
        let _ = write!(text, "(export \"f{number}\" (func (param \"x\" u32)))");
    }
    binary(&(text + ")))"))
}

/// The host's function, lowered `n` times.
pub fn lowered(n: usize) -> Vec<u8> {
    let mut text = String::from("(component (import \"f\" (func $f (param \"x\" u32)))");
    for number in 0..n {
        let _ = write!(text, "(core func $f{number} (canon lower (func $f)))");
    }
    binary(&(text + ")"))
}

/// `n` ways to drop a resource.
pub fn dropped(n: usize) -> Vec<u8> {
    let text = "(core func (canon resource.drop $r))".repeat(n);
    binary(&format!("(component (type $r (resource (rep i32))) {text})"))
}

/// `n` functions that take a `$t`, which `ty` defines, from one component to another.
pub fn adapters(ty: &str, n: usize) -> Vec<u8> {
    let memory = "(memory (export \"m\") 1) (func (export \"realloc\") (param i32 i32 i32 i32) \
                  (result i32) i32.const 0)";
    let options = "(memory (core memory $i \"m\")) (realloc (core func $i \"realloc\"))";
    let [mut core, mut lifted, mut imports, mut lowered, mut with] =
        [(); 5].map(|()| String::new());
    for f in 0..n {
        let _ = write!(core, "(func (export \"f{f}\") (param i32))");
        let _ = write!(
            lifted,
            "(func (export \"f{f}\") (param \"p\" $t) \
             (canon lift (core func $i \"f{f}\") {options}))"
        );
        let _ = write!(imports, "(import \"f{f}\" (func $f{f} (param \"p\" $t)))");
        let _ = write!(lowered, "(core func (canon lower (func $f{f}) {options}))");
        let _ = write!(with, "(with \"f{f}\" (func $a \"f{f}\"))");
    }
    binary(&format!(
        "(component (component $a {ty} (core module $m {memory} {core}) \
         (core instance $i (instantiate $m)) {lifted}) (instance $a (instantiate $a)) \
         (component $b {ty} {imports} (core module $m {memory}) \
         (core instance $i (instantiate $m)) {lowered}) (instance (instantiate $b {with})))"
    ))
}

/// The definition of `$t`: a tuple of `cases` optional lists of tuples, and `fields` strings.
pub fn large_type(cases: usize, fields: usize) -> String {
    let (mut text, mut parts) = (String::new(), String::new());
    for case in 0..cases {
        let strings = "string ".repeat(1 + case % 7);
        let _ = write!(text, "(type $r{case} (tuple {strings}u8))(type $l{case} (list $r{case}))");
        let _ = write!(text, "(type $o{case} (option $l{case}))");
        let _ = write!(parts, "$o{case} ");
    }
    format!("{text}(type $t (tuple {parts} {}))", "string ".repeat(fields))
}

/// `n` instances of a core module with `imports` imports.
pub fn core_instances(n: usize, imports: usize) -> Vec<u8> {
    let wanted: String = (0..imports).map(|i| format!("(import \"m\" \"f{i}\" (func))")).collect();
    let given: String = (0..imports).map(|i| format!("(export \"f{i}\" (func $f))")).collect();
    let text = "(core instance (instantiate $m (with \"m\" (instance $b))))".repeat(n);
    binary(&format!(
        "(component (core module $one (func (export \"f\"))) (core module $m {wanted}) \
         (core instance $o (instantiate $one)) (alias core export $o \"f\" (core func $f)) \
         (core instance $b {given}) {text})"
    ))
}

/// `n` aliases of one core function.
pub fn aliases(n: usize) -> Vec<u8> {
    let text = "(alias core export $i \"f\" (core func))".repeat(n);
    binary(&format!(
        "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m)) \
         {text})"
    ))
}

/// Types of instances, `depth` within each other.
pub fn nested_types(depth: usize) -> Vec<u8> {
    let mut ty = [0x42, 1, 1].repeat(depth);
    ty.extend([0x42, 0]);
    let content = [vec![1], ty].concat();
    super::encode::component(&[super::encode::section(7, &content)])
}

/// Components, `depth` within each other.
pub fn nested_components(depth: usize) -> Vec<u8> {
    let mut inner = super::encode::component(&[]);
    for _ in 0..depth {
        inner = super::encode::component(&[super::encode::section(4, &inner)]);
    }
    inner
}

/// `n` imports in text, each with its type.
pub fn text_imports(n: usize) -> Vec<u8> {
    let mut text = String::from("(component ");
    for number in 0..n {
        let _ = write!(text, "(import \"a{number}\" (func))");
    }
    (text + ")").into_bytes()
}

/// `n` functions of an instance, lowered in text where they are named.
pub fn text_lowered(n: usize) -> Vec<u8> {
    let part = "(core func (canon lower (func $i \"f\")))".repeat(n);
    let import = "(import \"i\" (instance $i (export \"f\" (func))))";
    format!("(component {import} {part})").into_bytes()
}
