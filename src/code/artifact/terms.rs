//! On what terms a component is compiled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::code::vet::Budget;
use crate::error::{Code, Error, Result};

/// What a load may take where nothing else is said.
pub(crate) const MAX_TEXT_SIZE: u64 = 1 << 20;
pub(crate) const MAX_COMPILE_COST: u64 = 500_000;
pub(crate) const MAX_CORE_INSTANCES: u32 = 30;

/// Limits of one load, and the way to give it up.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Bytes of WebAssembly text.
    pub(crate) max_text_size: u64,
    pub(crate) budget: Budget,
    pub(crate) max_core_instances: u64,
    /// How many threads may compile; 0 for as many as there are processors.
    pub(crate) threads: usize,
    /// Whether wasmtime reads the guest's debug information.
    pub(crate) backtrace_details: bool,
    pub(crate) stop: Stop,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            max_text_size: MAX_TEXT_SIZE,
            budget: Budget::new(MAX_COMPILE_COST),
            max_core_instances: MAX_CORE_INSTANCES.into(),
            threads: 0,
            backtrace_details: false,
            stop: Stop::default(),
        }
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
