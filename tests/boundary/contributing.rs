//! CONTRIBUTING.md lists the places that one more function and one more setting touch. Each place
//! names all of them, and no other file does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::support::header::{Function, Header};
use super::support::{none, read, root};

const FUNCTIONS: &str = "### One more function";
const SETTINGS: &str = "### One more setting";

/// A row of a table in CONTRIBUTING.md.
struct Place {
    line: usize,
    globs: Vec<String>,
    /// Patterns with `{function}`, `{setting}` or `{Setting}`; one of them has to be there.
    forms: Vec<String>,
    numbers_only: bool,
    /// Names that the place leaves out.
    except: Vec<String>,
}

/// What a table is about: a function of the header, or a setting, which has one.
struct Subject {
    name: String,
    function: String,
    setting: String,
    is_number: bool,
}

impl Subject {
    fn spelt(&self, form: &str) -> String {
        let form = form.replace("{function}", &self.function).replace("{setting}", &self.setting);
        form.replace("{Setting}", &camel(&self.setting))
    }

    /// Whether a file with these words names it in one of the languages.
    fn is_among(&self, words: &BTreeSet<&str>) -> bool {
        let go = format!("With{}", camel(&self.name));
        [&self.name, &self.function, &go].iter().any(|name| words.contains(name.as_str()))
    }
}

/// `MaxCallDepth` of `max_call_depth`.
fn camel(name: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('_').filter(|part| !part.is_empty()).map(capital).collect()
}

fn functions(header: &Header) -> Vec<Subject> {
    let subject = |f: &Function| Subject {
        name: f.name.clone(),
        function: f.name.clone(),
        setting: f.name.trim_start_matches("runtime_builder_").to_owned(),
        is_number: false,
    };
    header.functions.iter().map(subject).collect()
}

fn settings(header: &Header) -> Vec<Subject> {
    let setter = |f: &&Function| {
        let of_builder = f.name.starts_with("runtime_builder_") && f.returns == "void";
        of_builder && !f.name.ends_with("_free")
    };
    let is_set = |name: &str| name.contains("features") || name == "proposals";
    let is_number = |f: &Function| f.params.iter().any(|p| p.ty == "uint64_t" && !is_set(&p.name));
    let mut found: Vec<Subject> = functions(header);
    let setters: Vec<&Function> = header.functions.iter().filter(setter).collect();
    found.retain_mut(|subject| {
        let Some(setter) = setters.iter().find(|f| f.name == subject.function) else {
            return false;
        };
        subject.is_number = is_number(setter);
        subject.name.clone_from(&subject.setting);
        true
    });
    found
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The rows of the first table below a heading.
fn places(heading: &str) -> Vec<Place> {
    let text = read("CONTRIBUTING.md");
    let lines = text.lines().enumerate().skip_while(|(_, line)| *line != heading);
    let rows = lines.skip_while(|(_, line)| !line.starts_with('|')).skip(2);
    let rows = rows.take_while(|(_, line)| line.starts_with('|'));
    let place = |(index, line): (usize, &str)| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let line = index + 1;
        let [globs, forms, of, except] = cells[..] else {
            panic!("CONTRIBUTING.md:{line}: a row has 4 cells")
        };
        assert!(["all", "numbers"].contains(&of), "CONTRIBUTING.md:{line}: {of}");
        let (globs, forms, except) = (quoted(globs), quoted(forms), quoted(except));
        assert!(!globs.is_empty() && !forms.is_empty(), "CONTRIBUTING.md:{line}: an empty cell");
        Place { line, globs, forms, numbers_only: of == "numbers", except }
    };
    let places: Vec<Place> = rows.map(place).collect();
    assert!(places.len() >= 5, "only {} places below `{heading}`", places.len());
    places
}

/// Whether a path is one of those that `glob` means: `*` in a name, `**` for folders.
fn matches(glob: &[&str], path: &[&str]) -> bool {
    match (glob, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..path.len()).any(|skipped| matches(rest, &path[skipped..])),
        ([pattern, glob @ ..], [name, path @ ..]) => named(pattern, name) && matches(glob, path),
        _ => false,
    }
}

fn named(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((begin, end)) => {
            name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

fn is_at(globs: &[String], path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    globs.iter().any(|glob| matches(&glob.split('/').collect::<Vec<_>>(), &path))
}

/// The text files of the repository with their texts.
fn texts() -> Vec<(String, String)> {
    let (mut found, mut pending) = (Vec::new(), vec![root().to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the repository") {
            let path = entry.expect("a directory entry is readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if ["target", ".git", "build"].contains(&name) {
                continue;
            } else if path.is_dir() {
                pending.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path: &Path = path.strip_prefix(root()).expect("below the root");
                found.push((path.to_string_lossy().into_owned(), text));
            }
        }
    }
    found
}

/// Compares the table below `heading` with what is there, both ways.
fn check(heading: &str, subjects: &[Subject], texts: &[(String, String)]) -> Vec<String> {
    let (places, mut problems) = (places(heading), Vec::new());
    for Place { line, globs, forms, numbers_only, except } in &places {
        let here = texts.iter().filter(|(path, _)| is_at(globs, path));
        let here: Vec<&str> = here.map(|(_, text)| &**text).collect();
        if here.is_empty() {
            problems.push(format!("CONTRIBUTING.md:{line}: there is no {globs:?}"));
        }
        for subject in subjects.iter().filter(|it| !numbers_only || it.is_number) {
            let name = &subject.name;
            let is_there = forms.iter().any(|form| {
                let spelt = subject.spelt(form);
                here.iter().any(|text| text.contains(&spelt))
            });
            let is_excused = except.iter().any(|it| it == name);
            if is_there == is_excused {
                let what = if is_there { "is there, and excused" } else { "is not there" };
                problems.push(format!("CONTRIBUTING.md:{line}: {name} {what}: {globs:?}"));
            }
        }
        for name in except.iter().filter(|it| !subjects.iter().any(|s| s.name == **it)) {
            problems.push(format!("CONTRIBUTING.md:{line}: what is `{name}`?"));
        }
    }
    // A file that names most of them is a place too. Settings are functions as well, so a file that
    // stands in the first table by its own name need not stand in the second.
    let mut listed: Vec<String> =
        self::places(FUNCTIONS).into_iter().flat_map(|p| p.globs).collect();
    listed.retain(|glob| !glob.contains('*') || heading == FUNCTIONS);
    listed.extend(places.into_iter().flat_map(|place| place.globs));
    for (path, text) in texts.iter().filter(|(path, _)| *path != "CONTRIBUTING.md") {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let count = subjects.iter().filter(|subject| subject.is_among(&words)).count();
        let is_listed = is_at(&listed, path);
        if count * 2 > subjects.len() && !is_listed {
            problems.push(format!("CONTRIBUTING.md: `{heading}` lacks {path}, with {count}"));
        }
    }
    problems
}

#[test]
fn one_more_function_touches_what_is_listed() {
    let header = Header::committed();
    none(&check(FUNCTIONS, &functions(&header), &texts()));
}

#[test]
fn one_more_setting_touches_what_is_listed() {
    let header = Header::committed();
    let settings = settings(&header);
    assert!(settings.len() >= 45, "only {} settings in the header", settings.len());
    none(&check(SETTINGS, &settings, &texts()));
}

#[test]
fn globs_are_understood() {
    let is = |glob: &str, path: &str| is_at(&[glob.to_owned()], path);
    assert!(is("src/**/*.rs", "src/a.rs") && is("src/**/*.rs", "src/a/b/c.rs"));
    assert!(is("tests/c/*.c", "tests/c/a.c") && !is("tests/c/*.c", "tests/c/d/a.c"));
    assert!(!is("src/**/*.rs", "tests/a.rs") && !is("src/*.rs", "src/a.c") && is("a.md", "a.md"));
}
