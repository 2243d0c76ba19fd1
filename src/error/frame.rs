//! The guest's stack when it trapped.

use crate::text::cut;

/// Longest name or path in a frame, in bytes.
const MAX: usize = 4 << 10;

/// One function on the guest's stack when it trapped, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Name of the function, demangled; empty where the component carries no names.
    pub function: String,
    /// Name of the core module; empty where it has none.
    pub module: String,
    /// Offset of the instruction in the core module's binary, in bytes.
    pub offset: Option<u64>,
    /// Source file; empty without debug information.
    pub file: String,
    /// Line in `file`, from 1; 0 if unknown.
    pub line: u32,
    /// Column in `line`, from 1; 0 if unknown.
    pub column: u32,
}

impl Frame {
    /// What wasmtime knows, of which a guest chose all names. They are not demangled yet.
    pub(crate) fn of(info: &wasmtime::FrameInfo) -> Self {
        let symbol = info.symbols().first();
        let function = symbol.and_then(|s| s.name()).or(info.func_name()).unwrap_or_default();
        Self {
            function: cut(function, MAX),
            module: cut(info.module().name().unwrap_or_default(), MAX),
            offset: info.module_offset().map(|offset| offset as u64),
            file: cut(symbol.and_then(|s| s.file()).unwrap_or_default(), MAX),
            line: symbol.and_then(|s| s.line()).unwrap_or_default(),
            column: symbol.and_then(|s| s.column()).unwrap_or_default(),
        }
    }
}
