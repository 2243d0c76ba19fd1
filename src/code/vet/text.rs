//! Components as text, whose reader moves all parts of a component, an instance or a type of
//! either for each that has a type written in its place: 40,000 of them took it 11 seconds.

use crate::error::{Code, Error, Result};

/// How many parts one may have; the squares of several such numbers are added up.
const MAX_PARTS: u64 = 12_000;

/// A list that is open.
#[derive(Default)]
struct List {
    parts: u64,
    is_component: bool,
    /// What is in a core module is not moved.
    is_core: bool,
}

/// Refuses text that is much more work to read than it is long.
pub(crate) fn vet(text: &[u8]) -> Result<()> {
    let (mut at, mut squares) = (0, 0);
    let mut open = vec![List::default()];
    while let Some(&byte) = text.get(at) {
        let next = text.get(at + 1);
        at = match (byte, next) {
            (b'"', _) => string_end(text, at + 1),
            (b';', Some(b';')) => line_end(text, at),
            (b'(', Some(b';')) => comment_end(text, at + 2),
            (b'(', _) => {
                let list = list(text.get(at + 1..).unwrap_or_default(), open.last_mut());
                open.push(list);
                at + 1
            }
            (b')', _) => {
                squares += open.pop().map_or(0, |it| it.parts * it.parts);
                at + 1
            }
            _ => at + 1,
        };
        if squares > MAX_PARTS * MAX_PARTS {
            break;
        }
    }
    squares += open.iter().map(|it| it.parts * it.parts).sum::<u64>();
    if squares > MAX_PARTS * MAX_PARTS {
        let problem = format!("more than {MAX_PARTS} parts of a component that is given as text");
        return Err(Error::new(Code::ResourceLimit, problem));
    }
    Ok(())
}

/// The list that begins with `rest` in another one.
fn list(rest: &[u8], parent: Option<&mut List>) -> List {
    let end = rest.iter().position(|it| !it.is_ascii_lowercase()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let in_component = parent.as_ref().is_none_or(|it| it.is_component);
    let is_module = word == b"core" && rest.trim_ascii_start().starts_with(b"module");
    let mut is_core = in_component && is_module;
    if let Some(parent) = parent {
        is_core |= parent.is_core;
        parent.parts += u64::from(!parent.is_core);
    }
    List { parts: 0, is_component: word == b"component", is_core }
}

fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|it| matches!(it, b'\n' | b'\r')).unwrap_or(rest.len())
}

/// The end of a comment in parentheses, in which others may be.
fn comment_end(text: &[u8], mut at: usize) -> usize {
    let mut level = 1;
    while level > 0 && at < text.len() {
        match text.get(at..at + 2) {
            Some(b"(;") => (level, at) = (level + 1, at + 2),
            Some(b";)") => (level, at) = (level - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(begin: &str, part: &str, end: &str) -> bool {
        let text = |n| vet(format!("{begin}{}{end}", part.repeat(n)).as_bytes());
        text(9_000).unwrap();
        text(13_000).is_ok()
    }

    #[test]
    fn parts_are_counted_where_the_reader_moves_them() {
        assert!(!is_fine("(component", "(import \"a\" (func))", ")"));
        assert!(!is_fine("(component", "(type u8)", ""));
        assert!(!is_fine("", "(x)", ""));
        assert!(!is_fine("(component (import \"a\" (instance", "(export \"b\" (func))", ")))"));
        assert!(!is_fine(
            "(component (import \"a\" (core module",
            "(import \"\" \"\" (func))",
            ")))"
        ));
        assert!(!is_fine("(component (core type (module", "(import \"\" \"\" (func))", ")))"));
        assert!(!is_fine("(component (; (core module ;)", "(type u8)", ")"));
        assert!(!is_fine("(component ;; (core module \"\r", "(type u8)", ")"));
        assert!(!is_fine("(component (import \"\\\"(core module\" (func))", "(type u8)", ")"));
    }

    #[test]
    fn other_parts_are_not() {
        assert!(is_fine("(component (core module $m", "(func (i32.const 0) drop)", "))"));
        assert!(is_fine("(component (core  module (func", "(nop)", ")))"));
        assert!(is_fine("(component (;", "(type u8)", ";))"));
        assert!(is_fine("(component \"", "(type u8)", "\")"));
        assert!(is_fine("(component", ";;(type u8)\n", ")"));
        assert!(is_fine("(component", "(; (; ;) (type u8) ;)", ")"));
    }

    #[test]
    fn several_lists_count_together() {
        let part = "(component ".to_owned() + &"(type u8)".repeat(9_000) + ")";
        vet(part.as_bytes()).unwrap();
        let error = vet((part.clone() + &part).as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::ResourceLimit);
    }
}
