//! Components that serve the imports of others.

use std::sync::Arc;

use super::{Component, Inner};
use crate::call::Policy;
use crate::error::{Code, Error, Result};
use crate::linker::Linker;
use crate::linker::provide::Offer;
use crate::store::{Blueprint, Export, Provider, Source};
use crate::system::process::Kept;

/// What of a component serves imports.
#[derive(Clone, Debug, Default)]
pub struct ProviderOptions {
    /// One exported interface, with what is in it; by default all that it exports.
    pub interface: Option<String>,
    /// What that interface is imported as; by its own name, by default.
    pub import: Option<String>,
}

impl Component {
    /// Has what this component exports serve what components import that are loaded with `linker`
    /// from then on. Each call of theirs gets an instance of its own.
    ///
    /// # Errors
    /// `NOT_FOUND` if it exports no such interface; `INVALID_ARGUMENT` if the linker has one of its
    /// functions already, or no interface can be imported as the options say.
    pub fn provide(&self, linker: &mut Linker, options: &ProviderOptions) -> Result<()> {
        // One that was not linked, or whose runtime was shut down, serves nobody.
        self.0.blueprint.check()?;
        let provider = Provider::new(self.0.clone());
        let called = provider.called();
        linker.provide(&Offer {
            of: Arc::new(provider),
            called: &called,
            exports: &self.0.types.exports,
            interface: options.interface.as_deref(),
            import: options.import.as_deref(),
        })
    }
}

impl Source for Kept<Inner> {
    fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn export(&self, position: usize) -> Result<Export> {
        let missing = || Error::new(Code::NotFound, "a component provides it no more");
        Export::at(&self.types, self.artifact.component(), position).ok_or_else(missing)
    }

    fn chain(&self) -> u32 {
        self.chain
    }
}
