//! Imports meet what the host provides.

use wasmtime::component::{Component, InstancePre, Linker};

use crate::error::{Code, Error, Result};
use crate::features;
use crate::guest::Guest;
use crate::runtime::Runtime;

/// The interfaces of WASI 0.2 that this library provides.
const WASI: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// Links `component` to WASI and to what the host defined.
///
/// # Errors
/// `LINK` names the import that is missing or has another type, and who could provide it.
pub(crate) fn link(runtime: &Runtime, component: &Component) -> Result<InstancePre<Guest>> {
    let ty = component.component_type();
    let imports: Vec<String> =
        ty.imports(runtime.engine()).map(|(name, _)| name.to_owned()).collect();
    for import in &imports {
        check_gate(runtime, import)?;
    }
    let linker =
        if imports.is_empty() { Linker::new(runtime.engine()) } else { runtime.wasi_linker() };
    linker.instantiate_pre(component).map_err(|error| explain(&imports, &error))
}

fn check_gate(runtime: &Runtime, import: &str) -> Result<()> {
    match features::gate(import) {
        Some(feature) if !runtime.skip_feature_gated_instance(import) => Err(Error::new(
            Code::Link,
            format!(
                "import `{import}` belongs to the experimental feature `{}`, which the builder \
                 did not enable",
                feature.name
            ),
        )),
        _ => Ok(()),
    }
}

fn explain(imports: &[String], error: &wasmtime::Error) -> Error {
    let details = error.chain().map(|cause| cause.to_string()).collect::<Vec<_>>().join(": ");
    let culprit = imports.iter().find(|import| details.contains(&format!("`{import}`")));
    let message = match culprit {
        Some(import) => format!("import `{import}`: {}: {details}", provider(import)),
        None => details,
    };
    Error::new(Code::Link, message)
}

fn provider(import: &str) -> &'static str {
    if WASI.iter().any(|interface| import.starts_with(interface)) {
        "wasmcell provides WASI 0.2, but not this version or type of it"
    } else if import.starts_with("wasi:") {
        "not among the WASI interfaces of wasmcell, so the host has to define it"
    } else {
        "the host has to define it"
    }
}
