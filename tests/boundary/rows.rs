//! docs/conventions.md numbers its rules; comments in the tests name the numbers.

use std::collections::BTreeMap;

use super::support::{files, none, read, root};

/// The rows: number and what holds each.
fn rows() -> BTreeMap<u32, Vec<String>> {
    let text = read("docs/conventions.md");
    let lines = text.lines().skip_while(|line| *line != "| row | rule | held by |").skip(2);
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let number = cells[0].parse().unwrap_or_else(|_| panic!("`{line}` has no number"));
        let last = cells.last().expect("a row has cells");
        (number, last.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect())
    };
    let rows: BTreeMap<u32, Vec<String>> =
        lines.take_while(|line| line.starts_with('|')).map(row).collect();
    assert!(rows.len() >= 30, "only {} rows in docs/conventions.md", rows.len());
    rows
}

/// The tests below a comment that begins with `Row 1` or `Rows 1 and 2`: where, number, function.
fn comments() -> Vec<(String, u32, String)> {
    let mut found = Vec::new();
    for path in files("tests", "rs") {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let Some(rest) = line.strip_prefix("/// Row") else { continue };
            let is_list = |word: &&str| *word == "and" || word.parse::<u32>().is_ok();
            let (numbers, _) = rest.split_once(':').unwrap_or((rest, ""));
            let words = numbers.trim_start_matches('s').split([' ', ',']);
            let words = words.filter(|word| !word.is_empty()).take_while(is_list);
            let name = lines[i..].iter().find_map(|line| line.strip_prefix("fn "));
            let name = name.and_then(|line| line.split('(').next()).unwrap_or_default();
            let place = format!("{}:{}", path.display(), i + 1);
            let numbers = words.filter_map(|word| word.parse().ok());
            found.extend(numbers.map(|number| (place.clone(), number, name.to_owned())));
        }
    }
    assert!(found.len() >= 20, "only {found:?}");
    found
}

#[test]
fn rows_are_held_by_what_they_name() {
    let (rows, mut problems) = (rows(), Vec::new());
    let sources: Vec<String> = files("tests", "rs").iter().map(read).collect();
    for (row, held_by) in &rows {
        if held_by.is_empty() {
            problems.push(format!("row {row} is held by nothing"));
        }
        for name in held_by {
            let is_there = match name.contains('/') {
                true => root().join(name).is_file(),
                false => sources.iter().any(|text| text.contains(&format!("\nfn {name}("))),
            };
            if !is_there {
                problems.push(format!("row {row}: there is no `{name}`"));
            }
        }
    }
    for (place, row, name) in comments() {
        if !rows.get(&row).is_some_and(|held_by| held_by.contains(&name)) {
            problems.push(format!("{place}: row {row} does not name `{name}`"));
        }
    }
    none(&problems);
}
