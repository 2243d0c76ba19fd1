//! Which import validation means: its words only say where that stands.

use wasmparser::{Parser, Payload};

use crate::error::Error;
use crate::traps::words;

/// Names the import of `binary` that `error` is about, if it is about one.
pub(super) fn named(error: Error, binary: &[u8]) -> Error {
    let name = words::unnamed_type(error.message()).and_then(|offset| at(binary, offset));
    let Some(name) = name else { return error };
    let problem = "a type in it is used without being exported by a name";
    error.context(format_args!("import `{name}`: {problem}"))
}

/// The name of the import that stands at `offset`.
fn at(binary: &[u8], offset: usize) -> Option<&str> {
    for payload in Parser::new(0).parse_all(binary) {
        let Payload::ComponentImportSection(imports) = payload.ok()? else { continue };
        for import in imports.into_iter_with_offsets() {
            let (at, import) = import.ok()?;
            if at == offset {
                return Some(import.name.name);
            }
        }
    }
    None
}
