//! Names of functions as people wrote them.
//!
//! Guests choose their names. One of a few hundred bytes can stand for one of gigabytes, since each
//! part of it may stand for the one before twice, and can make its reader recurse hundreds of
//! times. So both what comes out and how deep it goes are bounded, and there has to be stack for
//! that.

use std::fmt::{self, Write};

use cpp_demangle::{DemangleOptions, ParseOptions, Symbol};

use crate::error::Frame;
use crate::system::thread;

/// Longest name in either form, in bytes. Names that are longer, or stand for longer ones, are
/// shown as they are.
const MAX: usize = 4 << 10;

/// How deep parts of a name may be within each other. In C++ each level takes 4.6 KiB of stack, or
/// 43 KiB in a build without optimisation; in Rust 0.3 KiB, with a limit of 500.
const MAX_DEPTH: u32 = 96;

/// The stack that takes.
const STACK: usize = if cfg!(debug_assertions) { 6 << 20 } else { 640 << 10 };

/// Makes the names of functions in a backtrace readable. Where there is neither stack nor a thread
/// with some, they stay as they are.
pub(super) fn functions(mut frames: Vec<Frame>) -> Vec<Frame> {
    let mut mangled: Vec<_> =
        frames.iter_mut().map(|it| &mut it.function).filter(|it| is_mangled(it)).collect();
    if !mangled.is_empty() {
        let _ = thread::with_room(STACK, || {
            for name in &mut mangled {
                if let Ok(readable) = demangle(name) {
                    **name = readable;
                }
            }
        });
    }
    frames
}

/// Whether `name` may be one of Rust or C++.
fn is_mangled(name: &str) -> bool {
    name.len() <= MAX && name.starts_with('_') && {
        let rest = name.trim_start_matches('_');
        rest.starts_with(['R', 'Z']) || rest.starts_with("GLOBAL_")
    }
}

/// The name that `name` stands for.
fn demangle(name: &str) -> Result<String, fmt::Error> {
    let mut out = Bounded(String::new());
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        write!(out, "{rust:#}")?;
        return Ok(out.0);
    }
    let parse = ParseOptions::default().recursion_limit(MAX_DEPTH);
    let print = DemangleOptions::default().recursion_limit(MAX_DEPTH);
    let symbol = Symbol::new_with_options(name, &parse).map_err(|_| fmt::Error)?;
    symbol.structured_demangle(&mut out, &print)?;
    Ok(out.0)
}

/// Takes [`MAX`] bytes; more is an error, which ends the writing.
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

    fn readable(name: &str) -> String {
        let frame = Frame { function: name.to_owned(), ..Frame::default() };
        functions(vec![frame]).remove(0).function
    }

    #[test]
    fn names_of_rust_and_cpp_become_readable() {
        for (mangled, name) in [
            ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_ZN7account4openEi", "account::open(int)"),
            ("main", "main"),
            ("_start", "_start"),
            ("_Z", "_Z"),
            ("_", "_"),
            ("", ""),
        ] {
            assert_eq!(readable(mangled), name);
        }
    }

    #[test]
    fn names_that_stand_for_gigabytes_stay_as_they_are() {
        let mut bomb = "_Z1f1PI1AS0_E".to_owned();
        for n in 1..35 {
            let digit = char::from_digit(n, 36).unwrap().to_ascii_uppercase();
            let _ = write!(bomb, "S_IS{digit}_S{digit}_E");
        }
        assert_eq!(readable(&bomb), bomb);
        let long = format!("_ZN{}E", "1a".repeat(MAX));
        assert_eq!(readable(&long), long);
    }

    /// Names that are as deep as they are long, and how each of them goes on.
    fn deep() -> Vec<String> {
        let mut names = Vec::new();
        let heads = ["_Z", "_Z1fI", "_Z1fIX", "_Z1fDT", "_ZN", "_ZZ", "_Z1fIJ", "_Z1fIL_Z"];
        let parts = [
            "ng", "nw", "P", "K", "Dp", "DT", "X", "N", "F", "A1_", "I", "J", "Z", "cv", "cl",
            "dt", "qu", "sr", "il", "tl", "gs", "fl", "sZ", "M", "nwX", "ngX", "PX", "1aI",
        ];
        for head in heads {
            for part in parts {
                names.push(format!("{head}{}Li1EEEvv", part.repeat(190)));
                names.push(format!("{head}{}", part.repeat(1000)));
            }
        }
        for head in ["_R", "_RIC1a", "_RMC1a", "_RNvMC1a", "_RIC1aK"] {
            for part in ["R", "T", "F", "S", "INvYu", "NvYu", "Yu", "INvC1a1b", "DNvC1a1bp", "B0_"]
            {
                names.push(format!("{head}{}uE", part.repeat(700)));
            }
        }
        names.retain(|name| name.len() <= MAX);
        names
    }

    #[test]
    fn deep_names_fit_into_the_stack() {
        let names = deep();
        assert!(names.len() > 300);
        // What a thread has besides what is ours.
        let thread = std::thread::Builder::new().stack_size(STACK - (16 << 10));
        let all = move || names.iter().for_each(|name| drop(demangle(name)));
        thread.spawn(all).unwrap().join().unwrap();
    }

    #[test]
    fn a_thread_with_little_stack_reads_names_too() {
        let mut deep = deep();
        deep.push("_ZN7account4openEi".to_owned());
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let last = move || deep.iter().map(|name| readable(name)).next_back();
        let name = thread.spawn(last).unwrap().join().unwrap();
        assert_eq!(name.as_deref(), Some("account::open(int)"));
    }
}
