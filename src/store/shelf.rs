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
use tokio::task::AbortHandle;

use super::live::Live;
use crate::engine::Services;
use crate::engine::slots::{OwnWaits, Slots, Spare};
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

/// When a thread that was not to be had is asked for again.
const RETRY: Duration = Duration::from_millis(100);

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
    waits: OwnWaits,
    own: Weak<Self>,
}

#[derive(Default)]
struct State {
    /// Each since when it waits: the longest in front.
    resting: VecDeque<(Instant, Resting)>,
    /// Calls that wait for a place, and may as well have an instance that is there.
    wanted: VecDeque<(u64, oneshot::Sender<Resting>)>,
    /// The number of the next of them.
    next: u64,
    /// Who looks when the longest has waited too long.
    watcher: Option<AbortHandle>,
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
            waits: OwnWaits::default(),
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

    /// Keeps an instance whose call went well, unless it is better ended. `bulkhead` has the places
    /// of the component.
    pub(super) fn put(&self, live: Resting, bulkhead: Option<&Slots>) {
        let Reuse { max_instances, max_calls, max_growth, .. } = self.reuse;
        let is_done = live.calls() >= max_calls || live.growth() > max_growth || live.is_shared();
        // Who waits for a place has waited in one queue with the calls of this component.
        if is_done || self.is_in_the_way(bulkhead) {
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
        if state.watcher.is_none() {
            // Locked, so that it is there when this is closed, or when it has nothing to watch.
            state.watcher = Some(self.watch());
        }
        drop(state);
        // Once more: who began to wait meanwhile has not seen it, or is seen here.
        if self.is_in_the_way(bulkhead) {
            self.give_way();
        }
    }

    /// Whether somebody waits for a place who cannot do with an instance of this component.
    fn is_in_the_way(&self, bulkhead: Option<&Slots>) -> bool {
        let own = &self.waits;
        self.services.slots().is_wanted_by_others(&own.slots)
            || bulkhead.is_some_and(|bulkhead| bulkhead.is_wanted_by_others(&own.bulkhead))
    }

    /// Where calls count that can do with an instance that is there.
    pub(super) fn waits(&self) -> &OwnWaits {
        &self.waits
    }

    /// Gives an instance to a call that waits for a place; back if there is none.
    fn hand_over(&self, mut live: Resting) -> Option<Resting> {
        loop {
            let Some((_, call)) = self.lock().wanted.pop_front() else { return Some(live) };
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
        let at_once = poll_fn(|context| Poll::Ready(place.as_mut().poll(context))).await;
        if let Poll::Ready(place) = at_once {
            return First::Place(place);
        }
        let (sender, mut handed) = oneshot::channel();
        let _wanted = Wanted::new(self, sender);
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
        let watcher = state.watcher.take();
        drop(state);
        // It might wait for a year.
        if let Some(watcher) = watcher {
            watcher.abort();
        }
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
    fn watch(&self) -> AbortHandle {
        let (shelf, idle) = (self.own.clone(), self.reuse.max_idle);
        let hosts = self.services.commons().hosts().desk(self.party);
        let watch = async move {
            let mut next = idle;
            loop {
                tokio::time::sleep(next).await;
                if shelf.strong_count() == 0 {
                    return;
                }
                // Its end is the host's code, too.
                let (left, answer) = std::sync::mpsc::channel();
                let shelf = shelf.clone();
                let done = hosts.end(move || {
                    let _ = left.send(shelf.upgrade().and_then(|shelf| shelf.expire()));
                });
                done.await;
                match answer.try_recv() {
                    Ok(Some(wait)) => next = wait,
                    Ok(None) => return,
                    // There was no thread for it: later, perhaps.
                    Err(_) => next = idle.max(RETRY),
                }
            }
        };
        self.services.workers().deadlines().spawn(watch).abort_handle()
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
        let done = if next.is_none() { state.watcher.take() } else { None };
        drop((state, done));
        self.end(expired);
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits, until this is dropped.
struct Wanted<'a> {
    shelf: &'a Shelf,
    number: u64,
}

impl<'a> Wanted<'a> {
    fn new(shelf: &'a Shelf, call: oneshot::Sender<Resting>) -> Self {
        let mut state = shelf.lock();
        let number = state.next;
        state.next += 1;
        state.wanted.push_back((number, call));
        Self { shelf, number }
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        let mut state = self.shelf.lock();
        let found = state.wanted.iter().position(|(number, _)| *number == self.number);
        let sender = found.and_then(|place| state.wanted.remove(place));
        drop(state);
        drop(sender);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallOptions;
    use crate::component::{Component, ComponentOptions};
    use crate::marshal::Args;
    use crate::runtime::Runtime;

    const GUEST: &str = r#"
        (component
          (core module $m (func (export "run")))
          (core instance $i (instantiate $m))
          (func (export "run") (canon lift (core func $i "run"))))"#;

    #[test]
    fn who_watches_ends_with_the_component() {
        let runtime = Runtime::builder().max_components(4).build().unwrap();
        let watchers = || {
            let threads = runtime.services().workers().deadlines().metrics();
            threads.num_alive_tasks()
        };
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        let reuse = Reuse { max_instances: 1, max_calls: 9, max_idle: year, max_growth: 0 };
        let options = ComponentOptions { reuse: Some(reuse), ..ComponentOptions::default() };
        let component = Component::new(&runtime, GUEST.as_bytes(), &options).unwrap();
        let before = watchers();
        for _ in 0..3 {
            let function = component.function("run").unwrap();
            let args = Args::from_values(&[], function.signature()).unwrap();
            function.call(args, &CallOptions::default()).unwrap();
        }
        assert_eq!((watchers(), runtime.statistics().resting), (before + 1, 1));
        drop(component);
        // It has a thread of its own, which takes its time.
        let late = Instant::now() + Duration::from_secs(60);
        while watchers() > before && Instant::now() < late {
            std::thread::yield_now();
        }
        assert_eq!((watchers(), runtime.statistics().resting), (before, 0));
    }
}
