//! Components whose exports serve the imports of others.

use std::sync::Arc;

use super::blueprint::Blueprint;
use super::export::Export;
use super::profile::address;
use crate::call::{Calls, Policy};
use crate::engine::Services;
use crate::error::{Code, Error, Result};
use crate::types::brief;

/// What a component shows to those that it serves.
pub(crate) trait Source: Send + Sync {
    fn blueprint(&self) -> &Blueprint;

    fn policy(&self) -> &Policy;

    /// One of its exported functions.
    ///
    /// # Errors
    /// `NOT_FOUND` if that is something else.
    fn export(&self, position: usize) -> Result<Export>;

    /// How many components there are in the longest chain of providers that begins here.
    fn chain(&self) -> u32;
}

/// A component that serves imports of others.
pub(crate) struct Provider(Arc<dyn Source>);

/// Components in a chain of providers, at most. Each releases the next.
const MAX_CHAIN: u32 = 32;

impl Provider {
    pub(crate) fn new(source: Arc<dyn Source>) -> Self {
        Self(source)
    }

    pub(super) fn source(&self) -> &dyn Source {
        &*self.0
    }

    /// Tells it from all other components that live.
    pub(super) fn key(&self) -> usize {
        address(&self.0.blueprint().profile)
    }

    /// What to call it in messages.
    pub(crate) fn called(&self) -> String {
        called(self.0.blueprint().profile.name.as_str())
    }

    /// Refuses to serve `import` of a component of these services that cannot be served by it. Says
    /// how long the chain of providers becomes.
    ///
    /// # Errors
    /// `LINK`.
    pub(super) fn admit(&self, client: &Client<'_>, import: &str) -> Result<u32> {
        let refuse = |problem: String| {
            let problem = format!("import `{}`: {problem}", brief(import));
            Err(Error::new(Code::Link, problem).of_import(import))
        };
        let own = self.0.policy();
        let called = self.called();
        if !own.services.is(client.services) {
            return refuse(format!("{called}, which provides it, is of another runtime"));
        }
        if own.blocking_only && !client.calls.blocking_only {
            return refuse(format!(
                "{called}, which provides it, was loaded for blocking calls only, so that those \
                 that it serves have to be as well"
            ));
        }
        let most = client.services.settings().max_call_depth.min(MAX_CHAIN);
        let chain = self.0.chain().saturating_add(1);
        if chain > most {
            let error = refuse(format!(
                "{called}, which provides it, is the first of {} that provide for each other, and \
                 `max_call_depth`, or {MAX_CHAIN}, allows {most} components within each other",
                chain - 1
            ));
            return error.map_err(|it| it.met("max_call_depth", Some(chain.into()), most.into()));
        }
        Ok(chain)
    }
}

/// A component that a provider is to serve.
pub(super) struct Client<'a> {
    pub services: &'a Services,
    pub calls: Calls,
}

/// What to call a component of this name in messages.
fn called(name: &str) -> String {
    match name.is_empty() {
        true => "another component".to_owned(),
        false => format!("the component `{}`", brief(name)),
    }
}
