//! What is measured, and which bars hold for it.

/// A program that does the work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    Ours,
    Floor,
    Capi,
    Extism,
    Go,
    WasmtimeGo,
    Wazero,
}

impl Side {
    pub const ALL: [Self; 7] = [
        Self::Ours,
        Self::Floor,
        Self::Capi,
        Self::Extism,
        Self::Go,
        Self::WasmtimeGo,
        Self::Wazero,
    ];

    /// In tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ours => "wasmcell in C",
            Self::Floor => "wasmtime in Rust",
            Self::Capi => "wasmtime's C API",
            Self::Extism => "Extism",
            Self::Go => "wasmcell in Go",
            Self::WasmtimeGo => "wasmtime-go",
            Self::Wazero => "wazero",
        }
    }

    /// In files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ours => "wasmcell",
            Self::Floor => "floor",
            Self::Capi => "wasmtime-c",
            Self::Extism => "extism",
            Self::Go => "wasmcell-go",
            Self::WasmtimeGo => "wasmtime-go",
            Self::Wazero => "wazero",
        }
    }
}

/// A name in the protocol, and what people call it.
pub struct Work {
    pub name: &'static str,
    pub title: &'static str,
    /// Whether every program may be asked; otherwise those that run components in C and Rust.
    pub go: bool,
}

const fn work(name: &'static str, title: &'static str) -> Work {
    Work { name, title, go: false }
}

const fn go(name: &'static str, title: &'static str) -> Work {
    Work { name, title, go: true }
}

pub const WORKS: &[Work] = &[
    go("none", "no parameters, no result"),
    work("add", "(u32, u32) -> u32"),
    work("text32", "string -> string, 32 bytes"),
    work("text64", "string -> string, 64 bytes"),
    work("plain-none", "nothing, component without imports"),
    work("plain-add", "(u32, u32) -> u32, the same"),
    work("plain-text32", "string -> string, 32 bytes, the same"),
    work("direct-none", "nothing, loaded for blocking calls only"),
    work("direct-add", "(u32, u32) -> u32, the same"),
    work("bytes64", "list<u8> there and back, 64 B"),
    work("bytes4096", "list<u8> there and back, 4 KiB"),
    go("bytes1048576", "list<u8> there and back, 1 MiB"),
    go("reused1048576", "the same, into a buffer used again"),
    go("kept1048576", "the same, left where it is"),
    work("bytes67108864", "list<u8> there and back, 64 MiB"),
    work("doubles10000", "list<f64>, 10,000"),
    work("rows10000", "list<record>, 10,000"),
    work("shapes10000", "list<variant>, nested, 10,000"),
    go("fresh", "a fresh instance for each call"),
    work("fresh-wasi", "the same, a WASI component"),
    work("fresh-python", "the same, 18 MB of Python"),
    work("again", "an instance that is used again"),
    work("again-python", "the same, 18 MB of Python"),
    go("ask", "a host function called by the guest"),
    go("ask-direct", "the same, on the guest's stack"),
    work("threads", "fresh instances in two threads"),
    work("compute", "a guest that computes SHA-256"),
    work("compute-endless", "the same, not interruptible"),
    work("loop", "a guest in an almost empty loop"),
    work("loop-endless", "the same, not interruptible"),
    work("load-compile", "load: compile"),
    work("load-cache", "load: from the disk cache"),
    work("load-deserialize", "load: deserialize"),
    work("load-file", "load: deserialize_file only"),
    work("load-linked", "load: deserialize_file, and link"),
];

/// What must hold for `factor * over / under`.
#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit}"),
            Self::AtLeast(limit) => format!("≥ {limit}"),
        }
    }
}

/// Who did which work.
pub type Sample = (Side, &'static str);

pub struct Bar {
    pub title: &'static str,
    pub over: Sample,
    pub under: Sample,
    pub factor: f64,
    pub limit: Limit,
}

impl Bar {
    /// Whether it is about what a work costs beside the floor.
    pub fn is_beside_floor(&self) -> bool {
        self.over.0 == Side::Ours && self.under.0 == Side::Floor
    }
}

use Limit::{AtLeast, AtMost};
use Side::{Capi, Extism, Floor, Go, Ours, WasmtimeGo, Wazero};

const fn bar(title: &'static str, over: Sample, under: Sample, limit: Limit) -> Bar {
    Bar { title, over, under, factor: 1.0, limit }
}

/// Ours beside the floor.
const fn cost(work: &'static str, limit: f64) -> Bar {
    bar("", (Ours, work), (Floor, work), AtMost(limit))
}

pub const BARS: &[Bar] = &[
    cost("none", 1.3),
    cost("add", 1.3),
    cost("text32", 1.3),
    cost("plain-none", 1.3),
    cost("plain-add", 1.3),
    cost("plain-text32", 1.3),
    cost("text64", 1.3),
    cost("bytes4096", 1.2),
    cost("bytes1048576", 1.2),
    cost("bytes67108864", 1.2),
    cost("doubles10000", 1.2),
    cost("rows10000", 2.0),
    cost("shapes10000", 2.0),
    cost("fresh", 1.2),
    cost("fresh-wasi", 1.2),
    cost("fresh-python", 1.2),
    cost("ask", 2.0),
    cost("ask-direct", 2.0),
    bar(
        "epoch checks in SHA-256, beside a guest without",
        (Ours, "compute"),
        (Floor, "compute-endless"),
        AtMost(1.1),
    ),
    bar(
        "disk cache, beside `deserialize_file`",
        (Ours, "load-cache"),
        (Floor, "load-file"),
        AtMost(1.2),
    ),
    bar("the same, and linking", (Ours, "load-cache"), (Floor, "load-linked"), AtMost(1.2)),
    Bar {
        title: "throughput of two threads, beside one",
        over: (Ours, "fresh"),
        under: (Ours, "threads"),
        factor: 2.0,
        limit: AtLeast(1.8),
    },
    bar(
        "an instance used again, beside one that is kept",
        (Ours, "again"),
        (Ours, "add"),
        AtMost(1.5),
    ),
    bar(
        "18 MB of Python used again, beside a fresh instance",
        (Ours, "again-python"),
        (Ours, "fresh-python"),
        AtMost(0.05),
    ),
    bar("(u32, u32) -> u32, beside wasmtime's C API", (Ours, "add"), (Capi, "add"), AtMost(1.0)),
    bar("the same, blocking calls only", (Ours, "direct-add"), (Capi, "add"), AtMost(1.0)),
    bar(
        "the same, component without imports",
        (Ours, "plain-add"),
        (Capi, "plain-add"),
        AtMost(1.0),
    ),
    bar(
        "wasmtime's C API takes for 4 KiB",
        (Capi, "bytes4096"),
        (Ours, "bytes4096"),
        AtLeast(100.0),
    ),
    bar(
        "wasmtime's C API takes for 1 MiB",
        (Capi, "bytes1048576"),
        (Ours, "bytes1048576"),
        AtLeast(100.0),
    ),
    bar(
        "wasmtime's C API takes for 64 MiB",
        (Capi, "bytes67108864"),
        (Ours, "bytes67108864"),
        AtLeast(100.0),
    ),
    bar("Extism takes for 64 bytes of text", (Extism, "text64"), (Ours, "text64"), AtLeast(10.0)),
    bar("Extism takes for a fresh instance", (Extism, "fresh"), (Ours, "fresh"), AtLeast(20.0)),
    bar("Go: no-op call, beside wasmtime-go", (Go, "none"), (WasmtimeGo, "none"), AtMost(1.0)),
    bar(
        "Go: wasmtime-go takes for a fresh instance",
        (WasmtimeGo, "fresh"),
        (Go, "fresh"),
        AtLeast(5.0),
    ),
    bar("Go: wazero takes for a fresh instance", (Wazero, "fresh"), (Go, "fresh"), AtLeast(5.0)),
    bar(
        "Go: 1 MiB there and back, beside wasmcell in C",
        (Go, "bytes1048576"),
        (Ours, "bytes1048576"),
        AtMost(1.5),
    ),
    bar(
        "Go: the same, into a buffer used again",
        (Go, "reused1048576"),
        (Ours, "bytes1048576"),
        AtMost(1.5),
    ),
    bar("Go: the same, left where it is", (Go, "kept1048576"), (Ours, "bytes1048576"), AtMost(1.5)),
    bar("Go: host function, beside wasmtime-go", (Go, "ask"), (WasmtimeGo, "ask"), AtMost(1.0)),
    bar("Go: the same, blocking calls only", (Go, "ask-direct"), (WasmtimeGo, "ask"), AtMost(1.0)),
];

/// What a bar is about.
pub fn title(work: &str) -> &'static str {
    WORKS.iter().find(|it| it.name == work).map_or("", |it| it.title)
}
