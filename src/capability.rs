//! Families of interfaces that the library provides by itself, beside what the host defines.
//!
//! Each says which imports it serves and which experimental feature they belong to, and defines
//! what a component imports of them. One more is a file here and a line in [`ALL`].

use wasmtime::component::LinkerInstance;
use wasmtime::component::types::ComponentFunc;

use crate::error::{Code, Error, Result};
use crate::features::Feature;
use crate::guest::Guest;
use crate::linker::version;
use crate::types::{FunctionType, brief};
use crate::value::Value;

mod config;
mod gated;
mod logging;
mod wasi;

/// A family of interfaces.
pub(crate) trait Capability: Sync {
    /// Whether some version of the interface `import` belongs to it, or to its feature.
    fn serves(&self, import: &str) -> bool;

    /// The experimental feature that a runtime must have for it.
    fn feature(&self) -> Option<&'static Feature> {
        None
    }

    /// Where the linker of every runtime has the interface `import` already.
    fn instance(&self, _import: &str) -> Option<String> {
        None
    }

    /// Defines one function, and tells whether it has it.
    ///
    /// # Errors
    /// `LINK` if the component wants it to have another type.
    fn define(&self, _into: &mut LinkerInstance<'_, Guest>, _item: &Item<'_>) -> Result<bool> {
        Ok(false)
    }
}

/// Every family, no two of which serve the same import.
const ALL: [&dyn Capability; 6] = [
    &wasi::Wasi,
    &config::Config,
    &logging::Logging,
    &gated::Messaging,
    &gated::Identity,
    &gated::Rpc,
];

/// The family that the interface `import` belongs to.
pub(crate) fn of(import: &str) -> Option<&'static dyn Capability> {
    ALL.into_iter().find(|it| it.serves(import))
}

/// The experimental feature that the interface `import` belongs to, if any.
pub(crate) fn gate(import: &str) -> Option<&'static Feature> {
    of(import)?.feature()
}

/// A function as a component imports it.
pub(crate) struct Item<'a> {
    pub import: &'a str,
    pub name: &'a str,
    pub ty: &'a ComponentFunc,
}

impl<'a> Item<'a> {
    /// The interface without its version, and the function.
    fn path(&self) -> (&'a str, &'a str) {
        (version::unversioned(self.import), self.name)
    }

    /// Refuses a type that does not fit `spelled`.
    ///
    /// # Errors
    /// `LINK`.
    fn check(&self, spelled: &str, fits: impl FnOnce(&FunctionType) -> bool) -> Result<()> {
        let wanted = FunctionType::from_wasmtime(self.ty);
        if fits(&wanted) {
            return Ok(());
        }
        let (import, name, wanted) = (self.import, self.name, brief(&wanted));
        let problem = format!(
            "import `{import}#{name}`: wasmcell has `{spelled}`, the component wants `{wanted}`"
        );
        Err(Error::new(Code::Link, problem))
    }
}

/// Hands `value` to the guest.
fn give(results: &mut [Value], value: Value) -> Result<()> {
    let [result] = results else { return Err(unexpected()) };
    *result = value;
    Ok(())
}

/// The types were checked when the component was linked.
fn unexpected() -> Error {
    Error::new(Code::TypeMismatch, "the component passes other values than it imports")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_belongs_to_one_family() {
        for import in [
            "wasi:cli/run@0.2.0",
            "wasi:io/poll@0.2.6",
            "wasi:config/store@0.2.0-draft",
            "wasi:logging/logging",
            "wasmcloud:messaging/types@0.3.0",
            "wasmcloud:identity/store@0.0.1",
            "wrpc:rpc/transport@0.1.0",
            "acme:shop/prices@1.0.0",
        ] {
            let serving = ALL.iter().filter(|it| it.serves(import)).count();
            assert!(serving <= 1, "{import}");
            assert_eq!(of(import).is_some(), serving == 1, "{import}");
        }
    }

    #[test]
    fn only_the_listed_versions_are_gated() {
        let gate = |import| gate(import).map(|feature| feature.name);
        assert_eq!(gate("wrpc:rpc/transport@0.1.0"), Some("rpc-interface"));
        assert_eq!(gate("wasmcloud:messaging/types@0.3.0"), Some("wasmcloud-messaging-v3"));
        assert_eq!(gate("wasmcloud:identity/store@0.0.1"), Some("workload-identity-interface"));
        for import in ["wasmcloud:messaging/types@0.2.0", "wasi:cli/run@0.2.0", "wrpc:rpc/a@0.2.0"]
        {
            assert_eq!(gate(import), None);
        }
    }
}
