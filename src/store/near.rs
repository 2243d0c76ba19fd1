//! The parts of a component as each lane has them: at first those of the first engine, and those of
//! an engine of its own once calls are made on several processors at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::parts::{Made, Parts, Remake};
use super::profile::Profile;
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
    /// Whether somebody has begun to make those.
    is_begun: bool,
}

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
    pub(super) fn here(&self, profile: &Profile) -> Option<Made> {
        let (number, place) = self.lanes.at();
        let mut lane = lock(place);
        if let Some(own) = &lane.own {
            if let Some(berth) = own.berth() {
                return Some((own.clone(), berth));
            }
        } else if !lane.is_begun && profile.services.is_crowded() {
            lane.is_begun = true;
            drop(lane);
            // As loads are done, on a thread that has the stack for it.
            let _ = thread::with_room(stack::ROOMY, || self.move_in(number, place, profile));
            lane = lock(place);
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

    /// Makes the parts of a lane's own engine, if it gets one.
    #[cold]
    fn move_in(&self, number: usize, place: &Mutex<Lane>, profile: &Profile) {
        let Some((parts, remake)) = self.read() else { return };
        let services = &profile.services;
        if !parts.is_of(services.engine()) {
            return;
        }
        let Some(there) = services.lane_engine(number) else { return };
        let Some(counted) = there.admit() else { return };
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
