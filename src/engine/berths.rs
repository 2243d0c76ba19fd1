//! The engines of lanes: each has a small pool, locks and counts of its own, so that instances that
//! are made and ended on different processors do not wait for each other.
//!
//! How many instances there may be is said elsewhere. Where a lane has no room left, or no engine,
//! the first engine has room: its pool is as large as all may be together.
//!
//! Who gives memory back to the system interrupts all processors that the process runs on. Here it
//! is given back for several instances at a time. Until then their slots are neither alive nor
//! free, so there are more of them than berths: each berth may be about to give back a whole batch
//! and to fill another, and every shard of the pool may have one that is not full.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use wasmtime::{Engine, Memory, MemoryType, Store};

use super::pool::{self, Step};
use super::settings::Settings;
use crate::system::lanes::{Lanes, Near};
use crate::system::process::steadily;
use crate::system::room;

/// Berths of a lane, at most: more instances are alive on one processor only where they wait.
const MOST: u32 = 32;

/// Berths that batches leave at least.
const FEW: u32 = 4;

/// Regions of memory given back at a time: as many as leave enough berths.
const BATCHES: [u32; 4] = [16, 8, 4, 2];

/// Shards of a pool, at most: as many as wasmtime makes.
const SHARDS: u32 = 16;

/// Bytes of an instance that may wait for the next batch. What has more is given back at once.
const MAY_WAIT: u64 = 2 << 20;

/// Size of a page of linear memory.
const PAGE: usize = 64 << 10;

/// The engines that lanes have, each made when its lane first needs it.
pub(super) struct LaneEngines(Box<[OnceLock<Option<LaneEngine>>]>);

/// The engine of a lane.
pub(crate) struct LaneEngine {
    pub engine: Engine,
    pub berths: Near<Berths>,
}

/// Places for instances in the pool of a lane.
pub(crate) struct Berths {
    taken: AtomicU32,
    max: u32,
    engine: Engine,
    /// Regions of memory that it gives back at a time.
    batch: u32,
    /// Pages of a memory that is given back to the system rather than kept.
    pages: u32,
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
        Self((0..lanes.count()).map(|_| OnceLock::new()).collect())
    }

    /// That of a lane, which is made now if it was never asked for. `None` if it shares the first.
    pub(super) fn get(&self, lane: usize, settings: &Settings, step: &Step) -> Option<&LaneEngine> {
        let place = self.0.get(lane).filter(|_| self.0.len() > 1 && step.is_pooled())?;
        place.get_or_init(|| make(settings, step, self.0.len())).as_ref()
    }

    pub(super) fn made(&self) -> impl Iterator<Item = &Engine> {
        self.0.iter().filter_map(|place| place.get()?.as_ref()).map(|it| &it.engine)
    }
}

/// `None` if there is no room for it.
fn make(settings: &Settings, step: &Step, lanes: usize) -> Option<LaneEngine> {
    // All lanes together have no more slots than the first engine.
    let (max, batch) = shape(settings.max_components / lanes as u32);
    if max == 0 || room::is_limited() {
        return None;
    }
    let own = Settings { max_components: slots(max, batch), ..settings.clone() };
    let engine = match steadily(|| pool::batching(&own, step, batch)) {
        Ok(engine) => engine,
        Err(error) => {
            tracing::debug!(target: "wasmcell::pool", "no engine for one more processor: {error}");
            return None;
        }
    };
    let pages = u32::try_from(settings.pool_keep_resident / PAGE + 2).ok()?;
    let taken = AtomicU32::new(0);
    let berths = Berths { taken, max, engine: engine.clone(), batch, pages };
    Some(LaneEngine { engine, berths: Near::new(berths.into()) })
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
        _ => berths * (1 + 2 * batch) + SHARDS * batch,
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

    /// Has the batch full that this thread fills, so that it is given back. There is no other way:
    /// memories count, and nothing else of them is wanted.
    #[cold]
    fn give_back(&self) {
        let mut store = Store::new(&self.engine, ());
        for _ in 0..self.batch {
            // One that is not to be had gives nothing back, either.
            let _ = Memory::new(&mut store, MemoryType::new(self.pages, Some(self.pages)));
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
        if self.bytes > MAY_WAIT && self.of.batch > 1 {
            self.of.give_back();
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
