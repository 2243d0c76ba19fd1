//! Writes the C header into `OUT_DIR`, and gives the shared library its name.
//!
//! tests/failpoints builds the same sources with the same script from another directory.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/abi.rs"]
mod abi;

/// The header's table of contents: C programmers meet the functions in this order.
const CHAPTERS: [(&str, &[&str]); 21] = [
    ("Versions and features", &["capi/version.rs"]),
    ("Errors", &["capi/code.rs", "capi/error.rs"]),
    ("Callbacks", &["capi/callback.rs"]),
    ("Bytes", &["capi/bytes.rs"]),
    (
        "Builder",
        &[
            "capi/builder.rs",
            "capi/builder/limits.rs",
            "capi/builder/bounds.rs",
            "capi/builder/loads.rs",
            "capi/builder/operation.rs",
            "capi/builder/trust.rs",
        ],
    ),
    ("Runtime", &["capi/runtime.rs"]),
    ("Signals", &["capi/signals.rs"]),
    ("Statistics", &["capi/stats.rs"]),
    (
        "Sandbox",
        &[
            "capi/sandbox.rs",
            "capi/sandbox/stdio.rs",
            "capi/sandbox/network.rs",
            "capi/sandbox/reproducible.rs",
        ],
    ),
    (
        "Components",
        &[
            "capi/component/options.rs",
            "capi/component.rs",
            "capi/component/loading.rs",
            "capi/component/linking.rs",
            "capi/component/shared.rs",
            "capi/component/reflection.rs",
        ],
    ),
    ("Types", &["capi/kind.rs", "capi/types.rs"]),
    ("Values", &["marshal/layout.rs", "capi/value.rs"]),
    ("Cancel tokens", &["capi/cancel.rs"]),
    ("Output", &["capi/output.rs"]),
    ("Functions", &["capi/options.rs", "capi/function.rs", "capi/component/command.rs"]),
    (
        "Asynchronous calls",
        &["capi/pending.rs", "capi/pending/progress.rs", "capi/pending/completion.rs"],
    ),
    ("Instances", &["capi/instance.rs", "capi/instance/starting.rs"]),
    ("Linkers", &["capi/linker.rs", "capi/linker/table.rs", "capi/linker/provider.rs"]),
    ("Host functions", &["capi/call.rs", "capi/call/reply.rs"]),
    ("Resources", &["capi/resource.rs"]),
    (
        "HTTP",
        &[
            "capi/http/reason.rs",
            "capi/http.rs",
            "capi/http/fields.rs",
            "capi/http/request.rs",
            "capi/http/exchange.rs",
        ],
    ),
];

/// Macros that initialise the structs with a `struct_size`: (struct, its other fields).
const INITIALISERS: [(&str, &str); 15] = [
    ("runtime_frame_t", "NULL, NULL, 0, NULL, 0, 0"),
    ("runtime_error_details_t", "NULL, NULL, NULL, 0, 0"),
    ("runtime_info_t", "0, 0, 0, 0, 0, 0, NULL"),
    (
        "runtime_stats_t",
        "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
         0",
    ),
    ("runtime_component_limits_t", "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"),
    ("runtime_component_reuse_t", "0, 0, 0, 0"),
    ("runtime_component_options_t", "NULL, 0, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, NULL"),
    ("runtime_call_report_t", "0, 0"),
    ("runtime_call_options_t", "0, 0, NULL, NULL, NULL, NULL, NULL, NULL"),
    ("runtime_completion_t", "NULL, NULL, NULL, NULL"),
    ("runtime_component_completion_t", "NULL, NULL, NULL, NULL"),
    ("runtime_instance_completion_t", "NULL, NULL, NULL, NULL"),
    ("runtime_definition_t", "NULL, 0, NULL"),
    ("runtime_provider_options_t", "NULL, 0, NULL, 0"),
    (
        "runtime_http_request_t",
        "NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL",
    ),
];

fn main() {
    let root = root();
    let header = header(&root);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("wasmcell.h"), header).expect("OUT_DIR is writable");
    println!("cargo::rustc-env=WASMCELL_WASMTIME_VERSION={}", wasmtime_version(&root));
    link();
    for input in
        ["build.rs", "cbindgen.toml", "Cargo.lock", "src/abi.rs", "src/capi", "src/marshal"]
    {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
}

/// The directory of this script, wherever the package is that it builds.
fn root() -> PathBuf {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let is_root = |dir: &&Path| dir.join("cbindgen.toml").is_file();
    package.ancestors().find(is_root).expect("the package is inside the repository").to_owned()
}

fn header(root: &Path) -> String {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml").to_str().expect("UTF-8"))
        .expect("cbindgen.toml parses");
    let overview = read(&root.join("src/capi/overview.h"));
    let mut builder = cbindgen::Builder::new()
        .with_config(config)
        .with_header(overview.trim_end())
        .with_after_include(preamble());
    for source in CHAPTERS.iter().flat_map(|(_, sources)| *sources) {
        builder = builder.with_src(root.join("src").join(source));
    }
    let mut header = Vec::new();
    builder.generate().expect("every exported item has a C spelling").write(&mut header);
    let mut header = tidy(&String::from_utf8(header).expect("cbindgen writes UTF-8"));
    for (name, fields) in INITIALISERS {
        initialiser(&mut header, name, fields);
    }
    for (title, sources) in CHAPTERS {
        let first = sources.iter().find_map(|source| first_export(&root.join("src").join(source)));
        if let Some(function) = first {
            heading(&mut header, title, &function);
        }
    }
    header
}

/// Version numbers and attributes.
fn preamble() -> String {
    let [major, minor, patch] = ["MAJOR", "MINOR", "PATCH"]
        .map(|part| env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets versions"));
    let abi = abi::NUMBER;
    let types = rule("Constants and types");
    format!(
        r#"
/** Version of this header; runtime_version() tells that of the library. */
#define RUNTIME_VERSION_MAJOR {major}
#define RUNTIME_VERSION_MINOR {minor}
#define RUNTIME_VERSION_PATCH {patch}
#define RUNTIME_VERSION_STRING "{major}.{minor}.{patch}"
/** The version as one number, for comparisons in #if. */
#define RUNTIME_VERSION \
  ((RUNTIME_VERSION_MAJOR << 16) | (RUNTIME_VERSION_MINOR << 8) | RUNTIME_VERSION_PATCH)
/** The ABI this header describes; runtime_abi_version() tells that of the library. */
#define RUNTIME_ABI_VERSION {abi}

/* Define RUNTIME_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(RUNTIME_STATIC)
#define RUNTIME_API __declspec(dllimport)
#else
#define RUNTIME_API
#endif

/* The compiler warns when the answer is ignored, unless a program defines this otherwise first:
   as nothing, or as what its own compiler and style want. */
#ifndef RUNTIME_NODISCARD
#if defined(__GNUC__)
#define RUNTIME_NODISCARD __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define RUNTIME_NODISCARD _Check_return_
#else
#define RUNTIME_NODISCARD
#endif
#endif

{types}"#
    )
}

/// Puts the macro that initialises `name` behind its definition.
fn initialiser(header: &mut String, name: &str, fields: &str) {
    let end = format!("}} {name};\n");
    let at = header.find(&end).unwrap_or_else(|| panic!("the header defines {name}")) + end.len();
    let mut text = String::new();
    let macro_name = name.trim_end_matches("_t").to_uppercase() + "_INIT";
    let _ = writeln!(text, "/** Defaults for a {name}. */");
    let _ = writeln!(text, "#define {macro_name} {{sizeof({name}), {fields}}}");
    header.insert_str(at, &text);
}

/// Puts a heading above the comment of `function`.
fn heading(header: &mut String, title: &str, function: &str) {
    let is_declaration = |at: &usize| {
        let line = header[..*at].rfind('\n').map_or(0, |newline| newline + 1);
        header[line..].starts_with("RUNTIME_API ")
    };
    let call = format!("{function}(");
    let mut places = header.match_indices(&call).map(|(at, _)| at);
    let declaration = places.find(is_declaration).expect("the header declares what is exported");
    let at = header[..declaration].rfind("/**\n").expect("every function is documented");
    header.insert_str(at, &format!("{}\n\n", rule(title)));
}

fn rule(title: &str) -> String {
    format!("/* {title} {} */", "-".repeat(93 - title.len()))
}

/// What cbindgen has no setting for: comments of one line on one line, and functions as
/// `RUNTIME_API type name(` with each of several parameters on its own line.
fn tidy(header: &str) -> String {
    let mut out = String::new();
    let mut lines = header.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "/**" {
            let text = lines.next().unwrap_or_default();
            if lines.next_if(|end| end.trim() == "*/").is_some() {
                let indent = &line[..line.len() - 3];
                let _ = writeln!(out, "{indent}/** {} */", text.trim().trim_start_matches("* "));
            } else {
                let _ = writeln!(out, "{line}\n{text}");
            }
        } else if line == "RUNTIME_API" {
            let mut code = line.to_owned();
            while !code.ends_with(';') {
                code.push(' ');
                code.push_str(lines.next().expect("a declaration ends").trim());
            }
            let _ = writeln!(out, "{}", declaration(&code.replace("struct ", "")));
        } else {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn declaration(code: &str) -> String {
    let (head, parameters) = code.split_once('(').expect("a function has parameters");
    match parameters.contains(',') || code.len() > 100 {
        true => format!("{head}(\n    {}", parameters.replace(", ", ",\n    ")),
        false => code.to_owned(),
    }
}

/// The first function that `source` exports.
fn first_export(source: &Path) -> Option<String> {
    let text = read(source);
    let (_, exported) = text.split_once("#[unsafe(no_mangle)]\n")?;
    let (_, name) = exported.split_once("fn ")?;
    Some(name.split_once('(')?.0.to_owned())
}

/// The version of wasmtime that is built in; it does not tell, so the lock file does.
fn wasmtime_version(root: &Path) -> String {
    let lock = read(&root.join("Cargo.lock"));
    let (_, package) = lock.split_once("name = \"wasmtime\"\nversion = \"").expect("wasmtime");
    package.split_once('"').expect("the lock file is well-formed").0.to_owned()
}

/// The shared library is known by its ABI number, which changes far less often than its version;
/// and it stays loaded, because wasmtime's signal handlers point into it.
fn link() {
    let name = env::var("CARGO_PKG_NAME").expect("cargo sets it");
    if name != "wasmcell" {
        return; // tests load the others by path
    }
    let number = abi::NUMBER;
    match env::var("CARGO_CFG_TARGET_OS").expect("cargo sets it").as_str() {
        "linux" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,lib{name}.so.{number},-z,nodelete")
        }
        "macos" => println!(
            "cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/lib{name}.{number}.dylib"
        ),
        _ => {}
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
