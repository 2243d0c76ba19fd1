//! What only the words of wasmtime tell. It has no types for these failures, so all of its words
//! that the library goes by stand here; the tests of limits, proposals and hostile guests notice
//! when they change.

use crate::error::Code;

fn says(message: &str, words: &[&str]) -> bool {
    words.iter().any(|word| message.contains(word))
}

/// Why wasmtime does not take a component, by its `reason`. An unknown one is `COMPILE`.
pub(crate) fn refusal(reason: &str) -> Code {
    const PROPOSALS: [&str; 7] = [
        " feature",
        "not enabled",
        "must be enabled",
        "disabled",
        "disallowed",
        "not supported",
        "proposal",
    ];
    if says(reason, &["minimum byte size", "minimum element size"]) {
        Code::MemoryLimit
    } else if says(reason, &["exceeds the configured maximum", "exceeds the per-instance limit"]) {
        Code::ResourceLimit
    } else if says(reason, &PROPOSALS) {
        Code::Unsupported
    } else {
        Code::Compile
    }
}

/// Whether compiled code was made with other settings than those of the engine at hand.
pub(crate) fn made_with_other_settings(reason: &str) -> bool {
    const WORDS: [&str; 5] = [
        "memory reservation",
        "guard size",
        "ignals-based traps",
        "however",
        "WebAssembly feature",
    ];
    says(reason, &WORDS)
}

/// Whether the pool refuses a component.
pub(crate) fn is_of_pool(message: &str) -> bool {
    message.contains("pooling allocator")
}

/// The setting of which a component wants more than the pool has, and the code of that.
pub(crate) fn met_in_pool(message: &str) -> Option<(Code, &'static str)> {
    const PARTS: [(&str, Code, &str); 7] = [
        ("instance allocation for this", Code::MemoryLimit, "max_instance_state"),
        ("core module instances", Code::ResourceLimit, "max_core_instances_per_component"),
        ("linear memories", Code::ResourceLimit, "max_memories_per_component"),
        ("memories count", Code::ResourceLimit, "max_memories_per_component"),
        ("tables", Code::ResourceLimit, "max_tables_per_component"),
        ("memory index", Code::MemoryLimit, "max_linear_memory"),
        ("table index", Code::MemoryLimit, "max_table_elements"),
    ];
    let (_, code, setting) = PARTS.into_iter().find(|(words, ..)| message.contains(words))?;
    Some((code, setting))
}

/// How much of that the component wants, where it says so.
pub(crate) fn wanted_of_pool(message: &str) -> Option<u64> {
    let (_, size) = message.split_once("size of ")?;
    size.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The setting behind a limit on the host's own memory, or on an instance's parts, by the innermost
/// cause.
pub(crate) fn spent(cause: &str) -> Option<&'static str> {
    const LIMITS: [(&str, &str); 5] = [
        ("store handle limit exceeded", "max_resources"),
        ("fuel allocated for hostcalls", "max_hostcall_memory"),
        ("limit exceeded: instance count", "max_core_instances_per_component"),
        ("limit exceeded: memory count", "max_memories_per_component"),
        ("limit exceeded: table count", "max_tables_per_component"),
    ];
    if cause.starts_with("requested len") {
        return Some("max_random_size");
    }
    LIMITS.into_iter().find(|(words, _)| cause.contains(words)).map(|(_, setting)| setting)
}

/// Whether the guest broke the canonical ABI in what it passed to the host, or got from it.
pub(crate) fn breaks_abi(message: &str) -> bool {
    const WORDS: [&str; 20] = [
        "realloc return: ",
        "out of bounds of memory",
        "pointer out of bounds",
        "pointer size overflow",
        "pointer is not aligned",
        "pointer not aligned",
        "invalid utf-8",
        "incomplete utf-8",
        "invalid utf8 encoding",
        "invalid utf16 encoding",
        "unpaired surrogate",
        "out of range for `char`",
        "discriminant",
        "unknown handle index",
        "is not a resource",
        "is not an own resource",
        "while borrowed",
        "used with the wrong type",
        "own resource from a borrow",
        "borrow handles still remain",
    ];
    says(message, &WORDS)
}

/// Where the import stands in a component that validation refuses, if it is one with a type in it
/// that has no name.
pub(crate) fn unnamed_type(reason: &str) -> Option<usize> {
    let (_, at) = reason.split_once("not valid to be used as import (at offset 0x")?;
    usize::from_str_radix(at.split_once(')')?.0, 16).ok()
}

/// Whether this is the beginning of a backtrace, as wasmtime writes it.
pub(crate) fn is_backtrace(cause: &str) -> bool {
    cause.starts_with("error while executing at wasm backtrace")
}

/// Whether `cause` only says that something failed.
pub(crate) fn says_nothing(cause: &str) -> bool {
    cause.starts_with("failed to parse WebAssembly module")
}
