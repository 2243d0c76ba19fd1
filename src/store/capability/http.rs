//! Requests and responses of wasi:http, whichever version of 0.2 a component imports.

use super::family::Capability;
use crate::linker::version;
use crate::sandbox::VERSION;

pub(super) struct Http;

const INTERFACES: [&str; 2] = ["wasi:http/outgoing-handler", "wasi:http/types"];

impl Capability for Http {
    fn serves(&self, import: &str) -> bool {
        INTERFACES.contains(&version::unversioned(import))
    }

    /// The one place that all compatible versions come to.
    fn instance(&self, import: &str) -> Option<String> {
        let own = format!("{}@{VERSION}", version::unversioned(import));
        (self.serves(import) && version::fit(&own, import).is_some()).then_some(own)
    }
}
