//! Proposals of WebAssembly that toolchains emit, and that are off until a host asks for them.

use crate::error::{Error, Result};

/// One proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its constant, for messages: `RUNTIME_PROPOSAL_GC`.
    pub constant: &'static str,
    /// Its bit in a set of proposals.
    pub bit: u64,
    /// What wasmtime says where it is needed and off: one of these.
    words: &'static [&'static str],
}

/// Exceptions with `try_table`.
pub const EXCEPTIONS: Proposal =
    Proposal { constant: "RUNTIME_PROPOSAL_EXCEPTIONS", bit: 1, words: &["exception"] };
/// Structs, arrays and references to them.
pub const GC: Proposal = Proposal {
    constant: "RUNTIME_PROPOSAL_GC",
    bit: 1 << 1,
    words: &["gc feature", "GC proposal"],
};
/// Memories and tables with addresses of 64 bits.
pub const MEMORY64: Proposal =
    Proposal { constant: "RUNTIME_PROPOSAL_MEMORY64", bit: 1 << 2, words: &["memory64"] };

/// Every proposal that can be switched on, by bit.
pub const PROPOSALS: [Proposal; 3] = [EXCEPTIONS, GC, MEMORY64];

/// What such a message is about that no setting switches on.
const NEVER: [&str; 3] = ["legacy", "component model", "cm-"];

/// Refuses bits that stand for no proposal.
///
/// # Errors
/// `INVALID_ARGUMENT` naming the unknown bits.
pub fn check(set: u64) -> Result<()> {
    let known = PROPOSALS.iter().fold(0, |all, proposal| all | proposal.bit);
    match set & !known {
        0 => Ok(()),
        unknown => {
            Err(Error::invalid("proposals", format_args!("no proposal has bit {unknown:#x}")))
        }
    }
}

/// Whether guests have objects besides their memories, which are collected.
pub(crate) fn have_heap(set: u64) -> bool {
    set & (EXCEPTIONS.bit | GC.bit) != 0
}

/// The proposal that a component lacks by what wasmtime says of it, if a setting switches it on.
pub(crate) fn missing(reason: &str) -> Option<&'static Proposal> {
    if NEVER.iter().any(|word| reason.contains(word)) {
        return None;
    }
    PROPOSALS.iter().find(|it| it.words.iter().any(|word| reason.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_bits_are_refused() {
        check(EXCEPTIONS.bit | GC.bit | MEMORY64.bit).unwrap();
        assert!(check(8).unwrap_err().message().contains("0x8"));
    }

    #[test]
    fn what_is_missing_is_known_by_words() {
        for (reason, expected) in [
            ("exceptions proposal not enabled (at offset 0x1)", Some(EXCEPTIONS)),
            ("array indexed types not supported without the gc feature", Some(GC)),
            ("unknown type 0: the GC proposal is disabled", Some(GC)),
            ("memory64 must be enabled for 64-bit memories", Some(MEMORY64)),
            ("legacy_exceptions support is not enabled", None),
            ("threads must be enabled for shared memories", None),
        ] {
            assert_eq!(missing(reason).copied(), expected, "{reason}");
        }
    }
}
