//! What the documents show is what happens: their programs are compiled and run, and facts that
//! stand in several places are the same everywhere.
//!
//! A fenced block ```c, ```cpp or ```go that has a `main` is a program; a block ```text after it is
//! what it prints.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use support::header::Header;
use support::programs::{Mode, cdylib, run_text, stage};
use support::{files, none, read, root, run, scratch, tool};

/// Documents whose programs are run.
const PROGRAMS: [&str; 4] =
    ["README.md", "examples-c/README.md", "bindings/cpp/README.md", "bindings/go/README.md"];

/// Every document of the repository.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    for name in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"] {
        found.push(name.to_owned());
    }
    for directory in ["bindings", "docs", "examples-c", "tests"] {
        let paths = files(directory, "md").into_iter();
        found.extend(paths.map(|path| path.to_string_lossy().into_owned()));
    }
    assert!(found.len() > 12, "only {found:?}");
    found
}

/// A fenced block: its language, its text and the line it begins on.
struct Block {
    language: String,
    text: String,
    line: usize,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in document.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            open = !open;
            if open {
                let (language, line) = (language.trim().to_owned(), number + 1);
                found.push(Block { language, text: String::new(), line });
            }
        } else if open && let Some(block) = found.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!open, "a block does not end");
    found
}

/// Programs in the documents compile without a warning, run, and print what is written below them.
fn check_programs(language: &str, main: &str, run: impl Fn(&str, &str) -> String) {
    let mut programs = 0;
    for document in PROGRAMS {
        let blocks = blocks(&read(document));
        for (i, block) in blocks.iter().enumerate() {
            if block.language != language || !block.text.contains(main) {
                continue;
            }
            programs += 1;
            let stem = format!("{}-{}", document.replace(['/', '.'], "-"), block.line);
            let printed = run(&stem, &block.text);
            let next = blocks.get(i + 1).filter(|next| ["text", ""].contains(&&*next.language));
            if let Some(wanted) = next {
                assert_eq!(printed, wanted.text, "{document}:{}", wanted.line);
            }
        }
    }
    assert!(programs > 0, "no document has a program in {language}");
}

#[test]
fn programs_in_c_do_what_they_say() {
    check_programs("c", "int main(", |stem, text| run_text(stem, text, Mode::Plain));
}

#[test]
fn programs_in_cpp_do_what_they_say() {
    check_programs("cpp", "int main(", |stem, text| {
        let directory = scratch(stem);
        let (source, program) = (directory.join("main.cpp"), directory.join("main"));
        fs::write(&source, text).expect("a scratch directory is writable");
        let library = stage(&cdylib());
        let mut compiler = tool("g++");
        compiler.args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]);
        compiler.args(["-Iinclude", "-Ibindings/cpp/include"]).arg(&source).arg("-o").arg(&program);
        compiler.arg("-L").arg(&library).arg("-lwasmcell").current_dir(root());
        run(compiler.arg(format!("-Wl,-rpath,{}", library.display())));
        run(Command::new(program).current_dir(root()).env_remove("LD_LIBRARY_PATH"))
    });
}

#[test]
fn programs_in_go_do_what_they_say() {
    if Command::new("go").arg("version").output().is_err() {
        println!("not run: there is no Go here");
        return;
    }
    check_programs("go", "func main(", |stem, text| {
        let directory = scratch(stem);
        let (library, root) = (stage(&cdylib()), root());
        let (binding, include) = (root.join("bindings/go"), root.join("include"));
        let name = "github.com/wasmcell/wasmcell/bindings/go";
        let module = format!(
            "module readme\n\ngo 1.24\n\nrequire {name} v0.0.0\n\nreplace {name} => {}\n",
            binding.display()
        );
        let at = library.display();
        let package = format!(
            "Name: wasmcell\nDescription: as built\nVersion: 0\nCflags: -I{}\n\
             Libs: -L{at} -lwasmcell -Wl,-rpath,{at}\n",
            include.display()
        );
        for (name, text) in [("main.go", text), ("go.mod", &module), ("wasmcell.pc", &package)] {
            fs::write(directory.join(name), text).expect("a scratch directory is writable");
        }
        let program = directory.join("main");
        let mut go = tool("go");
        go.arg("build").arg("-o").arg(&program).arg(".").current_dir(&directory);
        go.env("PKG_CONFIG_PATH", &directory)
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=mod");
        run(&mut go);
        run(Command::new(program).current_dir(root).env_remove("LD_LIBRARY_PATH"))
    });
}

/// Every function and constant that a document mentions exists.
#[test]
fn documents_mention_what_exists() {
    let header = Header::committed();
    let text = read("include/wasmcell.h");
    let mut problems = Vec::new();
    for document in documents() {
        let words: BTreeSet<String> = read(&document)
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| w.starts_with("runtime_") || w.starts_with("RUNTIME_"))
            .filter(|w| !w.ends_with('_') && *w != "RUNTIME_BLESS")
            .map(ToOwned::to_owned)
            .collect();
        for word in words {
            let function = header.functions.iter().any(|f| f.name == word);
            if !function
                && !text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == word)
            {
                problems.push(format!("{document}: `{word}` is not in the header"));
            }
        }
    }
    none(&problems);
}

/// The first page is read to its end.
#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 220, "README.md has {lines} lines");
}

/// Relative links lead somewhere.
#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut problems = Vec::new();
    for document in documents() {
        let directory = root().join(&document).parent().expect("a document has one").to_owned();
        // Not in code, where brackets mean something else.
        let text = read(&document);
        let prose: Vec<&str> = text.split("```").step_by(2).collect();
        for part in prose.iter().flat_map(|text| text.split("](").skip(1)) {
            let target = part.split([')', '#']).next().unwrap_or_default();
            let elsewhere = target.is_empty() || target.contains("://");
            if !elsewhere && !directory.join(target).exists() {
                problems.push(format!("{document}: {target} does not exist"));
            }
        }
    }
    none(&problems);
}

/// Paths between backticks exist, whatever is moved.
#[test]
fn documents_name_files_that_exist() {
    let roots = ["src/", "tests/", "bindings/", "docs/", "examples-c/", "include/", "packaging/"];
    let is_pattern = |path: &str| path.contains(['*', '<', ' ', '{']);
    let (mut problems, mut paths) = (Vec::new(), 0);
    for document in documents().iter().filter(|name| *name != "CHANGELOG.md") {
        for quoted in read(document).replace("```", "").split('`').skip(1).step_by(2) {
            if roots.iter().any(|it| quoted.starts_with(it)) && !is_pattern(quoted) {
                paths += 1;
                if !root().join(quoted).exists() {
                    problems.push(format!("{document}: there is no {quoted}"));
                }
            }
        }
    }
    none(&problems);
    assert!(paths > 60, "only {paths} paths");
}

/// tests/README.md says of each file and folder in tests what it is.
#[test]
fn every_test_is_described() {
    let readme = read("tests/README.md");
    let entries = fs::read_dir(root().join("tests")).expect("tests is a folder");
    let names = entries.map(|entry| entry.expect("readable").file_name().into_string().unwrap());
    let is_there = |name: &String| {
        readme.contains(&format!("`{name}`")) || readme.contains(&format!("`{name}/`"))
    };
    none(&names.filter(|name| name != "README.md" && !is_there(name)).collect::<Vec<_>>());
}

/// The version stands in Cargo.toml; where it stands again, it is the same.
#[test]
fn versions_are_the_same_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let header = read("include/wasmcell.h");
    assert!(header.contains(&format!("RUNTIME_VERSION_STRING \"{version}\"")), "the header");
    let changelog = read("CHANGELOG.md");
    let newest = changelog.lines().find_map(|line| line.strip_prefix("## "));
    let newest = newest.expect("CHANGELOG.md has a version").trim_start_matches('[');
    let newest = newest.split(|c: char| !c.is_ascii_digit() && c != '.').next();
    assert_eq!(newest, Some(version), "the newest section of CHANGELOG.md");
    // The oldest Rust, in Cargo.toml and where people are told.
    let rust = env!("CARGO_PKG_RUST_VERSION");
    for document in ["README.md", ".ci/deps"] {
        assert!(read(document).contains(rust), "{document} does not name Rust {rust}");
    }
}

/// Workflows run what people run: targets of the Makefile, each explained by `make help`; and
/// actions by a tag.
#[test]
fn workflows_call_make() {
    let makefile = read("Makefile");
    let is_target = |name: &str| {
        makefile.lines().any(|line| line.starts_with(&format!("{name}:")) && line.contains(" ## "))
    };
    let (mut problems, mut calls) = (Vec::new(), 0);
    for path in files(".github/workflows", "yml") {
        let text = read(&path);
        let matrix: Vec<&str> =
            text.lines().filter_map(|l| l.trim().strip_prefix("- target: ")).collect();
        for line in text.lines().map(|line| line.trim().trim_start_matches("- ")) {
            let at = |problem: &str| format!("{}: {line}: {problem}", path.display());
            if let Some(action) = line.strip_prefix("uses: ") {
                if !action.starts_with("./") && !action.contains("@v") {
                    problems.push(at("not by a tag"));
                }
            } else if let Some(command) = line.strip_prefix("run: ") {
                let target = command.strip_prefix("make ").unwrap_or_default();
                let targets = match target.contains("matrix.target") {
                    true => matrix.clone(),
                    false => vec![target],
                };
                for target in targets {
                    calls += 1;
                    if !is_target(target.split(' ').next().unwrap_or_default()) {
                        problems.push(at("no target that `make help` shows"));
                    }
                }
            }
        }
    }
    none(&problems);
    assert!(calls >= 6, "only {calls} calls of make");
}

/// Feature names and bits: the core, the header and what the library says are one list.
#[test]
fn features_are_the_same_everywhere() {
    let program = "#include \"check.h\"\nint main(void) {\n  \
        for (size_t i = 0; i < runtime_feature_count(); i++)\n    \
        printf(\"%s %llu\\n\", runtime_feature_name(i),\n           \
        (unsigned long long)runtime_feature_bit(i));\n}\n";
    let said: BTreeSet<String> =
        run_text("readme_features", program, Mode::Plain).lines().map(ToOwned::to_owned).collect();
    let header = Header::committed();
    let constants = header.macros.iter().filter_map(|m| {
        let name = m.name.strip_prefix("RUNTIME_FEATURE_")?.to_lowercase().replace('_', "-");
        Some(format!("{name} {}", number(&m.value)))
    });
    assert_eq!(said, constants.collect(), "the library, and the constants of the header");
    let text = read("include/wasmcell.h");
    for line in &said {
        let name = line.split(' ').next().expect("a name");
        assert!(text.contains(name), "the header does not tell the name `{name}`");
    }
}

/// `4`, `(1 << 2)` or `UINT64_C(4)` as a number.
fn number(value: &str) -> u64 {
    let digits = |text: &str| -> u64 {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
    };
    let value = value.replace("UINT64_C", "").replace("ULL", "");
    match value.split_once("<<") {
        Some((one, shift)) => digits(one) << digits(shift),
        None => digits(&value),
    }
}
