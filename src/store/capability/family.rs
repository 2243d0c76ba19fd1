//! What every family of interfaces says of itself.

use wasmtime::component::LinkerInstance;
use wasmtime::component::types::ComponentFunc;

use crate::error::{Code, Error, Result};
use crate::features::Feature;
use crate::linker::version;
use crate::store::guest::Guest;
use crate::types::{FunctionType, brief};
use crate::value::Value;

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

/// A function as a component imports it.
pub(crate) struct Item<'a> {
    pub import: &'a str,
    pub name: &'a str,
    pub ty: &'a ComponentFunc,
}

impl<'a> Item<'a> {
    /// The interface without its version, and the function.
    pub(super) fn path(&self) -> (&'a str, &'a str) {
        (version::unversioned(self.import), self.name)
    }

    /// Refuses a type that does not fit `spelled`.
    ///
    /// # Errors
    /// `LINK`.
    pub(super) fn check(
        &self,
        spelled: &str,
        fits: impl FnOnce(&FunctionType) -> bool,
    ) -> Result<()> {
        let wanted = FunctionType::from_wasmtime(self.ty);
        if fits(&wanted) {
            return Ok(());
        }
        let (import, name, wanted) = (self.import, self.name, brief(&wanted));
        let path = format!("{import}#{name}");
        let problem =
            format!("import `{path}`: wasmcell has `{spelled}`, the component wants `{wanted}`");
        Err(Error::new(Code::Link, problem).of_import(path))
    }
}

/// Hands `value` to the guest.
pub(super) fn give(results: &mut [Value], value: Value) -> Result<()> {
    let [result] = results else { return Err(unexpected()) };
    *result = value;
    Ok(())
}

/// The types were checked when the component was linked.
pub(super) fn unexpected() -> Error {
    Error::new(Code::TypeMismatch, "the component passes other values than it imports")
}
