//! Names of functions as people wrote them.
//!
//! Guests choose their names, and a name of a few hundred bytes can stand for one of gigabytes:
//! each part of it may stand for the one before twice. So what comes out is bounded.

use std::fmt::{self, Write};

use crate::text::cut;

/// Longest name in either form, in bytes. Names that are longer are cut; those that stand for longer
/// ones are shown as they are.
const MAX: usize = 4 << 10;

/// The name that `name` stands for in Rust or C++, or `name` itself.
pub(super) fn demangle(name: &str) -> String {
    if name.len() > MAX || !name.starts_with(['_', '?']) {
        return cut(name, MAX);
    }
    let mut out = Bounded(String::new());
    let done = if let Ok(rust) = rustc_demangle::try_demangle(name) {
        write!(out, "{rust:#}")
    } else if let Ok(symbol) = cpp_demangle::Symbol::new(name) {
        symbol.structured_demangle(&mut out, &cpp_demangle::DemangleOptions::default())
    } else {
        Err(fmt::Error)
    };
    match done {
        Ok(()) => out.0,
        Err(fmt::Error) => name.to_owned(),
    }
}

/// Takes so much and no more, which ends whoever writes to it.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() + part.len() > MAX {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_and_cpp_become_readable() {
        for (mangled, readable) in [
            ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_ZN7account4openEi", "account::open(int)"),
            ("main", "main"),
            ("_start", "_start"),
            ("_Z", "_Z"),
            ("", ""),
        ] {
            assert_eq!(demangle(mangled), readable);
        }
    }

    #[test]
    fn names_that_stand_for_gigabytes_stay_as_they_are() {
        let mut bomb = "_Z1f1PI1AS0_E".to_owned();
        for n in 1..35 {
            let digit = char::from_digit(n, 36).unwrap().to_ascii_uppercase();
            let _ = write!(bomb, "S_IS{digit}_S{digit}_E");
        }
        assert_eq!(demangle(&bomb), bomb);
        let long = format!("_ZN{}E", "1a".repeat(MAX));
        assert_eq!(demangle(&long), format!("{}…", &long[..MAX]));
    }
}
