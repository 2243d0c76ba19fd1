//! What holds for the scenarios of `tests/conformance` in every language; `tests/c.rs` runs them
//! in C. Their format is in `tests/conformance/README.md`.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use support::programs::{Mode, run_source};
use support::{files, none, read, root};

const DIRECTORY: &str = "tests/conformance";

/// Codes that no scenario can produce, and why.
const BEYOND: [(&str, &str); 8] = [
    ("NONE", "it stands for success"),
    ("HTTP", "no scenario has requests; tests/c/http_hostile.c"),
    ("FORKED", "a Go program cannot fork; tests/c/fork.c forks"),
    ("DESCRIPTOR_LIMIT", "guests get WASI's own error first; tests/c/descriptors.c"),
    ("LOOKUP_LIMIT", "as above; tests/c/lookups.c"),
    ("DISK_QUOTA", "as above; tests/c/quota.c"),
    ("SHUTDOWN", "no scenario outlives its runtime; tests/c/shutdown.c"),
    ("PANIC", "it takes a bug; tests/failpoints.rs has one for each function"),
];

/// Lines of the scenario files: file, key, value.
fn lines() -> Vec<(String, String, String)> {
    let mut lines = Vec::new();
    for path in files(DIRECTORY, "txt") {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        for line in read(&path).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            lines.push((name.clone(), key.to_owned(), value.to_owned()));
        }
    }
    lines
}

/// `file: scenario` for each, as a driver prints it.
fn scenarios() -> Vec<String> {
    let lines = lines().into_iter().filter(|(_, key, _)| key == "scenario");
    lines.map(|(file, _, name)| format!("{file}: {name}")).collect()
}

#[test]
fn every_error_code_is_covered() {
    let codes = read("tests/abi/codes.txt");
    let names = codes.lines().filter_map(|line| line.split(' ').next());
    let all: BTreeSet<_> = names.filter_map(|name| name.strip_prefix("RUNTIME_ERROR_")).collect();
    let lines = lines();
    let produced = lines.iter().filter(|(_, key, _)| key == "error").map(|(.., code)| &**code);
    let produced: BTreeSet<&str> = produced.collect();
    let excused = BEYOND.iter().map(|(code, _)| *code).collect();
    let missing = all.difference(&produced).copied().collect::<BTreeSet<_>>();
    assert_eq!(missing, excused, "codes that no scenario expects against those that none can");
    let unknown = produced.difference(&all).collect::<Vec<_>>();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_trap_is_covered() {
    let codes = read("tests/abi/codes.txt");
    let names = codes.lines().filter_map(|line| line.split(' ').next());
    let all = names.filter_map(|name| name.strip_prefix("RUNTIME_TRAP_"));
    let all: BTreeSet<_> = all.map(|name| name.to_lowercase().replace('_', "-")).collect();
    let lines = lines().into_iter().filter(|(_, key, _)| key == "trap");
    let produced: BTreeSet<_> = lines.map(|(.., trap)| trap).collect();
    let missing: Vec<_> = all.difference(&produced).filter(|name| *name != "none").collect();
    assert!(missing.is_empty(), "no scenario expects {missing:?}");
}

#[test]
fn every_scenario_has_a_name_of_its_own() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> =
        scenarios().into_iter().filter(|name| !seen.insert(name.clone())).collect();
    none(&twice);
}

#[test]
fn every_guest_is_used_and_there() {
    let lines = lines();
    let loads = |key: &str| ["component", "provider"].contains(&key);
    let used = lines.iter().filter(|(_, key, _)| loads(key)).map(|(.., value)| value);
    let used = used.filter_map(|value| value.split(' ').next());
    let used: BTreeSet<String> = used.map(|path| format!("tests/{path}")).collect();
    let guests = files("tests/conformance/guests", "wat").into_iter();
    let unused = guests.map(|path| path.to_string_lossy().into_owned());
    none(&unused.filter(|path| !used.contains(path)).collect::<Vec<_>>());
    let missing = used.into_iter().filter(|path| !root().join(path).exists());
    none(&missing.filter(|path| !path.contains("no-such")).collect::<Vec<_>>());
}

#[test]
fn the_readme_names_every_key() {
    let readme = read("tests/conformance/README.md");
    let keys: BTreeSet<String> = lines().into_iter().map(|(_, key, _)| key).collect();
    let missing = keys.into_iter().filter(|key| !readme.contains(&format!("`{key}:")));
    none(&missing.collect::<Vec<_>>());
}

#[test]
fn the_driver_in_c_skips_nothing() {
    let printed = run_source(Path::new("tests/c/conformance.c"), Mode::Plain);
    let ran: Vec<String> =
        printed.lines().filter_map(|l| Some(l.strip_prefix("ok ")?.into())).collect();
    assert_eq!(ran, scenarios());
}

/// Rewrites the guests of signature.txt, with keys that nobody keeps.
/// `cargo test --release --test conformance -- --ignored`
#[test]
#[ignore = "only to make the signed guests anew"]
fn sign_the_guests() {
    use wasmsign2::{KeyPair, Module};

    let directory = root().join(DIRECTORY).join("guests");
    let keys = KeyPair::generate();
    let binary = wat::parse_file(directory.join("link.wat")).expect("it is a component");
    let module = Module::deserialize(&mut &*binary).expect("wasmsign2 reads it");
    let mut signed = Vec::new();
    keys.sk.sign(module, None).unwrap().serialize(&mut signed).unwrap();
    fs::write(directory.join("signed.wasm"), &signed).unwrap();
    fs::write(directory.join("signer.pem"), keys.pk.to_pem()).unwrap();
    fs::write(directory.join("stranger.pem"), KeyPair::generate().pk.to_pem()).unwrap();
    // One byte of its code is another.
    let last = signed.len() - 1;
    signed[last] ^= 1;
    fs::write(directory.join("tampered.wasm"), &signed).unwrap();
}
