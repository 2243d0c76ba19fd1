//! Rules that a search over the text answers.

use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{Meta, MetaList, Token};

use super::support::{files, none, read};

/// The lines of a Rust file that are code, with their numbers: no comments, no unit tests.
pub fn code(path: &Path) -> Vec<(usize, String)> {
    let text = read(path);
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let name = path.to_str().unwrap_or_default();
    let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
    let text = if is_test { "" } else { &text[..tests] };
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.to_owned()));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

/// Files below `src` with a line of code that contains `needle`.
fn with(needle: &str) -> Vec<PathBuf> {
    let mut found = files("src", "rs");
    found.retain(|path| code(path).iter().any(|(_, line)| line.contains(needle)));
    found
}

/// Row 3: one place in the shell turns (pointer, length) into a slice, and it knows about NULL;
/// another does it for values inside values. Two more files read the memory they own.
#[test]
fn slices_are_made_in_one_place() {
    let callers_memory = ["src/capi/boundary/pointers.rs", "src/marshal/array.rs"];
    let own_memory = ["src/marshal/arena.rs", "src/marshal/lift.rs"];
    let mut found = with("from_raw_parts");
    found.retain(|path| !callers_memory.iter().chain(&own_memory).any(|p| path == Path::new(p)));
    let problems = found.iter().map(|path| format!("{}: from_raw_parts", path.display()));
    none(&problems.collect::<Vec<_>>());
}

/// Row 6: the files that may contain `unsafe` are a short list.
#[test]
fn unsafe_code_is_where_it_belongs() {
    let lib = read("src/lib.rs");
    assert!(lib.contains("#![deny(unsafe_code)]"), "src/lib.rs denies unsafe code");
    let mut allowed = vec!["src/lib.rs", "src/capi/mod.rs", "src/marshal/mod.rs"];
    // Compiled code is trusted: these functions are `unsafe` and say so, or made it themselves.
    allowed.extend([
        "src/code/artifact.rs",
        "src/code/artifact/registered.rs",
        "src/component/load.rs",
    ]);
    let shared = ["src/code/artifact/shared.rs", "src/component/shared.rs"];
    allowed.extend(shared);
    // They ask the system for the bounds of the thread's stack, for its processor, for a page, and
    // for word of forks.
    allowed.extend([
        "src/system/stack.rs",
        "src/system/lanes.rs",
        "src/system/process.rs",
        "src/system/process/steady.rs",
    ]);
    // Masks and handlers of signals are set by system calls; so is what a signal handler may wake a
    // thread by. Handlers are called with pointers.
    let signals = ["bell", "chain", "handlers", "mask", "pass", "quiet"];
    let signals = signals.map(|it| format!("src/system/signals/{it}.rs"));
    let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
    allowed.extend(&signals);
    // Registers that have no other name than that of an instruction.
    allowed.push("src/system/floats.rs");
    let mut problems = Vec::new();
    for path in with("unsafe_code") {
        if !allowed.iter().any(|a| path == Path::new(a)) {
            problems.push(format!("{}: another allowance of unsafe code", path.display()));
        }
    }
    let mut homes =
        vec!["src/capi", "src/marshal", "src/code/artifact.rs", "src/component/load.rs"];
    homes.extend([
        "src/code/artifact/registered.rs",
        "src/system/stack.rs",
        "src/system/lanes.rs",
        "src/system/process.rs",
        "src/system/process/steady.rs",
    ]);
    homes.extend(shared);
    homes.extend(&signals);
    homes.push("src/system/floats.rs");
    for path in with("unsafe {").into_iter().chain(with("unsafe impl")) {
        if !homes.iter().any(|home| path.starts_with(home)) {
            problems.push(format!("{}: unsafe code outside {homes:?}", path.display()));
        }
    }
    none(&problems);
}

/// Row 6: every unsafe block says who guarantees what. Clippy checks the same; this check also
/// runs where clippy does not.
#[test]
fn unsafe_blocks_give_their_reason() {
    let mut problems = Vec::new();
    for path in files("src", "rs") {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !code.contains("unsafe {") && !code.contains("unsafe impl") {
                continue;
            }
            // The comment stands above the statement, which may begin some lines earlier.
            let above = &lines[i.saturating_sub(6)..i];
            if !above.iter().any(|l| l.contains("// SAFETY:")) {
                problems.push(format!("{}:{}: no `// SAFETY:`", path.display(), i + 1));
            }
        }
    }
    none(&problems);
}

/// The lints that a file denies for all that it holds, outside of tests.
fn denied(path: &str) -> Vec<String> {
    let file = syn::parse_file(&read(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut denied = Vec::new();
    for attribute in &file.attrs {
        let levels = match &attribute.meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let parts: Vec<Meta> = metas(list);
                let outside = |meta: &Meta| {
                    matches!(meta, Meta::List(not) if not.path.is_ident("not")
                        && not.tokens.to_string() == "test")
                };
                if !parts.first().is_some_and(outside) {
                    continue; // only sometimes
                }
                parts.into_iter().skip(1).collect()
            }
            meta => vec![meta.clone()],
        };
        for level in levels {
            if let Meta::List(list) = &level
                && (list.path.is_ident("deny") || list.path.is_ident("forbid"))
            {
                let names = |lint: &Meta| -> Vec<String> {
                    lint.path().segments.iter().map(|part| part.ident.to_string()).collect()
                };
                denied.extend(metas(list).iter().map(|lint| names(lint).join("::")));
            }
        }
    }
    denied
}

fn metas(list: &MetaList) -> Vec<Meta> {
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parts.expect("an attribute is a list").into_iter().collect()
}

/// Rows 8 and 12: the lints that forbid panics and narrowing casts are on where C comes in.
#[test]
fn the_shell_denies_panics_and_casts() {
    let panics = ["unwrap_used", "expect_used", "panic", "todo", "unimplemented", "unreachable"];
    let others = ["indexing_slicing", "cast_possible_truncation", "cast_sign_loss"];
    let others = others.iter().chain(&["cast_possible_wrap", "undocumented_unsafe_blocks"]);
    let denied = denied("src/capi/mod.rs");
    let missing = panics.iter().chain(others).map(|lint| format!("clippy::{lint}"));
    let missing = missing.filter(|lint| !denied.contains(lint));
    none(&missing.map(|l| format!("src/capi/mod.rs does not deny {l}")).collect::<Vec<_>>());
}

/// Row 8: and they are not merely named: no such call stands in the shell's code.
#[test]
fn the_shell_has_no_way_to_panic() {
    let words = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    let mut problems = Vec::new();
    for path in files("src/capi", "rs").into_iter().chain(files("src/marshal", "rs")) {
        for (number, line) in code(&path) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                problems.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    none(&problems);
}

/// Row 10: nothing is remembered per thread, and nothing global changes. Where a thread's own
/// stack ends is not state: it is the same as long as the thread lives. What it is in the midst of
/// is over when it leaves the library. Its mask of signals is the thread's as well, and when it was
/// looked at.
#[test]
fn no_state_hides_in_threads_or_statics() {
    let mut problems = Vec::new();
    for word in ["thread_local!", "static mut "] {
        let mut found = with(word);
        let about_the_thread = ["src/system/thread.rs", "src/system/signals/mask.rs"];
        found.retain(|path| !about_the_thread.iter().any(|p| path == Path::new(p)));
        problems.extend(found.iter().map(|path| format!("{}: {word}", path.display())));
    }
    none(&problems);
}

/// Row 22: the build script writes into its own directory, its failures are failures, and the
/// tool that writes the header is pinned.
#[test]
fn the_build_script_leaves_the_sources_alone() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("cbindgen = { version = \"="), "cbindgen is pinned exactly");
    let script = read("build.rs");
    assert!(script.contains("OUT_DIR"), "build.rs writes to OUT_DIR");
    assert!(!script.contains("if let Ok("), "build.rs does not swallow failures");
    assert!(!script.contains("include/"), "build.rs does not write into include/");
}

/// The budgets of the conventions: 400 lines a file, 100 columns.
#[test]
fn files_keep_to_their_budget() {
    let mut problems = Vec::new();
    let sources = files("src", "rs").into_iter().chain(files("tests", "rs"));
    for path in sources.chain(files("tests/c", "c")).chain(files("tests/c", "h")) {
        let text = read(&path);
        let lines = text.lines().count();
        if lines > 400 {
            problems.push(format!("{}: {lines} lines", path.display()));
        }
        let long = text.lines().position(|line| line.chars().count() > 100);
        if let Some(line) = long {
            problems.push(format!("{}:{}: over 100 columns", path.display(), line + 1));
        }
    }
    none(&problems);
}

/// Row 36: nothing binary is committed except guests.
#[test]
fn nothing_binary_is_committed() {
    let mut git = super::support::tool("git");
    let listed = super::support::output(git.args(["ls-files"]).current_dir(super::support::root()));
    if !listed.status.success() {
        return; // a source archive rather than a checkout
    }
    let binary = ["so", "a", "o", "dylib", "dll", "exe", "rlib", "gz", "zip"];
    let names = String::from_utf8_lossy(&listed.stdout);
    let bad = names.lines().filter(|name| {
        let extension = name.rsplit('.').next().unwrap_or_default();
        let guest = extension == "wasm"
            && name.starts_with("tests/")
            && (name.contains("/guests/") || name.contains("/fixtures/"));
        binary.contains(&extension) || extension == "wasm" && !guest
    });
    none(&bad.map(ToOwned::to_owned).collect::<Vec<_>>());
}
