//! What all instances of a component have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Services;
use crate::engine::limits::Limits;
use crate::engine::slots::Slots;
use crate::types::Name;

/// What a guest needs to know of the component it is an instance of.
pub(crate) struct Profile {
    /// What the host calls the component.
    pub name: Name,
    /// Tells it from all other components of this process.
    pub id: u64,
    pub limits: Limits,
    /// How many of `max_components` each instance takes.
    pub places: u32,
    /// Bytes that each instance has besides memories and tables, at most.
    pub state: u64,
    /// How many of its instances may be alive, if fewer than the runtime allows.
    pub bulkhead: Option<Slots>,
    pub services: Services,
}

/// The last number that a component got. It is not state that anybody could observe, except by the
/// promise that no number comes twice.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A number for a component.
pub(crate) fn next_id() -> u64 {
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Tells a component from all others that live.
pub(crate) fn address(profile: &Arc<Profile>) -> usize {
    Arc::as_ptr(profile).addr()
}
