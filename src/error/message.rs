//! The text of an error: one line, and not a long one, whatever a guest calls itself.

use std::fmt::Display;

use crate::text::{MARK, cut};

/// Most bytes of a message, with the NUL that follows it in C.
pub const MAX_MESSAGE: usize = 4096;

/// What a message says before the mark.
const ROOM: usize = MAX_MESSAGE - 1 - MARK.len();

/// Most bytes of what is put before another message.
const PREFIX: usize = 1024;

/// `text` as a message.
pub(super) fn line(text: impl Display) -> String {
    let text = cut(text, ROOM);
    match text.contains(['\n', '\r', '\0']) {
        true => cut(joined(&text), ROOM),
        false => text,
    }
}

/// `message` behind `prefix`, which leaves room for it.
pub(super) fn prefixed(prefix: impl Display, message: &str) -> String {
    line(format_args!("{}: {message}", cut(prefix, PREFIX)))
}

/// The lines of `text` in one. A NUL would end it in C.
fn joined(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line() {
        assert_eq!(line("all of it"), "all of it");
        assert_eq!(line("one\n  two\r\n\nthree\n"), "one two three");
        assert_eq!(line("nul\0"), "nul\u{FFFD}");
    }

    #[test]
    fn messages_end_in_a_mark_before_they_are_too_long() {
        let exact = "x".repeat(ROOM);
        assert_eq!(line(&exact), exact);
        for text in ["x", "é", "…", "\0", "\0\n", "\u{10348}"] {
            let message = line(text.repeat(MAX_MESSAGE));
            assert!(message.len() < MAX_MESSAGE && message.ends_with(MARK), "{message}");
            assert!(message.len() > ROOM - 4, "{}", message.len());
        }
    }

    #[test]
    fn a_long_prefix_leaves_room_for_the_cause() {
        let message = prefixed("p".repeat(1 << 20), "the cause");
        assert!(message.ends_with("…: the cause") && message.len() < 2 * PREFIX, "{message}");
    }
}
