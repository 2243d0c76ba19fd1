//! Families of interfaces that the library provides by itself, beside what the host defines.
//!
//! Each says which imports it serves and which experimental feature they belong to, and defines
//! what a component imports of them. One more is a file here and a line in [`ALL`].

use crate::features::Feature;

mod config;
mod family;
mod gated;
#[cfg(feature = "http")]
mod http;
mod logging;
mod wasi;

pub(crate) use family::{Capability, Item};

/// Every family, no two of which serve the same import.
const ALL: &[&dyn Capability] = &[
    &wasi::Wasi,
    #[cfg(feature = "http")]
    &http::Http,
    &config::Config,
    &logging::Logging,
    &gated::Messaging,
    &gated::Identity,
    &gated::Rpc,
];

/// The family that the interface `import` belongs to.
pub(crate) fn of(import: &str) -> Option<&'static dyn Capability> {
    ALL.iter().copied().find(|it| it.serves(import))
}

/// The experimental feature that the interface `import` belongs to, if any.
pub(crate) fn gate(import: &str) -> Option<&'static Feature> {
    of(import)?.feature()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_belongs_to_one_family() {
        for import in [
            "wasi:cli/run@0.2.0",
            "wasi:io/poll@0.2.6",
            "wasi:http/types@0.2.0",
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
