//! SECURITY.md names every limit that the header has, with its default, and no other.

use super::support::header::{Function, Header, Shape};
use super::support::{none, read};

/// One row of the table of limits: its setting and its default.
struct Row {
    line: usize,
    setting: String,
    default: String,
}

const HEAD: &str =
    "| what | setting | default | scope | what the guest sees | what the host sees |";

fn rows() -> Vec<Row> {
    let text = read("SECURITY.md");
    let lines = text.lines().enumerate().skip_while(|(_, line)| *line != HEAD).skip(2);
    let rows: Vec<Row> = lines.take_while(|(_, line)| line.starts_with('|')).map(row).collect();
    assert!(rows.len() > 15, "only {} rows in the table of SECURITY.md", rows.len());
    rows
}

fn row((index, line): (usize, &str)) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let line = index + 1;
    assert_eq!(cells.len(), 6, "SECURITY.md:{line}: a row has 6 cells");
    assert!(cells.iter().all(|cell| !cell.is_empty()), "SECURITY.md:{line}: a cell is empty");
    Row { line, setting: cells[1].trim_matches('`').to_owned(), default: cells[2].to_owned() }
}

/// A limit of the header: what the table calls it, and its default.
type Limit = (String, String);

/// Settings that are numbers are limits; so are the parameters `max_..` of sandboxes.
fn limits(header: &Header) -> Vec<Limit> {
    header.functions.iter().filter_map(limit).collect()
}

fn limit(function: &Function) -> Option<Limit> {
    let setting = function.name.strip_prefix("runtime_builder_");
    let is_sandbox = function.name.starts_with("runtime_sandbox_");
    let number = function.params.iter().find(|param| {
        let counts = !param.name.contains("features") && param.name != "proposals";
        let is_limit = param.name.starts_with("max_") && is_sandbox;
        param.ty == "uint64_t" && (setting.is_some() && counts || is_limit)
    })?;
    let name = setting.unwrap_or(&function.name).to_owned();
    Some((name, default(&function.param_doc(&number.name).unwrap_or_default())))
}

/// `10` of `Default 10; from 1 to 10000.`
fn default(doc: &str) -> String {
    let rest = doc.split("Default ").nth(1).unwrap_or("undocumented");
    rest.split([';', '.']).next().unwrap_or_default().trim().to_owned()
}

/// What else a row may name: any other setting, or a field such as
/// `runtime_call_options_t.timeout_ms`.
fn exists(header: &Header, name: &str) -> bool {
    if let Some((ty, field)) = name.split_once('.') {
        return header.ty(ty).is_some_and(|ty| match &ty.shape {
            Shape::Struct(fields) => fields.iter().any(|it| it.name == field),
            _ => false,
        });
    }
    let setter = format!("runtime_builder_{name}");
    header.functions.iter().any(|function| function.name == setter || function.name == name)
}

#[test]
fn the_table_of_limits_is_the_headers() {
    let (header, rows) = (Header::committed(), rows());
    let limits = limits(&header);
    assert!(limits.len() > 15, "only {} limits in the header", limits.len());
    let mut problems = Vec::new();
    for (name, default) in &limits {
        let found: Vec<&Row> = rows.iter().filter(|row| row.setting == *name).collect();
        match found[..] {
            [row] if row.default == *default => {}
            [row] => problems.push(format!(
                "SECURITY.md:{}: `{name}` is `{}` by default; the header says `{default}`",
                row.line, row.default
            )),
            _ => problems.push(format!("SECURITY.md: {} rows for `{name}`", found.len())),
        }
    }
    for row in rows.iter().filter(|row| !exists(&header, &row.setting)) {
        problems.push(format!("SECURITY.md:{}: the header has no `{}`", row.line, row.setting));
    }
    none(&problems);
}

/// The prose does not speak of functions that are no more.
#[test]
fn the_page_names_functions_that_exist() {
    let header = Header::committed();
    let text = read("SECURITY.md");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '(');
    let called = words.filter_map(|word| word.strip_suffix('(')).filter(|it| !it.is_empty());
    let unknown = called.filter(|it| !header.functions.iter().any(|known| known.name == **it));
    none(&unknown.map(|it| format!("SECURITY.md: {it}()")).collect::<Vec<_>>());
}
