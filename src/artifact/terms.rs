//! On what terms a component is compiled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::builder::Settings;
use crate::error::{Code, Error, Result};
use crate::vet::Budget;

/// Limits of one load, and the way to give it up.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Bytes of WebAssembly text.
    pub(super) max_text_size: u64,
    pub(super) budget: Budget,
    pub(super) max_core_instances: u64,
    /// How many threads may compile; 0 for as many as there are processors.
    pub(crate) threads: usize,
    /// Whether wasmtime reads the guest's debug information.
    pub(super) backtrace_details: bool,
    pub(crate) stop: Stop,
}

impl Terms {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            max_text_size: settings.max_text_size,
            budget: Budget::new(settings.max_compile_cost),
            max_core_instances: settings.max_core_instances_per_component.into(),
            threads: settings.max_compile_threads,
            backtrace_details: settings.backtrace_details,
            stop: Stop::default(),
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::of(&Settings::default())
    }
}

/// Set once nobody waits for a load any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn set(&self) {
        self.0.store(true, Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// `CANCELLED`, which nobody waits for.
    pub(crate) fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::new(Code::Cancelled, "the load was given up")),
            false => Ok(()),
        }
    }
}
