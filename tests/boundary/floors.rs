//! The plan of the house: what is in `src`, from top to bottom. Imports go down, and nowhere else,
//! and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::imports::{Import, imports};
use super::support::{none, read, root};

/// Each floor with its rooms. A room is a file and the folder of its name, or one of them; those of
/// one floor know nothing of each other.
const FLOORS: [&[&str]; 16] = [
    &["capi"],
    &["instance", "http"],
    &["command"],
    &["function"],
    &["component", "builder"],
    &["runtime"],
    &["store"],
    &["sandbox", "call"],
    &["linker"],
    &["host"],
    &["engine", "marshal"],
    &["code", "value", "cancel", "observer"],
    &["types", "traps", "stats", "features", "interrupt"],
    &["system"],
    &["error"],
    &["output", "text", "failpoint", "abi"],
];

/// The whole library is built from it, and nothing is in it but names.
const ROOT: &str = "lib.rs";

/// Which floor a file is on, and which room it is in.
fn place(file: &str) -> Option<(usize, &'static str)> {
    let room = file.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    FLOORS.iter().enumerate().find_map(|(floor, rooms)| {
        let room = rooms.iter().find(|known| **known == room)?;
        Some((floor, *room))
    })
}

/// What is wrong with `import`, if something is.
fn problem(import: &Import) -> Option<String> {
    let Import { from, to, path } = import;
    if from == ROOT {
        return None;
    }
    if to == ROOT {
        return Some(format!("src/{from}: `{path}` is the whole library"));
    }
    let Some((above, room)) = place(from) else {
        return Some(format!("src/{from} is not on the list of floors"));
    };
    let Some((below, other)) = place(to) else {
        return Some(format!("src/{to} is not on the list of floors"));
    };
    match above < below || room == other {
        true => None,
        false if above == below => Some(format!("src/{from}: `{path}` is next door, in src/{to}")),
        false => Some(format!("src/{from}: `{path}` is above, in src/{to}")),
    }
}

fn of_the_library() -> Vec<Import> {
    let found = imports(&|file| std::fs::read_to_string(root().join("src").join(file)).ok());
    assert!(found.len() > 1000, "only {} imports in src", found.len());
    found
}

/// Row 37: nothing knows what stands on it, or next to it.
#[test]
fn imports_go_down() {
    let found: BTreeSet<String> = of_the_library().iter().filter_map(problem).collect();
    none(&found.into_iter().collect::<Vec<_>>());
}

/// Every room on the list is there.
#[test]
fn no_room_is_only_a_name() {
    let src = root().join("src");
    let rooms = FLOORS.iter().copied().flatten();
    let gone = rooms.filter(|it| !src.join(it).is_dir() && !src.join(format!("{it}.rs")).is_file());
    none(&gone.map(|it| format!("src/{it} is not there")).collect::<Vec<_>>());
}

/// docs/architecture.md has the same list.
#[test]
fn the_floors_are_the_manuals() {
    let text = read("docs/architecture.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("| floor |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let rooms = |row: &str| {
        let cell = row.trim_matches('|').split('|').next().unwrap_or_default();
        cell.split(", ").map(|room| room.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows.map(rooms).collect::<Vec<_>>(), FLOORS.map(<[&str]>::to_vec));
}

/// Row 37: also within a room.
#[test]
fn no_files_import_each_other_in_a_circle() {
    none(&circle(&of_the_library()));
}

/// A circle of files, if there is one: each import that leads from one of them to the next.
fn circle(imports: &[Import]) -> Vec<String> {
    let mut to: BTreeMap<&str, Vec<&Import>> = BTreeMap::new();
    for import in imports.iter().filter(|it| it.from != ROOT) {
        to.entry(&import.from).or_default().push(import);
    }
    // Whoever imports nothing but what is in no circle is in none.
    loop {
        let before = to.len();
        let known: BTreeSet<&str> = to.keys().copied().collect();
        to.retain(|_, imports| {
            imports.retain(|it| known.contains(it.to.as_str()));
            !imports.is_empty()
        });
        if to.len() == before {
            break;
        }
    }
    let mut way: Vec<&Import> = Vec::new();
    let mut at = to.keys().next().copied();
    while let Some(next) = at.and_then(|file| to.get(file)?.first()) {
        if let Some(start) = way.iter().position(|it| it.from == next.from) {
            let steps = way[start..].iter();
            return steps
                .map(|it| format!("src/{}: `{}` in {}", it.from, it.path, it.to))
                .collect();
        }
        way.push(next);
        at = Some(&next.to);
    }
    Vec::new()
}

/// What the walk sees in a house of these files.
fn seen(files: &[(&str, &str)]) -> Vec<Import> {
    imports(&|path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| (*text).to_owned())
    })
}

/// Whether that is all that `a.rs` imports, if it says `text`.
fn check(text: &str, wanted: &[&str]) {
    let files = [
        ("lib.rs", "mod a; mod b; pub mod c; pub use b::inner::Deep; pub use c::Top as Other;"),
        ("a.rs", text),
        ("a/below.rs", "pub struct Below; pub fn run() {}"),
        (
            "b/mod.rs",
            "pub mod inner; pub use inner::Deep; pub struct Here; pub use wasmtime::Engine;",
        ),
        ("b/inner.rs", "pub struct Deep; pub const N: u32 = 1;"),
        ("c.rs", "pub struct Top; pub fn call() {}"),
    ];
    let found = seen(&files);
    let mut to: Vec<&str> = found.iter().filter(|it| it.from == "a.rs").map(|it| &*it.to).collect();
    to.dedup();
    assert_eq!(to.into_iter().collect::<BTreeSet<_>>(), wanted.iter().copied().collect(), "{text}");
}

#[test]
fn imports_are_seen_however_they_are_written() {
    check("use crate::c::Top;", &["c.rs"]);
    check("use crate::{b::{Here, inner::N}, c::call as it};", &["b/mod.rs", "b/inner.rs", "c.rs"]);
    check("use super::c;", &["c.rs"]);
    check("use super::c::*;", &["c.rs"]);
    check("mod below; use below::Below;", &["a/below.rs"]);
    check("mod below; fn f() { self::below::run() }", &["a/below.rs"]);
    // What is handed on is where it is defined.
    check("use crate::Deep;", &["b/inner.rs"]);
    check("use crate::b::Deep;", &["b/inner.rs"]);
    check("use crate::Other;", &["c.rs"]);
    // In types, expressions and what macros are given.
    check("fn f() { crate::c::call() }", &["c.rs"]);
    check("fn f(it: &crate::b::Here) -> Option<crate::Deep> { None }", &["b/mod.rs", "b/inner.rs"]);
    check("impl From<crate::b::Here> for u8 {}", &["b/mod.rs"]);
    check("fn f() { println!(\"{}\", crate::b::inner::N) }", &["b/inner.rs"]);
    check("fn f() { use crate::c::Top; }", &["c.rs"]);
    check("mod within { use super::super::c::Top; }", &["c.rs"]);
    // These are none.
    check("pub use crate::c::Top;", &[]);
    check("use crate::b::Engine; use std::fmt; pub(in crate::c) fn f() {}", &[]);
    check("#[cfg(test)] mod tests { use crate::c::Top; }", &[]);
    check("#[cfg(all(test, unix))] mod tests { use crate::c::Top; }", &[]);
    // But these are: other builds have them.
    check("#[cfg(not(test))] use crate::c::Top;", &["c.rs"]);
    check("#[cfg(windows)] use crate::c::Top;", &["c.rs"]);
    // A name that is handed on is used by whoever names it in its code.
    check("pub use crate::c::Top; fn f(_: Top) {}", &["c.rs"]);
}

#[test]
fn circles_are_found() {
    let lib = ("lib.rs", "mod a; mod b; mod c;");
    let down = [lib, ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;"), ("c.rs", "")];
    assert!(circle(&seen(&down)).is_empty());
    let round = [
        lib,
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub use crate::c::C; use crate::c; pub struct B;"),
        ("c.rs", "use crate::a::A; pub struct C;"),
    ];
    assert_eq!(circle(&seen(&round)).len(), 3);
}

#[test]
fn what_is_above_is_a_problem() {
    let import = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        problem(&Import { from, to, path: String::new() })
    };
    assert!(import("capi/error.rs", "error.rs").is_none());
    assert!(import("store/live.rs", "store/guest.rs").is_none());
    assert!(import("error.rs", "capi/error.rs").is_some_and(|it| it.contains("is above")));
    assert!(import("call/mod.rs", "sandbox.rs").is_some_and(|it| it.contains("next door")));
    assert!(import("attic.rs", "error.rs").is_some_and(|it| it.contains("not on the list")));
    assert!(import("error.rs", "lib.rs").is_some());
}
