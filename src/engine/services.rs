//! What all calls of a runtime share: its engines, their epoch thread, its tokio, its cache.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::settings::Settings;
use super::shutdown::{Gate, Shutdown};
use super::waiting::{Waiting, Waits};
use crate::code::cache::Cache;
use crate::engine::berths::LaneEngine;
use crate::engine::engines::Engines;
use crate::engine::epoch::Ticker;
use crate::engine::loads::{LoadStats, Loads};
use crate::engine::pool::Info;
use crate::engine::portion::Commons;
use crate::engine::slots::{Permit, Slots, Spares};
use crate::engine::workers::Workers;
use crate::error::Result;
use crate::features::Feature;
use crate::observer::{NearObserver, Observer};
use crate::stats::Stats;
use crate::system::closing::Closing;
use crate::system::lanes::{Copies, Lanes};
use crate::system::log::Log;
use crate::system::process::{Birthplace, Kept, steadily};

/// What a runtime has. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub(crate) struct Services(Arc<Kept<Inner>>);

/// What a runtime has, without keeping it.
pub(crate) struct WeakServices(Weak<Kept<Inner>>);

impl WeakServices {
    /// `None` once nobody keeps it.
    pub(crate) fn upgrade(&self) -> Option<Services> {
        self.0.upgrade().map(Services)
    }
}

// Fields are dropped in order: no thread of ours is left when the engine goes. In a fork, where
// threads that did not come along may hold any lock in here for ever, none of them is dropped.
struct Inner {
    ticker: Ticker,
    workers: Workers,
    commons: Commons,
    loads: Loads,
    cache: Cache,
    engines: Arc<Engines>,
    slots: Slots,
    spares: Spares,
    waiting: Waiting,
    observer: Arc<Observer>,
    observers: Copies<Arc<Observer>>,
    lanes: Lanes,
    settings: Settings,
    info: Info,
    log: Log,
    ending: Shutdown,
}

impl Services {
    pub(crate) fn start(mut settings: Settings) -> Result<Self> {
        let callback = settings.log.take();
        let log = steadily(|| Log::new(callback));
        log.clone().within(|| {
            let cache = Cache::open(&settings.cache)?;
            crate::failpoint::hit("core:runtime");
            let lanes = Lanes::of_this_process();
            let (engines, info) = steadily(|| Engines::new(&settings, &lanes))?;
            let engines = Arc::new(engines);
            let workers = Workers::start(settings.worker_threads)?;
            let observer = Arc::new(Observer::new(&lanes));
            let commons = Commons::new(&settings, observer.clone());
            let ending = Shutdown::new();
            let closing = ending.gate().closing();
            let ticker = Ticker::start(&engines, settings.epoch_tick, observer.clone(), closing)?;
            let allocator = info.allocator;
            tracing::debug!(target: "wasmcell::runtime", ?allocator, "runtime built");
            let (most, wait) = (settings.max_components, settings.instance_wait);
            let slots = Slots::new(&lanes, "max_components", most, wait);
            let log = log.clone();
            Ok(Self(Arc::new(Kept::new(Inner {
                ticker,
                workers,
                commons,
                loads: Loads::new(settings.max_compile_threads),
                cache,
                engines,
                slots,
                spares: Spares::default(),
                waiting: Waiting::default(),
                observer,
                observers: Copies::new(&lanes),
                lanes,
                settings,
                info,
                log,
                ending,
            }))))
        })
    }

    pub(crate) fn downgrade(&self) -> WeakServices {
        WeakServices(Arc::downgrade(&self.0))
    }

    /// What this runtime got, and why.
    pub(crate) fn info(&self) -> &Info {
        &self.0.info
    }

    /// What this runtime is doing and has done. Takes no lock that a call takes.
    pub(crate) fn statistics(&self) -> Stats {
        let mut stats = Stats {
            pools: self.0.engines.pools(),
            pool_slots: self.0.engines.pool_slots(),
            ticks: self.0.ticker.ticks(),
            ..self.0.observer.counters().snapshot()
        };
        self.0.commons.describe(&mut stats);
        stats
    }

    /// What its loads are doing.
    pub(crate) fn load_statistics(&self) -> LoadStats {
        self.0.loads.stats()
    }

    pub(crate) fn loads(&self) -> &Loads {
        &self.0.loads
    }

    /// Whether the experimental `feature` was enabled.
    pub(crate) fn has(&self, feature: &Feature) -> bool {
        self.0.settings.experimental_features & feature.bit != 0
    }

    /// The compile cache.
    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The engine that components are compiled in.
    pub(crate) fn engine(&self) -> &Engine {
        self.0.engines.main()
    }

    /// The engine whose guests have `stack` bytes each: no more than the runtime allows.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if there are too many.
    pub(crate) fn engine_with_stack(&self, stack: usize) -> Result<Engine> {
        self.0.engines.with_stack(stack, &self.0.settings)
    }

    /// The engine of a lane for a component of [`engine`](Self::engine); `None` if it has to do
    /// with that one.
    pub(crate) fn lane_engine(&self, lane: usize, component: &Component) -> Option<&LaneEngine> {
        self.0.engines.of_lane(lane, component, &self.0.settings)
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.0.ticker
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// What its guests share.
    pub(crate) fn commons(&self) -> &Commons {
        &self.0.commons
    }

    /// Who is told what it does.
    pub(crate) fn observer(&self) -> &Arc<Observer> {
        &self.0.observer
    }

    /// The same, for an instance.
    #[inline]
    pub(crate) fn near_observer(&self) -> NearObserver {
        self.0.observers.here(|| self.0.observer.clone()).clone()
    }

    /// Which processors have what of their own.
    pub(crate) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    /// Whether there are calls on several processors at once, as far as that can be known.
    #[cold]
    pub(crate) fn is_crowded(&self) -> bool {
        self.0.lanes.count() > 1 && self.0.observer.counters().in_flight() > 1
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }

    /// Refuses to go on in a fork of the process that built this runtime.
    pub(crate) fn check_process(&self) -> Result<()> {
        Kept::birthplace(&self.0).check()
    }

    /// How far it is with its end.
    pub(crate) fn ending(&self) -> &Shutdown {
        &self.0.ending
    }

    /// What lets calls and loads begin.
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        self.0.ending.gate()
    }

    /// Whether it is shutting down.
    pub(crate) fn closing(&self) -> Closing {
        self.gate().closing()
    }

    /// The process that built this runtime.
    pub(crate) fn birthplace(&self) -> Birthplace {
        Kept::birthplace(&self.0)
    }

    /// Whether both are clones of one runtime's.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// As [`slot`](Self::slot), without waiting.
    pub(crate) fn slot_now(&self, places: u32) -> Option<Permit> {
        self.0.slots.take_now(places, &self.0.spares)
    }

    /// For a call that has `held` slots, gives none of them back, and waits for `wanted` more: such
    /// calls never wait for each other only.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(crate) fn wait_with(&self, held: u32, wanted: u32) -> Result<Waits<'_>> {
        self.0.waiting.enter(held, wanted, self.0.settings.max_components)
    }

    /// Waits for `places` of the `max_components` slots, as long as the builder said. It counts in
    /// `own` meanwhile.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(crate) async fn slot(&self, places: u32, own: Option<&AtomicUsize>) -> Result<Permit> {
        self.slots().take(places, self.workers(), &self.0.spares, own).await
    }

    /// The slots of `max_components`.
    pub(crate) fn slots(&self) -> &Slots {
        &self.0.slots
    }

    /// What is kept for calls to come, and gives way to those that are there.
    pub(crate) fn spares(&self) -> &Spares {
        &self.0.spares
    }
}
