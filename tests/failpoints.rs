//! A panic inside the library is an error, once, and the next call works: for every function that
//! can report one, and at every point of the core that has been given a name.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::programs::{Mode, run_against, stage, write};
use support::{calls, files, read, root, run};

/// Builds the library with the feature `failpoints`, beside the one that cargo built, with the
/// same profile, so that its dependencies are there already.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its path");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let name = profile.file_name().and_then(|n| n.to_str()).expect("a profile has a name");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "wasmcell-failpoints", "--profile"]);
    cargo.arg(if name == "debug" { "dev" } else { name });
    cargo.arg("--target-dir").arg(profile.parent().expect("target")).current_dir(root());
    run(&mut cargo);
    profile.join("libwasmcell_failpoints.so")
}

/// The points that the core names, `failpoint::hit("core:<place>")`: one at least for each step of
/// `core_point` in tests/c/failpoints.h, which walks through them.
fn points() -> Vec<String> {
    let mut found = Vec::new();
    for path in files("src", "rs") {
        for part in read(&path).split("failpoint::hit(\"").skip(1) {
            let point = part.split('"').next().unwrap_or_default();
            found.push(point.to_owned());
        }
    }
    assert!(found.len() >= 5, "only {found:?} in src");
    found
}

/// Both packages name the same dependencies, or the second one would not be the same library.
#[test]
fn the_other_build_has_the_same_dependencies() {
    let section = |manifest: &str, name: &str| -> Vec<String> {
        let text = read(manifest);
        let lines = text.lines().skip_while(|line| *line != name).skip(1);
        let lines = lines.take_while(|line| !line.starts_with('[')).map(str::trim);
        lines.filter(|l| !l.is_empty() && !l.starts_with('#')).map(ToOwned::to_owned).collect()
    };
    for name in ["[dependencies]", "[build-dependencies]"] {
        let ours = section("Cargo.toml", name);
        assert!(!ours.is_empty());
        assert_eq!(section("tests/failpoints/Cargo.toml", name), ours, "{name}");
    }
}

#[test]
fn every_function_survives_a_panic() {
    let stage = stage(&library());
    let source = write("failpoints", &calls::failpoint_program(&points()));
    for mode in [Mode::Plain, Mode::Sanitized] {
        print!("{}", run_against(&source, &stage, mode));
    }
}
