//! Instances that ended a call well and are kept for the next one.
//!
//! The guest finds what its last call left: whoever asks for this has a component that may. Only a
//! call that went well leaves its instance here, and only of the same component. What is kept gives
//! way when somebody waits for its place.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::live::Live;
use crate::engine::Services;
use crate::engine::slots::Spare;
use crate::system::process::Kept;

/// How long instances are used again.
#[derive(Clone, Copy, Debug)]
pub struct Reuse {
    /// How many wait for calls at most.
    pub max_instances: usize,
    /// How many calls each has at most.
    pub max_calls: u64,
    /// How long each waits for a call at most.
    pub max_idle: Duration,
    /// By how many bytes its memories and tables may have grown since its start.
    pub max_growth: u64,
}

/// An instance between two calls.
type Resting = Box<Kept<Live>>;

/// What a call waited for.
pub(super) enum First<T> {
    Place(T),
    Instance(Resting),
}

/// The instances of one component that wait for calls.
pub(crate) struct Shelf {
    reuse: Reuse,
    services: Services,
    /// The component, as far as threads are shared.
    party: usize,
    state: Mutex<State>,
    own: Weak<Self>,
}

#[derive(Default)]
struct State {
    /// Each since when it waits: the longest in front.
    resting: VecDeque<(Instant, Resting)>,
    /// Calls that wait for a place, and may as well have an instance that is there.
    wanted: VecDeque<oneshot::Sender<Resting>>,
    /// Whether somebody looks when the longest has waited too long.
    is_watched: bool,
    is_closed: bool,
}

impl Shelf {
    pub(crate) fn new(reuse: Reuse, services: &Services, party: usize) -> Arc<Self> {
        let services = services.clone();
        let make = |own: &Weak<Self>| Self {
            reuse,
            services,
            party,
            state: Mutex::default(),
            own: own.clone(),
        };
        let shelf = Arc::new_cyclic(make);
        let spare: Weak<dyn Spare> = shelf.own.clone();
        shelf.services.spares().add(spare);
        shelf
    }

    /// The instance that was used last: what it needs is most likely at hand.
    pub(super) fn take(&self) -> Option<Resting> {
        let (_, live) = self.lock().resting.pop_back()?;
        self.services.observer().counters().woken();
        Some(live)
    }

    /// Keeps an instance whose call went well, unless it is better ended.
    pub(super) fn put(&self, live: Resting) {
        let Reuse { max_instances, max_calls, max_growth, .. } = self.reuse;
        if live.calls() >= max_calls || live.growth() > max_growth || live.is_shared() {
            return;
        }
        let Some(live) = self.hand_over(live) else { return };
        let mut state = self.lock();
        if state.is_closed || state.resting.len() >= max_instances {
            drop(state);
            return;
        }
        self.services.observer().counters().rests();
        state.resting.push_back((Instant::now(), live));
        let begins = !std::mem::replace(&mut state.is_watched, true);
        drop(state);
        if begins {
            self.watch();
        }
        if self.services.is_short_of_slots() {
            self.give_way();
        }
    }

    /// Gives an instance to a call that waits for a place; back if there is none.
    fn hand_over(&self, mut live: Resting) -> Option<Resting> {
        loop {
            let Some(call) = self.lock().wanted.pop_front() else { return Some(live) };
            match call.send(live) {
                Ok(()) => {
                    self.services.observer().counters().handed_over();
                    return None;
                }
                Err(back) => live = back,
            }
        }
    }

    /// Waits for `place`, in which an instance can be made; or else for an instance.
    pub(super) async fn first_of<T>(&self, place: impl Future<Output = T>) -> First<T> {
        let mut place = pin!(place);
        if let Poll::Ready(place) =
            poll_fn(|context| Poll::Ready(place.as_mut().poll(context))).await
        {
            return First::Place(place);
        }
        let (sender, mut handed) = oneshot::channel();
        self.lock().wanted.push_back(sender);
        // One may have been kept before this call was known to wait.
        if let Some(live) = self.take() {
            return First::Instance(live);
        }
        poll_fn(|context| {
            if let Poll::Ready(Ok(live)) = Pin::new(&mut handed).poll(context) {
                return Poll::Ready(First::Instance(live));
            }
            place.as_mut().poll(context).map(First::Place)
        })
        .await
    }

    /// Ends all of them; none is kept any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let resting = std::mem::take(&mut state.resting);
        drop(state);
        self.end(resting);
    }

    fn end(&self, resting: impl IntoIterator<Item = (Instant, Resting)>) {
        for (_, live) in resting {
            self.services.observer().counters().ended_resting();
            drop(live);
        }
    }

    /// Has those end that wait too long, for as long as there are any. Nothing of this keeps the
    /// component or its runtime.
    fn watch(&self) {
        let (shelf, idle) = (self.own.clone(), self.reuse.max_idle);
        let hosts = self.services.commons().hosts().desk(self.party);
        self.services.workers().deadlines().spawn(async move {
            let mut next = idle;
            loop {
                tokio::time::sleep(next).await;
                // Its end is the host's code, too.
                let (left, answer) = std::sync::mpsc::channel();
                let shelf = shelf.clone();
                let done = hosts.end(move || {
                    let _ = left.send(shelf.upgrade().and_then(|shelf| shelf.expire()));
                });
                done.await;
                match answer.try_recv() {
                    Ok(Some(wait)) => next = wait,
                    _ => return,
                }
            }
        });
    }

    /// Ends those that have waited too long. Tells how long the next may wait; `None` if there is
    /// none, and nobody watches.
    fn expire(&self) -> Option<Duration> {
        let mut state = self.lock();
        let now = Instant::now();
        let waits = |since: Instant| (since + self.reuse.max_idle).checked_duration_since(now);
        let late =
            |(since, _): &&(Instant, Resting)| waits(*since).is_none_or(|left| left.is_zero());
        let count = state.resting.iter().take_while(late).count();
        let expired: Vec<_> = state.resting.drain(..count).collect();
        let next = state.resting.front().and_then(|(since, _)| waits(*since));
        state.is_watched = next.is_some();
        drop(state);
        self.end(expired);
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare for Shelf {
    fn give_way(&self) -> bool {
        let longest = self.lock().resting.pop_front();
        let is_there = longest.is_some();
        self.end(longest);
        is_there
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.close();
    }
}
