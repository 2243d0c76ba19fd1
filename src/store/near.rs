//! The parts of a component as each lane has them: at first those of the first engine, and those of
//! an engine of its own once calls are made on several processors at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::parts::{Made, Parts, Remake};
use super::profile::Profile;
use crate::engine::deadline::DeadlineRef;
use crate::system::lanes::{Lanes, Near, Spread};
use crate::system::{stack, thread};

/// The parts of a component, until they are revoked.
pub(super) struct NearParts {
    first: RwLock<Option<First>>,
    lanes: Spread<Mutex<Lane>>,
}

/// Parts of the first engine, and what makes those of others.
struct First {
    parts: Near<Parts>,
    remake: Arc<dyn Remake>,
}

#[derive(Default)]
struct Lane {
    /// Of the first engine, but nobody else's.
    shared: Option<Near<Parts>>,
    /// Of its own engine.
    own: Option<Near<Parts>>,
    /// Whether a call has met others here.
    has_met: bool,
    /// Whether somebody has begun to make those.
    is_begun: bool,
}

/// Calls of the same code that have to meet others before it is copied: what is called a few times
/// would pay for it and never get it back. Nor would a component that is linked for one call.
const FEW: u32 = 16;

/// Time that a call must have left to make a copy: many times what that takes at worst.
const LEAST: Duration = Duration::from_millis(50);
const FOR_A_MEGABYTE: Duration = Duration::from_millis(50);

impl NearParts {
    pub(super) fn new(lanes: &Lanes, parts: Parts, remake: Box<dyn Remake>) -> Self {
        let first = First { parts: Near::new(parts.into()), remake: remake.into() };
        let lanes = Spread::new(lanes, Mutex::default);
        Self { first: RwLock::new(Some(first)), lanes }
    }

    /// Those of the first engine; `None` once they are revoked.
    pub(super) fn first(&self) -> Option<Near<Parts>> {
        self.read().map(|(parts, _)| parts)
    }

    fn read(&self) -> Option<(Near<Parts>, Arc<dyn Remake>)> {
        let first = self.first.read().unwrap_or_else(PoisonError::into_inner);
        first.as_ref().map(|it| (it.parts.clone(), it.remake.clone()))
    }

    /// Those of this lane, with a place in their engine if they have one of their own; `None` once
    /// they are revoked.
    pub(super) fn here(&self, profile: &Profile, deadline: DeadlineRef<'_>) -> Option<Made> {
        let (number, place) = self.lanes.at();
        let mut lane = lock(place);
        if let Some(own) = &lane.own {
            if let Some(berth) = own.berth() {
                return Some((own.clone(), berth));
            }
        } else if !lane.is_begun && profile.services.is_crowded() {
            let has_met = std::mem::replace(&mut lane.has_met, true);
            if self.is_worth_it() && has_met {
                lane.is_begun = true;
                drop(lane);
                let left = deadline.at().saturating_duration_since(Instant::now());
                // As loads are done, on a thread that has the stack for it.
                let move_in = || self.move_in(number, place, profile, left);
                let _ = thread::with_room(stack::ROOMY, move_in);
                lane = lock(place);
            }
        }
        let shared = match &lane.shared {
            Some(shared) => shared.clone(),
            None => {
                // Locked, so that it is revoked after this if it is there.
                let parts = self.first()?.apart();
                lane.shared.insert(Near::new(parts.into())).clone()
            }
        };
        Some((shared, None))
    }

    /// Counts a call that met others; whether there are enough of them for a copy.
    #[cold]
    fn is_worth_it(&self) -> bool {
        let first = self.first.read().unwrap_or_else(PoisonError::into_inner);
        first.as_ref().is_some_and(|it| it.remake.code().has_met_others() > FEW)
    }

    /// Makes the parts of a lane's own engine, if it gets one.
    #[cold]
    fn move_in(&self, number: usize, place: &Mutex<Lane>, profile: &Profile, left: Duration) {
        let Some((parts, remake)) = self.read() else { return };
        let services = &profile.services;
        if !parts.is_of(services.engine()) {
            return;
        }
        let megabytes = u32::try_from(remake.code().size() >> 20).unwrap_or(u32::MAX);
        if left < LEAST + FOR_A_MEGABYTE.saturating_mul(megabytes) {
            // One that has more time, perhaps.
            lock(place).is_begun = false;
            return;
        }
        let there = services.lane_engine(number, remake.code().component());
        let Some((there, counted)) = there.and_then(|it| Some((it, it.admit()?))) else { return };
        match remake.remake(&there.engine) {
            Ok(made) => {
                let own = Near::new(parts.moved(made, &there.berths, counted).into());
                let mut lane = lock(place);
                // As above.
                if self.first().is_some() {
                    lane.own = Some(own);
                }
            }
            Err(error) => tracing::debug!(
                target: "wasmcell::component",
                component = profile.name.as_str(),
                "not copied for one more processor: {error}"
            ),
        }
    }

    /// Gives all of them up.
    pub(super) fn revoke(&self) {
        let first = self.first.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(first);
        for place in self.lanes.all() {
            let lane = std::mem::take(&mut *lock(place));
            drop(lane);
        }
    }
}

fn lock(place: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
