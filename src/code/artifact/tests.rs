use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::*;

const TEXT: &str = r#"(component
    (import "ns:pkg/iface@1.0.0" (instance (export "log" (func (param "line" string)))))
    (core module $m (func (export "f") (result i32) i32.const 42))
    (core instance $i (instantiate $m))
    (func (export "answer") (result u32) (canon lift (core func $i "f"))))"#;

fn failure(text: &str) -> Error {
    refused(&Engine::default(), text.as_bytes())
}

fn refused(engine: &Engine, bytes: &[u8]) -> Error {
    let error = Artifact::compile(engine, bytes).unwrap_err();
    assert!(!error.message().contains('\n') && error.message().len() < 300, "{error}");
    error
}

#[allow(unsafe_code)]
fn read_back(engine: &Engine, bytes: &[u8]) -> Result<Artifact> {
    // SAFETY: the tests change bytes only where the checksum has to notice, before any of it runs.
    unsafe { Artifact::deserialize(engine, bytes) }
}

#[test]
fn binary_and_text_compile_alike() {
    let engine = Engine::default();
    let text = Artifact::compile(&engine, TEXT.as_bytes()).unwrap();
    let binary = Artifact::compile(&engine, &wat::parse_str(TEXT).unwrap()).unwrap();
    assert_eq!(text.wit().unwrap(), binary.wit().unwrap());
    for part in
        ["import ns:pkg/iface@1.0.0;", "export answer: func() -> u32;", "log: func(line: string);"]
    {
        assert!(text.wit().unwrap().contains(part), "{}", text.wit().unwrap());
    }
    assert!(text.component().get_export_index(None, "answer").is_some());
    assert!(text.size() > 4096);
}

#[test]
fn what_is_not_a_component_is_named() {
    let module = wat::parse_str("(module)").unwrap();
    let text = "x".repeat(100_000);
    for (bytes, says) in [
        (&b""[..], "empty"),
        (&module, "a core module, not a component: `wasm-tools component new`"),
        (b"(module)", "a core module"),
        (b"\0asm", "cut off"),
        (b"\0asm\x0c\0\x01\0", "binary format 12; this runtime reads 13"),
        (b"\0asm\x02\0\0\0", "unknown kind"),
        (b"\xff\xfe\xfd", "neither a WebAssembly binary nor WebAssembly text"),
        (b"\x7fELF and more", "not WebAssembly text: line 1, column 1:"),
        (b"(component\n  (oops))", "not WebAssembly text: line 2, column 4:"),
        (text.as_bytes(), "not WebAssembly text: line 1, column 1:"),
        (
            b"(component (import \"a\" (func $missing)) (func (alias $gone)))",
            "not WebAssembly text",
        ),
        (b"wasmcell and more", "already compiled"),
    ] {
        let error = refused(&Engine::default(), bytes);
        assert_eq!(error.code(), Code::Compile, "{error}");
        assert!(error.message().contains(says), "{error} instead of {says}");
    }
}

#[test]
fn invalid_components_say_what_is_wrong() {
    let core = "(component (core module (func (result i32) i64.const 0)))";
    for (text, says) in [
        (core, "type mismatch"),
        ("(component (export \"a\" (func 7)))", "unknown function"),
        ("(component (import \"A b\" (func)))", "not in kebab case"),
    ] {
        let error = failure(text);
        assert_eq!(error.code(), Code::Compile, "{error}");
        assert!(error.message().contains(says), "{error} instead of {says}");
    }
    let mut cut = wat::parse_str(TEXT).unwrap();
    cut.pop();
    let error = refused(&Engine::default(), &cut);
    assert_eq!(error.code(), Code::Compile);
    assert!(error.message().contains("unexpected end"), "{error}");
}

#[test]
fn features_that_are_not_enabled_are_named() {
    let deep = "(component (core module (memory i64 1)))";
    let mut config = Config::new();
    config.gc_support(false).wasm_gc(false).wasm_exceptions(false).wasm_memory64(false);
    config.wasm_simd(false).wasm_relaxed_simd(false);
    let engine = Engine::new(&config).unwrap();
    for (text, says) in [
        ("(component (import \"f\" (func (param \"s\" (stream u8)))))", "async"),
        ("(component (import \"f\" (func async)))", "async"),
        ("(component (import \"f\" (func (param \"s\" (future)))))", "async"),
        ("(component (core func (canon task.return)))", "`task.return`"),
        ("(component (import \"e\" (func (param \"e\" error-context))))", "error-context"),
        ("(component (import \"f\" (func (param \"l\" (list u8 4)))))", "fixed-length lists"),
        ("(component (import \"f\" (func (param \"v\" (map u8 u8)))))", "map"),
        ("(component (import \"v\" (value u8)))", "value"),
        (deep, "memory64"),
        ("(component (core module (func (result v128) v128.const i64x2 0 0)))", "SIMD"),
        ("(component (core module (memory 1 2 shared)))", "threads"),
        ("(component (core module (type (struct))))", "gc"),
        ("(component (component $c) (export \"c\" (component $c)))", "exporting a component"),
    ] {
        let error = refused(&engine, text.as_bytes());
        assert_eq!(error.code(), Code::Unsupported, "{text}: {error}");
        assert!(error.message().contains(says), "{text}: {error} instead of {says}");
    }
}

#[test]
fn what_no_slot_of_the_pool_can_hold_is_a_limit() {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(1).total_core_instances(2).total_memories(1).total_tables(1);
    pool.max_core_instances_per_component(2).max_memories_per_component(1);
    pool.max_tables_per_component(1).max_memory_size(1 << 16).table_elements(10);
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config.memory_reservation(1 << 20).memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let with = |body: &str, instances: usize| {
        let instances = "(core instance (instantiate 0))".repeat(instances);
        format!("(component (core module {body}) {instances})")
    };
    assert!(Artifact::compile(&engine, with("(memory 1)(table 10 funcref)", 1).as_bytes()).is_ok());
    for (text, code, says) in [
        (with("(memory 2)", 1), Code::MemoryLimit, "131072"),
        (with("(table 11 funcref)", 1), Code::MemoryLimit, "11"),
        (with("", 3), Code::ResourceLimit, "maximum of 2"),
        (with("(memory 0)", 2), Code::ResourceLimit, "maximum of 1"),
        (with("(table 0 funcref)", 2), Code::ResourceLimit, "maximum of 1"),
    ] {
        let error = refused(&engine, text.as_bytes());
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(says), "{error}");
    }
}

#[test]
fn serialized_components_come_back() {
    let engine = Engine::default();
    let artifact = Artifact::compile(&engine, TEXT.as_bytes()).unwrap();
    let bytes = artifact.serialize().unwrap();
    let again = read_back(&engine, &bytes).unwrap();
    assert_eq!(again.wit().unwrap(), artifact.wit().unwrap());
    assert!(again.component().get_export_index(None, "answer").is_some());
    assert_eq!(again.serialize().unwrap(), bytes);
}

#[test]
fn damaged_and_foreign_bytes_are_refused() {
    let engine = Engine::default();
    let bytes = Artifact::compile(&engine, TEXT.as_bytes()).unwrap().serialize().unwrap();
    let refusal = |bytes: &[u8]| {
        let error = read_back(&engine, bytes).unwrap_err();
        assert_eq!(error.code(), Code::Compile);
        error.message().to_owned()
    };
    for at in (0..200).chain((200..bytes.len()).step_by(97)) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        refusal(&changed);
        refusal(&bytes[..at]);
    }
    assert!(refusal(&[&bytes[..], b"!"].concat()).contains("damaged"));
    assert!(refusal(&bytes[..bytes.len() - 1]).contains("damaged"));
    assert!(refusal(b"").contains("empty"));
    assert!(refusal(&wat::parse_str(TEXT).unwrap()).contains("still has to be compiled"));
    assert!(refusal(TEXT.as_bytes()).contains("not a serialized component"));
    let mut newer = bytes.clone();
    newer[8] = 5;
    assert!(refusal(&newer).contains("format 5, not 4"));
    // A whole container around something that is not code, as a forger would make it.
    for code in [&b""[..], b"\x7fELF", &[0; 4096], &bytes[..4096]] {
        let (state, price) = (State::default(), Price::default());
        let forged = Container { has_text: 1, state, price, wit: "", code }.write();
        assert!(refusal(&forged).contains("made elsewhere"));
    }
    let mut config = Config::new();
    config.epoch_interruption(true);
    let other = read_back(&Engine::new(&config).unwrap(), &bytes).unwrap_err();
    assert_eq!(other.code(), Code::Compile);
    assert!(other.message().starts_with("made elsewhere: "), "{other}");
    assert!(other.message().contains("epoch interruption"), "{other}");
}

#[test]
fn damaged_components_are_refused_without_panics() {
    let engine = Engine::default();
    let binary = wat::parse_str(TEXT).unwrap();
    for at in 0..binary.len() {
        let _ = Artifact::compile(&engine, &binary[..at]);
        for bit in [0, 3, 7] {
            let mut changed = binary.clone();
            changed[at] ^= 1 << bit;
            let _ = Artifact::compile(&engine, &changed).map(|artifact| artifact.serialize());
        }
    }
}

#[test]
fn endless_wit_is_cut_short() {
    // Twelve kilobytes that spell a long name two thousand times.
    let (name, uses) = ("a".repeat(10_000), " $r".repeat(2000));
    let text = format!(
        r#"(component
            (type $x (record (field "x" u8)))
            (import "{name}" (type $r (eq $x)))
            (import "f" (func (param "p" (tuple{uses})))))"#
    );
    let artifact = Artifact::compile(&Engine::default(), text.as_bytes()).unwrap();
    let error = artifact.wit().unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert!(error.message().contains("longer than 16777216 bytes"), "{error}");
    let again = read_back(&Engine::default(), &artifact.serialize().unwrap()).unwrap();
    assert_eq!(again.wit().unwrap_err().message(), error.message());
}

#[test]
fn what_wit_cannot_spell_still_compiles() {
    let module = r#"(component (core module $m) (export "m" (core module $m)))"#;
    let artifact = Artifact::compile(&Engine::default(), module.as_bytes()).unwrap();
    let error = artifact.wit().unwrap_err();
    assert_eq!(error.code(), Code::Unsupported);
    assert!(error.message().contains("component export `m` is not a function"), "{error}");
}

/// Imports interface `name`, whose type `t` is a new one, or the type `t` of interface `of`.
fn import(name: &str, of: Option<&str>) -> String {
    let id = |name: &str| name.replace([':', '/', '@', '.'], "-");
    let (definition, alias) = match of {
        None => ("(record (field \"x\" u8))".to_owned(), String::new()),
        Some(of) => ("u8".to_owned(), format!("(alias outer 1 ${}-t (type $u))", id(of))),
    };
    let used = if of.is_some() { "$u" } else { "$t" };
    let name_id = id(name);
    format!(
        r#"(import "{name}" (instance ${name_id}
               (type $t {definition}) {alias} (export "t" (type (eq {used})))))
           (alias export ${name_id} "t" (type ${name_id}-t))"#
    )
}

/// Packages that need each other made the decoder recurse until the process ended.
#[test]
fn circles_of_packages_have_no_wit() {
    let engine = Engine::default();
    let of = |imports: &[String]| {
        let text = format!("(component {})", imports.concat());
        Artifact::compile(&engine, text.as_bytes()).unwrap()
    };
    let circle = of(&[
        import("x:b/one", None),
        import("x:a/two", None),
        import("x:a/one", Some("x:b/one")),
        import("x:b/two", Some("x:a/two")),
    ]);
    let error = circle.wit().unwrap_err();
    assert!(error.message().contains("packages use each other's types"), "{error}");
    // Not a circle: the same, but one way only; and two versions of a package.
    let line = of(&[
        import("x:b/one", None),
        import("x:a/one", Some("x:b/one")),
        import("x:b/two", Some("x:b/one")),
        import("x:b/one@1.0.0", Some("x:b/two")),
        import("x:b/one@2.0.0", Some("x:b/one@1.0.0")),
    ]);
    assert!(line.wit().unwrap().contains("use x:b/one@1.0.0.{t};"), "{}", line.wit().unwrap());
}

#[test]
fn long_chains_of_packages_do_not_overflow_the_stack() {
    let compile = |packages: usize| {
        let name = |n: usize, interface| format!("x:p{n}/{interface}");
        let first = (0..packages).map(|n| import(&name(n, "first"), None));
        let last = (0..packages).rev().map(|n| {
            let next = name(n + 1, "last");
            import(&name(n, "last"), (n + 1 < packages).then_some(&*next))
        });
        let text = format!("(component {})", first.chain(last).collect::<String>());
        Artifact::compile(&Engine::default(), text.as_bytes()).unwrap()
    };
    assert!(compile(256).wit().unwrap().contains("use x:p255/last.{t};"));
    let error = compile(257).wit().unwrap_err().message().to_owned();
    assert!(error.contains("more than 256 packages"), "{error}");
}

#[test]
fn deep_types_do_not_overflow_the_stack() {
    let deep = |levels: usize| {
        let (open, close) = ("(list ".repeat(levels), ")".repeat(levels));
        format!("(component (import \"f\" (func (param \"p\" {open}u8{close}))))")
    };
    assert!(Artifact::compile(&Engine::default(), deep(50).as_bytes()).unwrap().wit().is_ok());
    let mut chain = "(component (type $t0 (list u8))".to_owned();
    for level in 1..5000 {
        chain.push_str(&format!("(type $t{level} (list $t{}))", level - 1));
    }
    chain.push_str("(import \"f\" (func (param \"p\" $t4999))))");
    assert_eq!(failure(&deep(100_000)).code(), Code::Compile);
    assert_eq!(failure(&chain).code(), Code::ResourceLimit);
}
