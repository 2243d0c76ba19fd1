//! What programs that were built against this library may rely on: the header, the exported
//! names, the numbers, the layouts and the name of the library.
//!
//! `make bless` (`RUNTIME_BLESS=1`) rewrites the header and adds new lines to the goldens; it never
//! removes a line from them, because a promise is not taken back.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use support::header::{Header, Shape};
use support::programs::{Mode, cdylib, run_text, soname};
use support::{blessing, none, read, root, run, tool};

/// `include/wasmcell.h` is what the sources say it is.
#[test]
fn header_is_current() {
    let generated = fs::read_to_string(concat!(env!("OUT_DIR"), "/wasmcell.h"));
    let generated = generated.expect("build.rs writes the header");
    if blessing() {
        fs::write(root().join("include/wasmcell.h"), &generated).expect("the header is writable");
    }
    let committed = read("include/wasmcell.h");
    let difference = committed.lines().zip(generated.lines()).position(|(a, b)| a != b);
    if let Some(i) = difference {
        let line = |text: &str| text.lines().nth(i).unwrap_or_default().to_owned();
        let (ours, theirs) = (line(&committed), line(&generated));
        panic!("line {}: `{ours}`, but the sources say `{theirs}`; `make bless`", i + 1);
    }
    assert_eq!(committed.lines().count(), generated.lines().count(), "`make bless` rewrites it");
}

/// The lines of a golden file without comments. With `RUNTIME_BLESS=1`, lines of `actual` that it
/// lacks are added at its end.
fn golden(name: &str, actual: &BTreeSet<String>) -> BTreeSet<String> {
    let path = root().join("tests/abi").join(name);
    let mut text = fs::read_to_string(&path).unwrap_or_default();
    let lines = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
        lines.map(ToOwned::to_owned).collect()
    };
    if blessing() {
        let known = lines(&text);
        for line in actual.difference(&known) {
            let _ = writeln!(text, "{line}");
        }
        fs::write(&path, &text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    lines(&text)
}

#[track_caller]
fn expect_same(what: &str, promised: &BTreeSet<String>, actual: &BTreeSet<String>) {
    let gone = promised.difference(actual).map(|l| format!("promised, but gone: {l}"));
    let new = actual.difference(promised).map(|l| format!("new; `make bless` adds it: {l}"));
    none(&gone.chain(new).map(|l| format!("{what}: {l}")).collect::<Vec<_>>());
}

/// The shared library exports the functions in `exports.txt`, and nothing else; the header
/// declares the same.
#[test]
fn exports_are_as_promised() {
    let nm = run(tool("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(cdylib()));
    let exported: BTreeSet<String> = nm.lines().map(ToOwned::to_owned).collect();
    let declared: BTreeSet<String> =
        Header::committed().functions.into_iter().map(|f| f.name).collect();
    let promised = golden("exports.txt", &declared);
    expect_same("the library", &promised, &exported);
    expect_same("the header", &promised, &declared);
}

/// Runs a C program that prints `body`'s lines.
fn print_from_c(stem: &str, body: &str) -> BTreeSet<String> {
    let text = format!("#include \"check.h\"\n\nint main(void) {{\n{body}  return 0;\n}}\n");
    run_text(stem, &text, Mode::Plain).lines().map(ToOwned::to_owned).collect()
}

/// Every number that has a name keeps it: error codes, kinds, levels, feature bits.
#[test]
fn numbers_are_for_ever() {
    let header = Header::committed();
    let mut names = Vec::new();
    for ty in &header.types {
        if let Shape::Enum(enumerators) = &ty.shape {
            names.extend(enumerators.iter().map(|(name, _)| name.clone()));
        }
    }
    let features = header.macros.iter().filter(|m| m.name.starts_with("RUNTIME_FEATURE_"));
    names.extend(features.map(|m| m.name.clone()));
    assert!(names.contains(&"RUNTIME_ERROR_TRAP".to_owned()), "{names:?}");
    let print = |name| format!("  printf(\"{name} %llu\\n\", (unsigned long long){name});\n");
    let actual = print_from_c("abi_codes", &names.iter().map(print).collect::<String>());

    let promised = golden("codes.txt", &actual);
    let (retired, live): (BTreeSet<_>, BTreeSet<_>) =
        promised.into_iter().partition(|line| line.starts_with("retired "));
    expect_same("numbers", &live, &actual);
    for line in retired {
        let (name, number) = line["retired ".len()..].split_once(' ').expect("retired NAME NUMBER");
        let family = name.split('_').take(2).collect::<Vec<_>>().join("_");
        let reused = actual.iter().find(|l| {
            l.starts_with(&format!("{name} "))
                || l.starts_with(&family) && l.ends_with(&format!(" {number}"))
        });
        assert!(reused.is_none(), "{line}, but now there is {}", reused.unwrap());
    }
}

/// Lines `type size N` and `type.field at N size N`, for every transparent struct, as C sees it.
fn layouts_in_c() -> BTreeSet<String> {
    let mut body = String::new();
    for ty in &Header::committed().types {
        let (Shape::Struct(fields) | Shape::Union(fields)) = &ty.shape else { continue };
        let name = &ty.name;
        let _ = writeln!(body, "  printf(\"{name} size %zu\\n\", sizeof({name}));");
        for field in fields {
            let field = &field.name;
            let place = format!("offsetof({name}, {field}), sizeof((({name} *)0)->{field})");
            let _ = writeln!(body, "  printf(\"{name}.{field} at %zu size %zu\\n\", {place});");
        }
    }
    print_from_c("abi_layout", &body)
}

/// Fields stay where they are: programs have been compiled with their places. A struct that
/// begins with its size may grow at its end, so its own size is not promised.
#[test]
fn layouts_are_as_promised() {
    let header = Header::committed();
    let grows = |line: &String| {
        let name = line.split([' ', '.']).next().unwrap_or_default();
        let Some(Shape::Struct(fields)) = header.ty(name).map(|t| &t.shape) else { return false };
        line.starts_with(&format!("{name} size")) && fields[0].name == "struct_size"
    };
    let mut actual = layouts_in_c();
    actual.retain(|line| !grows(line));
    assert!(actual.contains("runtime_value_t size 24"), "{actual:?}");
    expect_same("layouts", &golden("layout.txt", &actual), &actual);
}

/// The layout of Rust types, measured by Rust.
macro_rules! measure {
    ($($ty:ident { $($field:ident)* })*) => {
        BTreeSet::from([$(
            concat!(stringify!($ty), " size ").to_owned() + &size_of::<$ty>().to_string(),
            $(format!(
                "{}.{} at {} size {}",
                stringify!($ty),
                stringify!($field),
                std::mem::offset_of!($ty, $field),
                size_of_field(|it: $ty| {
                    #[allow(unused_unsafe, reason = "one macro for structs and unions")]
                    // SAFETY: any bytes are a value of these fields; and nothing calls this.
                    unsafe { it.$field }
                }),
            ),)*
        )*])
    };
}

fn size_of_field<T, F>(_: impl Fn(T) -> F) -> usize {
    size_of::<F>()
}

/// The library reads values where C puts them.
#[test]
fn rust_and_c_agree_on_values() {
    use wasmcell::marshal::layout::{
        runtime_flags_t, runtime_list_t, runtime_slice_t, runtime_string_t, runtime_value_of_t,
        runtime_value_t,
    };
    let rust = measure! {
        runtime_string_t { ptr len }
        runtime_list_t { ptr len }
        runtime_slice_t { ptr len }
        runtime_flags_t { ptr len }
        runtime_value_of_t {
            boolean s8 u8 s16 u16 s32 u32 s64 u64 f32 f64 character string list values payload
            flags resource
        }
        runtime_value_t { kind element reserved index of }
    };
    let types: BTreeSet<&str> = rust.iter().filter_map(|l| l.split([' ', '.']).next()).collect();
    let mut c = layouts_in_c();
    c.retain(|line| line.split([' ', '.']).next().is_some_and(|ty| types.contains(ty)));
    expect_same("values", &rust, &c);
}

/// Programs look for the ABI number, not the version; and the library stays loaded, because
/// wasmtime's signal handlers point into it.
#[test]
fn the_library_is_named_and_stays_loaded() {
    let abi = read("src/abi.rs");
    let number = abi.split("NUMBER: u32 = ").nth(1).and_then(|t| t.split(';').next());
    let number = number.expect("src/abi.rs has the ABI number");
    assert_eq!(soname(&cdylib()), Some(format!("libwasmcell.so.{number}")));
    let dynamic = run(tool("readelf").arg("-dW").arg(cdylib()));
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

/// The header, the library and Cargo agree on the version, and the packed one is ordered.
#[test]
fn versions_agree() {
    let printed = print_from_c(
        "abi_version",
        "  _Static_assert(RUNTIME_VERSION == RUNTIME_VERSION_MAJOR * 65536\n\
             + RUNTIME_VERSION_MINOR * 256 + RUNTIME_VERSION_PATCH, \"packed\");\n\
           CHECK(RUNTIME_ABI_VERSION == runtime_abi_version());\n\
           CHECK_TEXT(runtime_version(), RUNTIME_VERSION_STRING);\n\
           printf(\"%s\\n\", runtime_version());\n\
           printf(\"%d.%d.%d\\n\", (int)RUNTIME_VERSION_MAJOR, (int)RUNTIME_VERSION_MINOR,\n\
                  (int)RUNTIME_VERSION_PATCH);\n\
           printf(\"wasmtime %s\\n\", runtime_wasmtime_version());\n",
    );
    let lock = read("Cargo.lock");
    let after = lock.split("name = \"wasmtime\"\nversion = \"").nth(1).expect("wasmtime is locked");
    let wasmtime = after.split('"').next().expect("a version");
    let wanted = [env!("CARGO_PKG_VERSION").to_owned(), format!("wasmtime {wasmtime}")];
    assert_eq!(printed, wanted.into_iter().collect());
}

/// A program needs the C library and nothing else, so one file is all there is to ship.
#[test]
fn the_library_asks_for_little() {
    let dynamic = run(tool("readelf").arg("-dW").arg(cdylib()));
    let needed: BTreeSet<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split_once('[')?.1.split_once(']').map(|(name, _)| name))
        .collect();
    let known = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"];
    let known = known.iter().chain(&["libpthread.so.0", "libdl.so.2", "librt.so.1"]);
    let known: BTreeSet<&str> = known.chain(&["ld-linux-aarch64.so.1"]).copied().collect();
    assert!(needed.is_subset(&known), "needs {needed:?}");
}
