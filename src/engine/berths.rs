//! The engines of lanes: each has a small pool, locks and counts of its own, so that instances that
//! are made and ended on different processors do not wait for each other.
//!
//! How many instances there may be is said elsewhere. Where a lane has no room left, or no engine,
//! the first engine has room: its pool is as large as all may be together.
//!
//! Who gives memory back to the system interrupts all processors that the process runs on. Here it
//! is given back for several instances at a time. Until then their slots are neither alive nor
//! free, so there are more of them than berths: each berth may be about to give back a whole batch
//! and to fill another, and one more is not full.

use std::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;

use wasmtime::component::Component;
use wasmtime::{Engine, Instance, Module, Store};

use super::pool::{self, Step};
use super::settings::Settings;
use crate::error::{Code, Error, Result};
use crate::system::lanes::{Lanes, Near};
use crate::system::process::steadily;
use crate::system::room;
use crate::system::{stack, thread};

/// Berths of a lane, at most: more instances are alive on one processor only where they wait.
const MOST: u32 = 32;

/// Berths that batches leave at least.
const FEW: u32 = 8;

/// Regions of memory given back at a time: as many as leave enough berths.
const BATCHES: [u32; 4] = [16, 8, 4, 2];

/// Bytes of an instance that may wait for the next batch. What has more is given back at once,
/// which takes longer than it saves: whoever makes such instances has a place elsewhere.
pub(crate) const MAY_WAIT: u64 = 2 << 20;

/// Size of a page of linear memory.
const PAGE: usize = 64 << 10;

/// One memory of a page.
const FILLER: &[u8] = b"\0asm\x01\0\0\0\x05\x03\x01\0\x01";

/// The engines that lanes have, each made when its lane first needs it.
pub(super) struct LaneEngines {
    lanes: Lanes,
    copies: Arc<AtomicU32>,
    all: Box<[OnceLock<Option<LaneEngine>>]>,
}

/// The engine of a lane.
pub(crate) struct LaneEngine {
    pub engine: Engine,
    pub berths: Near<Berths>,
    copies: Arc<AtomicU32>,
    max_copies: u32,
}

/// A copy of a component in the engine of a lane counts until this is dropped.
pub(crate) struct Counted(Arc<AtomicU32>);

/// Places for instances in the pool of a lane.
pub(crate) struct Berths {
    taken: AtomicU32,
    max: u32,
    batches: Option<Batches>,
}

/// How memory is given back, if not at once.
struct Batches {
    /// So many regions at a time.
    size: u32,
    /// Has one memory, which is a region that is given back.
    filler: Module,
}

/// A place for an instance, until this is dropped: after the instance.
pub(crate) struct Berth {
    of: Near<Berths>,
    places: u32,
    /// Bytes of memory that the instance has.
    bytes: u64,
}

impl LaneEngines {
    pub(super) fn new(lanes: &Lanes) -> Self {
        let all = (0..lanes.count()).map(|_| OnceLock::new()).collect();
        Self { lanes: lanes.clone(), copies: Arc::default(), all }
    }

    /// That of a lane for `component`, which is made now if it was never asked for. `None` if the
    /// lane shares the first, or instances of the component would be too large from the start.
    pub(super) fn get(
        &self,
        lane: usize,
        component: &Component,
        settings: &Settings,
        step: &Step,
    ) -> Option<&LaneEngine> {
        let is_allowed = lane < settings.max_pools as usize - 1
            && step.is_pooled()
            && is_small(component, step.tables_per_component());
        let place = self.all.get(lane).filter(|_| is_allowed && self.all.len() > 1)?;
        place.get_or_init(|| self.make(lane, settings, step)).as_ref()
    }

    pub(super) fn made(&self) -> impl Iterator<Item = &Engine> {
        self.all.iter().filter_map(|place| place.get()?.as_ref()).map(|it| &it.engine)
    }
}

impl LaneEngines {
    /// `None` if there is no room for it.
    fn make(&self, lane: usize, settings: &Settings, step: &Step) -> Option<LaneEngine> {
        // All lanes together have no more slots than the first engine.
        let slots = settings.max_components / self.lanes.count() as u32;
        if slots == 0 || room::is_limited() {
            return None;
        }
        let max_copies = u32::try_from(settings.bounds.total_descriptors() / 4).unwrap_or(u32::MAX);
        match build(&self.lanes, lane, settings, step, slots) {
            Ok((engine, berths)) => Some(LaneEngine {
                engine,
                berths: Near::new(berths.into()),
                copies: self.copies.clone(),
                max_copies,
            }),
            Err(error) => {
                tracing::debug!(target: "wasmcell::pool", "no pool for a processor: {error}");
                None
            }
        }
    }
}

impl LaneEngine {
    /// Counts a copy, of which each keeps a descriptor; `None` if there are too many already.
    pub(crate) fn admit(&self) -> Option<Counted> {
        let counted = Counted(self.copies.clone());
        (self.copies.fetch_add(1, Relaxed) < self.max_copies).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

fn is_small(component: &Component, max_tables: u32) -> bool {
    // What is instantiated from modules that come from outside nobody knows.
    let Some(needs) = component.resources_required() else { return false };
    let pages = needs.max_initial_memory_size.unwrap_or(0);
    let bytes = pages.saturating_mul(PAGE as u64).saturating_mul(needs.num_memories.into());
    bytes <= MAY_WAIT && needs.num_tables <= max_tables
}

/// Builds an engine with so many slots at most. wasmtime has a pool keep one batch for each
/// processor that the thread that makes it may run on: here that is to be one, since all of them
/// are in the lane, and what waits is memory. So a thread makes it that stays there.
fn build(
    lanes: &Lanes,
    lane: usize,
    settings: &Settings,
    step: &Step,
    slots: u32,
) -> Result<(Engine, Berths)> {
    let (lanes, settings, step) = (lanes.clone(), settings.clone(), *step);
    let build = move || {
        // Where so much is kept that a filler would be, nothing waits.
        let batches = settings.pool_keep_resident < PAGE && lanes.stay_in(lane);
        let (max, batch) = if batches { shape(slots) } else { (slots.min(MOST), 1) };
        let own = Settings { max_components: self::slots(max, batch), ..settings };
        steadily(|| {
            let engine = pool::batching(&own, &step, batch, max)?;
            let batches = match batch {
                1 => None,
                size => Some(Batches { size, filler: Module::new(&engine, FILLER)? }),
            };
            Ok((engine, Berths { taken: AtomicU32::new(0), max, batches }))
        })
    };
    let thread = thread::spawn(Builder::new().name("wasmcell-pool".into()), build);
    let thread = thread.map_err(|error| Error::new(Code::Io, error.to_string()))?;
    thread.join().map_err(|_| Error::new(Code::Panic, "building the engine"))?
}

/// How many berths so many slots are enough for, with batches of which size.
fn shape(slots: u32) -> (u32, u32) {
    let with = |batch| (1..=MOST).rev().find(|berths| self::slots(*berths, batch) <= slots);
    let mut fitting = BATCHES.into_iter().filter_map(|batch| Some((with(batch)?, batch)));
    fitting.find(|(berths, _)| *berths >= FEW).unwrap_or((slots.min(MOST), 1))
}

/// How many slots a pool takes that has room for so many instances at any time: for each berth its
/// own, those of a batch that it gives back, and those by which it fills one.
const fn slots(berths: u32, batch: u32) -> u32 {
    match batch {
        1 => berths,
        _ => berths * (1 + 2 * batch) + batch,
    }
}

impl Berths {
    /// A place for an instance with so many memories, if there is one.
    #[inline]
    pub(crate) fn take(this: &Near<Self>, places: u32) -> Option<Berth> {
        let taken = |taken: u32| taken.checked_add(places).filter(|taken| *taken <= this.max);
        this.taken.fetch_update(SeqCst, Relaxed, taken).ok()?;
        Some(Berth { of: this.clone(), places, bytes: 0 })
    }
}

impl Batches {
    /// Has the batch full that is being filled, so that it is given back. There is no other way:
    /// what is made here ends at once, and counts as much as what waits.
    #[cold]
    fn give_back(&self) {
        for _ in 0..self.size {
            let mut store = Store::new(self.filler.engine(), ());
            // One that is not to be had gives nothing back, either.
            let _ = Instance::new(&mut store, &self.filler, &[]);
        }
    }
}

impl Berth {
    /// The instance ends, with so many bytes of memory.
    pub(crate) fn ends_with(&mut self, bytes: u64) {
        self.bytes = bytes;
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        if let Some(batches) = &self.of.batches
            && self.bytes > MAY_WAIT
        {
            // Where there is no thread for it, the next to fill the batch gives it back.
            let _ = thread::with_room(stack::KEEPING, || batches.give_back());
        }
        self.of.taken.fetch_sub(self.places, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_takes_no_more_slots_than_there_are() {
        for slots in 0..20_000 {
            let (berths, batch) = shape(slots);
            assert!(self::slots(berths, batch) <= slots && berths <= MOST, "{slots}");
            assert!(berths > 0 || slots == 0);
            assert!(batch == 1 || berths >= FEW);
        }
        assert_eq!([shape(0), shape(3), shape(5000)], [(0, 1), (3, 1), (MOST, 16)]);
    }
}
