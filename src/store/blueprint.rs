//! What instances of a component are made of.

use std::sync::Arc;

use super::live::Live;
use super::near::NearParts;
use super::parts::{Made, Parts, Remake};
use super::profile::{Profile, address};
use super::shelf::{First, Reuse, Shelf};
use crate::engine::deadline::DeadlineRef;
use crate::engine::shutdown::closed;
use crate::engine::slots::{OwnWaits, Spare};
use crate::error::{Code, Error, Result};
use crate::system::lanes::Near;
use crate::system::process::Kept;

/// All that it takes to make an instance of a component.
pub(crate) struct Blueprint {
    pub profile: Arc<Profile>,
    /// `None` if the component was not linked.
    parts: Option<NearParts>,
    /// Where instances wait for the next call, if they are used again.
    shelf: Option<Arc<Shelf>>,
}

impl Blueprint {
    /// For a component that is only looked at, `parts` are `None`.
    pub(crate) fn new(
        profile: Arc<Profile>,
        parts: Option<(Parts, Box<dyn Remake>)>,
        reuse: Option<Reuse>,
    ) -> Self {
        let services = &profile.services;
        let parts = parts.map(|(parts, remake)| NearParts::new(services.lanes(), parts, remake));
        let shelf = reuse.map(|it| Shelf::new(it, services, address(&profile)));
        Self { profile, parts, shelf }
    }

    /// An instance that waits for a call, if there is one.
    #[inline(always)]
    pub(crate) fn resting(&self) -> Option<Box<Kept<Live>>> {
        self.shelf.as_ref().and_then(|shelf| shelf.take())
    }

    /// Waits for an instance that had a call before, or else for `place`, where one can be made.
    pub(super) async fn wait<T>(&self, place: impl Future<Output = T>) -> First<T> {
        let Some(shelf) = &self.shelf else { return First::Place(place.await) };
        match shelf.take() {
            Some(live) => First::Instance(live),
            None => shelf.first_of(place).await,
        }
    }

    /// Where calls count that can do with an instance that is there.
    pub(super) fn own_waits(&self) -> Option<&OwnWaits> {
        self.shelf.as_ref().map(|shelf| shelf.waits())
    }

    /// Whether instances are used again.
    pub(crate) fn reuses(&self) -> bool {
        self.shelf.is_some()
    }

    /// Keeps an instance whose call went well, if they are used again.
    pub(crate) fn keep(&self, live: Box<Kept<Live>>) {
        if let Some(shelf) = &self.shelf {
            shelf.put(live, self.profile.bulkhead.as_ref());
        }
    }

    /// Whether instances can be made of it.
    ///
    /// # Errors
    /// `SHUTDOWN`, or `LINK` if it was not linked.
    pub(crate) fn check(&self) -> Result<()> {
        self.parts().map(drop)
    }

    /// What instances are made of that outlive a call.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn parts(&self) -> Result<Near<Parts>> {
        self.linked()?.first().ok_or_else(closed)
    }

    /// What instances are made of that end with a call.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(super) fn parts_here(&self, deadline: DeadlineRef<'_>) -> Result<Made> {
        self.linked()?.here(&self.profile, deadline).ok_or_else(closed)
    }

    fn linked(&self) -> Result<&NearParts> {
        self.parts
            .as_ref()
            .ok_or_else(|| Error::new(Code::Link, "the component was loaded without being linked"))
    }

    /// Gives up what refers to the host's code.
    pub(crate) fn revoke(&self) {
        if let Some(parts) = &self.parts {
            parts.revoke();
        }
        if let Some(shelf) = &self.shelf {
            shelf.close();
        }
    }
}

impl Spare for Blueprint {
    fn give_way(&self) -> bool {
        self.shelf.as_ref().is_some_and(|shelf| shelf.give_way())
    }
}
