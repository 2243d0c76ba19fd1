//! The instances of one call: the one that the host calls, and those that providers serve it from.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What they have in common.
#[derive(Debug)]
pub(crate) struct Party {
    /// How many of `max_components` they take, until the call is over.
    places: AtomicU32,
    /// Whether a provider has one of the instances in it that its own component may have.
    is_limited: AtomicBool,
}

impl Party {
    pub(crate) fn new(places: u32) -> Self {
        Self { places: AtomicU32::new(places), is_limited: AtomicBool::new(false) }
    }

    pub(crate) fn places(&self) -> u32 {
        self.places.load(Ordering::Relaxed)
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.is_limited.load(Ordering::Relaxed)
    }

    /// A provider has taken its places.
    pub(crate) fn add(&self, places: u32, is_limited: bool) {
        self.places.fetch_add(places, Ordering::Relaxed);
        self.is_limited.fetch_or(is_limited, Ordering::Relaxed);
    }
}
