//! The header stands alone, in every dialect, without a warning, and brings no names along that
//! are not ours.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use support::header::Header;
use support::programs::{cdylib, stage};
use support::{output, root, run, scratch, tool};

const C: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CPP: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "c++2b"];
const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];

/// What `-Weverything` says about any header, however it is written.
const NOT_WARNINGS: [&str; 6] = [
    "-Wno-padded",                // remarks that structs have holes; layout.txt watches
    "-Wno-c++98-compat",          // C++98 has no <stdint.h>
    "-Wno-c++98-compat-pedantic", // the same
    "-Wno-documentation-unknown-command", // @threadsafe and @since are ours and Doxygen's
    "-Wno-unused-macros",         // the header does not use its own macros
    "-Wno-unknown-warning-option", // clang of another version
];

/// Compiles a file that includes the header and nothing else.
fn compile_alone(compiler: &str, language: &str, standard: &str, flags: &[&str]) -> Vec<String> {
    let name = format!("alone-{compiler}-{standard}-{}", flags.len());
    let source = scratch("headers").join(name).with_extension(language);
    fs::write(&source, "#include <wasmcell.h>\n").expect("the scratch directory is writable");
    let mut command = tool(compiler);
    command.current_dir(root()).arg(format!("-std={standard}")).args(WARNINGS).args(flags);
    // -I rather than -isystem: warnings in system headers are silent.
    let done = output(command.args(["-fsyntax-only", "-Iinclude"]).arg(&source));
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let failed = !done.status.success() || !text.is_empty();
    failed.then(|| format!("{compiler} -std={standard} {flags:?}:\n{text}")).into_iter().collect()
}

fn compile_in_all(cc: &str, cxx: &str, flags: &[&str]) {
    let c = C.iter().flat_map(|standard| compile_alone(cc, "c", standard, flags));
    let cpp = CPP.iter().flat_map(|standard| compile_alone(cxx, "cc", standard, flags));
    support::none(&c.chain(cpp).collect::<Vec<_>>());
}

#[test]
fn gcc_accepts_it_alone_in_every_dialect() {
    compile_in_all("gcc", "g++", &["-Wundef", "-Wshadow"]);
    support::none(&compile_alone("gcc", "c", "c99", &["-Wstrict-prototypes"]));
}

#[test]
fn clang_accepts_it_alone_in_every_dialect() {
    compile_in_all("clang", "clang++", &["-Wundef", "-Wshadow"]);
}

/// Rows 24 and 25: among everything, reserved identifiers and documentation that does not match.
#[test]
fn clang_finds_nothing_to_say_about_it() {
    compile_in_all("clang", "clang++", &[&["-Weverything"][..], &NOT_WARNINGS].concat());
    let narrow = ["-Wdocumentation", "-Wreserved-identifier", "-Wreserved-macro-identifier"];
    compile_in_all("clang", "clang++", &narrow);
}

/// Compiles `text` and says what the compiler had to say.
fn compile_text(compiler: &str, stem: &str, language: &str, text: &str) -> String {
    let source = scratch("headers").join(format!("{stem}-{compiler}.{language}"));
    fs::write(&source, text).expect("the scratch directory is writable");
    let mut command = tool(compiler);
    // gcc finds some problems only when it makes code.
    command.current_dir(root()).args(WARNINGS).args(["-S", "-o", "/dev/null", "-Iinclude"]);
    command.arg(&source);
    String::from_utf8_lossy(&output(&mut command).stderr).into_owned()
}

const COMPILERS: [(&str, &str); 4] =
    [("gcc", "c"), ("g++", "cc"), ("clang", "c"), ("clang++", "cc")];

/// Hosts have headers called runtime.h, and guards called after them.
#[test]
fn a_host_may_have_a_runtime_of_its_own() {
    let text = "#define RUNTIME_H 1\n#define RUNTIME 2\n#include <wasmcell.h>\n\
                #include <wasmcell.h>\nruntime_t *ours(void);\nruntime_t *ours(void) \
                { return (runtime_t *)0; }\n#ifndef WASMCELL_H\n#error no guard\n#endif\n";
    for (compiler, language) in COMPILERS {
        let said = compile_text(compiler, "guard", language, text);
        assert!(said.is_empty(), "{compiler}: {said}");
    }
}

/// The warning about ignored errors is there, and a program may have it otherwise.
#[test]
fn a_host_may_define_what_nodiscard_is() {
    let text = "#include <wasmcell.h>\nvoid f(void);\n\
                void f(void) { runtime_build((runtime_builder_t *)0, (runtime_t **)0); }\n";
    for (compiler, language) in COMPILERS {
        let said = compile_text(compiler, "nodiscard", language, text);
        assert!(said.contains("unused-result"), "{compiler} does not warn: {said}");
        let text = format!("#define RUNTIME_NODISCARD\n{text}");
        let said = compile_text(compiler, "discard", language, &text);
        assert!(said.is_empty(), "{compiler}: {said}");
    }
}

/// Row 24: the only new macros are `RUNTIME_` and the guard, and it includes three headers of the
/// system.
#[test]
fn the_only_new_macros_are_ours() {
    let macros = |compiler: &str, language: &str, text: &str| -> BTreeSet<String> {
        let mut command = tool(compiler);
        command.current_dir(root()).args(["-x", language, "-E", "-dM", "-Iinclude", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("runs");
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
        let done = child.wait_with_output().expect("it ends");
        assert!(done.status.success(), "{compiler} cannot preprocess the header");
        String::from_utf8_lossy(&done.stdout).lines().map(ToOwned::to_owned).collect()
    };
    let base = "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n";
    for (compiler, language) in [("gcc", "c"), ("g++", "c++"), ("clang", "c"), ("clang++", "c++")] {
        let before = macros(compiler, language, base);
        let after = macros(compiler, language, &format!("{base}#include <wasmcell.h>\n"));
        let alone = macros(compiler, language, "#include <wasmcell.h>\n");
        assert_eq!(after, alone, "{compiler}: the header includes something else");
        let is_ours = |m: &String| m.starts_with("#define RUNTIME_") || m == "#define WASMCELL_H ";
        let new: Vec<&String> = after.difference(&before).filter(|m| !is_ours(m)).collect();
        assert!(new.is_empty(), "{compiler}: {new:?}");
    }
    // An unparenthesised negative number changes its meaning in an expression.
    for found in Header::committed().macros {
        assert!(!found.value.starts_with('-'), "{}: {} is bare", found.name, found.value);
    }
}

/// Row 23: C++ finds every function in the library, under its C name.
#[test]
fn every_function_links_from_c_and_cpp() {
    let stage = stage(&cdylib());
    let header = Header::committed();
    for (compiler, language) in COMPILERS {
        let mut text = String::from("#include <wasmcell.h>\n\ntypedef void (*any)(void);\n");
        text += "static any volatile functions[] = {\n";
        for function in &header.functions {
            text += &format!("  (any){},\n", function.name);
        }
        text += "};\n\nint main(void) {\n  int missing = 0;\n  for (unsigned i = 0; ";
        text += "i < sizeof functions / sizeof *functions; i++) missing += !functions[i];\n";
        text += "  return missing;\n}\n";
        let source = scratch("headers").join(format!("links-{compiler}.{language}"));
        fs::write(&source, text).expect("the scratch directory is writable");
        let program = source.with_extension("program");
        let mut command = tool(compiler);
        command.current_dir(root()).args(["-Wall", "-Werror", "-Iinclude"]).arg(&source);
        command.arg("-L").arg(&stage).arg("-lwasmcell").arg("-o").arg(&program);
        run(command.arg(format!("-Wl,-rpath,{}", stage.display())));
        run(&mut std::process::Command::new(&program));
    }
}

/// Row 25: Doxygen finds every parameter, return value and member documented.
#[test]
fn doxygen_has_no_warnings() {
    let directory = scratch("doxygen");
    let settings = format!(
        "PROJECT_NAME = wasmcell\nINPUT = include/wasmcell.h\nOUTPUT_DIRECTORY = {}\n\
         GENERATE_LATEX = NO\nGENERATE_HTML = YES\nHAVE_DOT = NO\nQUIET = YES\n\
         OPTIMIZE_OUTPUT_FOR_C = YES\n\
         ALIASES += \"threadsafe=@par Threads^^\"\nJAVADOC_AUTOBRIEF = YES\n\
         ENABLE_PREPROCESSING = YES\nMACRO_EXPANSION = YES\nEXPAND_ONLY_PREDEF = YES\n\
         PREDEFINED = RUNTIME_API= RUNTIME_NODISCARD=\n\
         WARNINGS = YES\nWARN_IF_UNDOCUMENTED = YES\nWARN_IF_DOC_ERROR = YES\n\
         WARN_IF_INCOMPLETE_DOC = YES\nWARN_NO_PARAMDOC = YES\n\
         WARN_AS_ERROR = FAIL_ON_WARNINGS\n",
        directory.display()
    );
    let file = directory.join("Doxyfile");
    fs::write(&file, settings).expect("the scratch directory is writable");
    let done = output(tool("doxygen").current_dir(root()).arg(&file));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "doxygen: {}\n{said}", done.status);
}
