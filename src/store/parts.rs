//! What instances of a component are made of that refers to the host's code.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use wasmtime::Engine;
use wasmtime::component::{ComponentExportIndex, InstancePre};

use super::basis::Basis;
use super::export::Export;
use super::guest::Guest;
use crate::code::artifact::Artifact;
use crate::engine::berths::{Berth, Berths, Counted, MAY_WAIT};
use crate::error::Result;
use crate::system::lanes::Near;

/// What refers to the host's code, until its runtime is shut down.
#[derive(Clone)]
pub(crate) struct Parts {
    pub basis: Near<Basis>,
    pub pre: InstancePre<Guest>,
    /// Where they are, if not in the engine that the component was compiled in.
    elsewhere: Option<Arc<Elsewhere>>,
}

/// A copy of a component in the engine of a lane.
struct Elsewhere {
    berths: Near<Berths>,
    code: Arc<Artifact>,
    _counted: Counted,
    /// How many instances had more memory than may wait there.
    large: AtomicU32,
    /// Where its exports are, as far as they were called.
    exports: Box<[OnceLock<Option<ComponentExportIndex>>]>,
}

/// So many large instances, and the others of the component come from the first engine again.
const MOST_LARGE: u32 = 8;

/// What it takes to make parts of a component for another engine.
pub(crate) trait Remake: Send + Sync {
    /// The code that there is.
    fn code(&self) -> &Artifact;

    /// Has the engine run the same code, linked to the same.
    ///
    /// # Errors
    /// As loading has them.
    fn remake(&self, engine: &Engine) -> Result<Remade>;
}

/// A component for another engine.
pub(crate) struct Remade {
    pub code: Arc<Artifact>,
    pub pre: InstancePre<Guest>,
    /// How many exports it has.
    pub exports: usize,
}

/// What an instance is made of, and its place if that is not in the first engine.
pub(super) type Made = (Near<Parts>, Option<Berth>);

impl Parts {
    /// In the engine that the component was compiled in.
    pub(crate) fn new(basis: Basis, pre: InstancePre<Guest>) -> Self {
        Self { basis: Near::new(basis.into()), pre, elsewhere: None }
    }

    /// Whether they are made for `engine`.
    pub(super) fn is_of(&self, engine: &Engine) -> bool {
        Engine::same(self.pre.engine(), engine)
    }

    /// The same elsewhere, where `berths` says for how many there is room.
    pub(super) fn moved(&self, made: Remade, berths: &Near<Berths>, counted: Counted) -> Self {
        let Remade { code, pre, exports } = made;
        let exports = (0..exports).map(|_| OnceLock::new()).collect();
        let elsewhere = Elsewhere {
            berths: berths.clone(),
            code,
            _counted: counted,
            large: AtomicU32::new(0),
            exports,
        };
        Self { pre, elsewhere: Some(Arc::new(elsewhere)), ..self.apart() }
    }

    /// The same for another lane: what instances own of it, they own of this copy.
    pub(super) fn apart(&self) -> Self {
        Self { basis: Near::new(self.basis.apart().into()), ..self.clone() }
    }

    /// Room for an instance; `None` if there is none. Where the component was compiled there is
    /// always some.
    #[inline]
    pub(super) fn berth(&self) -> Option<Option<Berth>> {
        match &self.elsewhere {
            None => Some(None),
            Some(it) if it.large.load(Relaxed) > MOST_LARGE => None,
            Some(it) => Berths::take(&it.berths, self.basis.profile.places).map(Some),
        }
    }

    /// An instance ends that had so many bytes of memory.
    pub(super) fn ends_with(&self, bytes: u64) {
        if let Some(it) = &self.elsewhere
            && bytes > MAY_WAIT
        {
            it.large.fetch_add(1, Relaxed);
        }
    }

    /// Where `export` is.
    pub(super) fn index(&self, export: &Export) -> Option<ComponentExportIndex> {
        let Some(it) = &self.elsewhere else { return Some(export.index) };
        let known = it.exports.get(export.position)?;
        *known.get_or_init(|| export.index_in(it.code.component()))
    }
}
