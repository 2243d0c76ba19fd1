//! Text that ends at a bound and says so.
//!
//! Guests choose their names and types, and a few bytes of them can stand for gigabytes of text. So
//! whatever spells them is stopped where the bound is, before the rest exists anywhere.

use std::fmt::{self, Display, Write};

/// Stands where the rest of a text is left out.
pub(crate) const MARK: &str = "…";

/// How many bytes of a name or type an error message shows.
const BRIEF: usize = 120;

/// `text` for an error message. A component chooses its types and names, so they are cut off where
/// they would drown the rest.
pub(crate) fn brief(text: impl Display) -> String {
    cut(text, BRIEF)
}

/// The first `max` bytes of `text`, and [`MARK`] if that is not all of it. No more than that is
/// ever formatted.
pub(crate) fn cut(text: impl Display, max: usize) -> String {
    let mut out = Cut::new(String::new(), max);
    // It fails once it is full, which is how whatever is writing learns to stop.
    let _ = write!(out, "{text}");
    out.into_inner()
}

/// Passes on the first bytes of what is written to it, and [`MARK`] in place of the rest, of which
/// it refuses all.
pub(crate) struct Cut<W> {
    into: W,
    left: usize,
    is_full: bool,
}

impl<W: Write> Cut<W> {
    /// Lets `max` bytes through.
    pub(crate) fn new(into: W, max: usize) -> Self {
        Self { into, left: max, is_full: false }
    }

    /// Whether something was left out.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Where all of it went.
    pub(crate) fn into_inner(self) -> W {
        self.into
    }
}

impl<W: Write> Write for Cut<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.is_full {
            return Err(fmt::Error);
        }
        if text.len() <= self.left {
            self.left -= text.len();
            return self.into.write_str(text);
        }
        self.is_full = true;
        let end = text.floor_char_boundary(self.left);
        self.into.write_str(text.get(..end).unwrap_or_default())?;
        self.into.write_str(MARK)?;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_marked() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "longe…");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut("x", 0), "…");
        assert_eq!(cut("ééé", 5), "éé…");
        assert_eq!(cut("ééé", 6), "ééé");
        assert_eq!(brief("a".repeat(120)), "a".repeat(120));
        assert_eq!(brief("a".repeat(121)), format!("{}…", "a".repeat(120)));
    }

    #[test]
    fn what_is_left_out_is_not_even_formatted() {
        let endless = fmt::from_fn(|f| {
            loop {
                f.write_str("again and ")?;
            }
        });
        assert_eq!(cut(endless, 12), "again and ag…");
    }

    /// Some write on after a failure.
    #[test]
    fn what_comes_after_the_mark_is_refused() {
        let stubborn = fmt::from_fn(|f| {
            let _ = f.write_str("four");
            let _ = f.write_str("x");
            Ok(())
        });
        assert_eq!(cut(stubborn, 3), "fou…");
    }
}
