//! Interfaces of experimental features, which exist by name: a runtime with the feature loads
//! components that import them, and what the host does not define of them traps.

use super::family::Capability;
use crate::features::{self, Feature};

/// wasmcloud:messaging 0.3.
pub(super) struct Messaging;

/// wasmcloud:identity.
pub(super) struct Identity;

/// wrpc:rpc.
pub(super) struct Rpc;

impl Capability for Messaging {
    fn serves(&self, import: &str) -> bool {
        matches!(
            import,
            "wasmcloud:messaging/producer@0.3.0"
                | "wasmcloud:messaging/request-reply@0.3.0"
                | "wasmcloud:messaging/types@0.3.0"
        )
    }

    fn feature(&self) -> Option<&'static Feature> {
        Some(&features::MESSAGING)
    }
}

impl Capability for Identity {
    fn serves(&self, import: &str) -> bool {
        import == "wasmcloud:identity/store@0.0.1"
    }

    fn feature(&self) -> Option<&'static Feature> {
        Some(&features::IDENTITY)
    }
}

impl Capability for Rpc {
    fn serves(&self, import: &str) -> bool {
        import.starts_with("wrpc:rpc/") && import.ends_with("@0.1.0")
    }

    fn feature(&self) -> Option<&'static Feature> {
        Some(&features::RPC)
    }
}
