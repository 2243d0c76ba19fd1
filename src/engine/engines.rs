//! The engines of a runtime: one for most components, others for those whose guests have smaller
//! stacks, which wasmtime makes a property of the engine, and others for other processors.

use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::component::Component;
use wasmtime::{Engine, EngineWeak};

use super::berths::{LaneEngine, LaneEngines};
use super::pool::{self, Info, Step};
use super::settings::Settings;
use crate::error::{Code, Error, Result};
use crate::system::lanes::Lanes;
use crate::system::process::steadily;

/// How many other engines there may be at a time.
const MAX_OTHERS: usize = 16;

/// All engines run the same machine code.
pub(crate) struct Engines {
    main: Engine,
    step: Step,
    /// Each lives as long as its components.
    others: Mutex<Vec<Other>>,
    lanes: LaneEngines,
}

struct Other {
    stack: usize,
    engine: EngineWeak,
}

impl Engines {
    /// The first engine, and what came of its pool.
    ///
    /// # Errors
    /// `POOL`, `INVALID_ARGUMENT`, `UNSUPPORTED`.
    pub(super) fn new(settings: &Settings, lanes: &Lanes) -> Result<(Self, Info)> {
        let (main, info, step) = pool::engine(settings)?;
        let lanes = LaneEngines::new(lanes);
        Ok((Self { main, step, others: Mutex::default(), lanes }, info))
    }

    /// The one that components are compiled in.
    pub(super) fn main(&self) -> &Engine {
        &self.main
    }

    /// The one whose guests have `stack` bytes each.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if there are too many.
    pub(super) fn with_stack(&self, stack: usize, settings: &Settings) -> Result<Engine> {
        if stack == settings.max_stack {
            return Ok(self.main.clone());
        }
        let mut others = self.others();
        others.retain(|other| other.engine.upgrade().is_some());
        let known = others.iter().find(|other| other.stack == stack);
        if let Some(engine) = known.and_then(|other| other.engine.upgrade()) {
            return Ok(engine);
        }
        if others.len() == MAX_OTHERS {
            let problem = format_args!(
                "`options.limits.max_stack`: the components of this runtime have {MAX_OTHERS} \
                 other sizes of stacks already, and no more at a time are possible"
            );
            return Err(Error::new(Code::ResourceLimit, problem).with_setting("max_stack"));
        }
        let settings = Settings { max_stack: stack, ..settings.clone() };
        let engine = steadily(|| pool::another(&settings, &self.step))?;
        others.push(Other { stack, engine: engine.weak() });
        Ok(engine)
    }

    /// That of a lane, for a component of the first; `None` if it has to do with that one.
    pub(super) fn of_lane(
        &self,
        lane: usize,
        component: &Component,
        settings: &Settings,
    ) -> Option<&LaneEngine> {
        self.lanes.get(lane, component, settings, &self.step)
    }

    /// A tick has passed.
    pub(super) fn tick(&self) {
        self.main.increment_epoch();
        self.lanes.made().for_each(Engine::increment_epoch);
        for other in self.others().iter().filter_map(|other| other.engine.upgrade()) {
            other.increment_epoch();
        }
    }

    /// How many pools there are.
    pub(super) fn pools(&self) -> u64 {
        u64::from(self.step.is_pooled()) + self.lanes.made().count() as u64
    }

    /// Slots of the pools that are in use.
    pub(super) fn pool_slots(&self) -> u64 {
        let pools = [&self.main].into_iter().chain(self.lanes.made());
        let metrics = pools.filter_map(Engine::pooling_allocator_metrics);
        metrics.map(|pool| pool.component_instances()).sum()
    }

    fn others(&self) -> MutexGuard<'_, Vec<Other>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
