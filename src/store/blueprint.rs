//! What instances of a component are made of.

use std::sync::{Arc, PoisonError, RwLock};

use super::live::Live;
use super::parts::Parts;
use super::profile::{Profile, address};
use super::shelf::{First, Reuse, Shelf};
use crate::engine::shutdown::closed;
use crate::engine::slots::{OwnWaits, Spare};
use crate::error::{Code, Error, Result};
use crate::system::process::Kept;

/// All that it takes to make an instance of a component.
pub(crate) struct Blueprint {
    pub profile: Arc<Profile>,
    parts: RwLock<Option<Arc<Parts>>>,
    is_linked: bool,
    /// Where instances wait for the next call, if they are used again.
    shelf: Option<Arc<Shelf>>,
}

impl Blueprint {
    /// For a component that is only looked at, `parts` are `None`.
    pub(crate) fn new(profile: Profile, parts: Option<Parts>, reuse: Option<Reuse>) -> Self {
        let (profile, is_linked) = (Arc::new(profile), parts.is_some());
        let shelf = reuse.map(|it| Shelf::new(it, &profile.services, address(&profile)));
        Self { profile, parts: RwLock::new(parts.map(Arc::new)), is_linked, shelf }
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

    /// What its instances are made of.
    ///
    /// # Errors
    /// `SHUTDOWN`, or `LINK` if it was not linked.
    pub(crate) fn parts(&self) -> Result<Arc<Parts>> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        parts.ok_or_else(|| match self.is_linked {
            true => closed(),
            false => {
                let problem = "the component was loaded without being linked";
                Error::new(Code::Link, problem)
            }
        })
    }

    /// Gives up what refers to the host's code.
    pub(crate) fn revoke(&self) {
        let parts = self.parts.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(parts);
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
