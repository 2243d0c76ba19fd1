//! What nobody provides, in components that are loaded all the same.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{LinkerInstance, ResourceType};

use crate::guest::Guest;

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

/// Adds what an instance of WASI lacks of `members`. `into` refuses what is there already.
pub(super) fn complete(
    into: &mut LinkerInstance<'_, Guest>,
    import: &str,
    engine: &Engine,
    members: &ComponentInstance,
) {
    for (name, item) in members.exports(engine) {
        // An error says that it is there.
        let _is_there = match item.ty {
            ComponentItem::ComponentFunc(_) => {
                function(into, name, &format!("{import}#{name}")).is_err()
            }
            ComponentItem::Resource(_) => resource(into, name).is_err(),
            _ => true,
        };
    }
}
