//! What nobody provides, in components that are loaded all the same.

use wasmtime::component::{LinkerInstance, ResourceType};

use crate::store::guest::Guest;

/// Stands for resources that nobody can make.
enum Absent {}

/// A function that traps.
pub(super) fn function(
    into: &mut LinkerInstance<'_, Guest>,
    name: &str,
    path: &str,
) -> wasmtime::Result<()> {
    let problem = format!("nothing provides `{path}`");
    into.func_new(name, move |_, _, _, _| Err(wasmtime::Error::msg(problem.clone())))
}

/// A resource that nobody can make.
pub(super) fn resource(into: &mut LinkerInstance<'_, Guest>, name: &str) -> wasmtime::Result<()> {
    into.resource(name, ResourceType::host::<Absent>(), |_, _| Ok(()))
}

/// What a component imports from an instance of WASI.
pub(super) enum Left {
    Function(String),
    Resource(String),
}

/// Adds what an instance of WASI lacks of what is imported from it. `into` refuses what is there
/// already.
pub(super) fn complete(into: &mut LinkerInstance<'_, Guest>, import: &str, left: Vec<Left>) {
    for item in left {
        // An error says that it is there.
        let _is_there = match item {
            Left::Function(name) => function(into, &name, &format!("{import}#{name}")).is_err(),
            Left::Resource(name) => resource(into, &name).is_err(),
        };
    }
}
