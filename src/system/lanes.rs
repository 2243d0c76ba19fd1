//! What threads that run at the same time have each of their own, so that none waits for a cache
//! line that another has just written.
//!
//! A lane is what a processor, or several of them, has of something. It is only a matter of speed
//! who is in which: a thread that moves on meanwhile finds another lane, and that has to do.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

#[cfg(target_os = "linux")]
use rustix::thread::CpuSet;

/// More would take more memory than they save time.
pub(crate) const MOST: usize = 64;

/// Processors that have a number of their own in [`Lanes`].
#[cfg(target_os = "linux")]
const PROCESSORS: usize = 1024;

/// Which lane each processor is in.
#[derive(Clone, Debug)]
pub(crate) struct Lanes(Arc<Map>);

#[derive(Debug)]
struct Map {
    count: usize,
    #[cfg(target_os = "linux")]
    of: Box<[u8]>,
}

impl Lanes {
    /// As many as this process may use processors.
    pub(crate) fn of_this_process() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |it| it.get());
        Self::new(processors.min(MOST))
    }

    /// The only one there is.
    #[cfg(test)]
    pub(crate) fn single() -> Self {
        Self::new(1)
    }

    #[cfg(target_os = "linux")]
    fn new(count: usize) -> Self {
        let usable = rustix::thread::sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        let mut next = 0..;
        // Those that may be used are dealt out in turn, and the others too, since that can change.
        let of = (0..PROCESSORS).map(|processor| {
            let is_usable = processor < CpuSet::MAX_CPU && usable.is_set(processor);
            let number = if is_usable { next.next().unwrap_or(processor) } else { processor };
            (number % count) as u8
        });
        Self(Arc::new(Map { count, of: of.collect() }))
    }

    #[cfg(not(target_os = "linux"))]
    fn new(count: usize) -> Self {
        Self(Arc::new(Map { count }))
    }

    /// How many there are: one at least.
    pub(crate) fn count(&self) -> usize {
        self.0.count
    }

    /// A processor in `lane` that this process may use.
    #[cfg(target_os = "linux")]
    fn processor_in(&self, lane: usize) -> Option<usize> {
        let usable = rustix::thread::sched_getaffinity(None).ok()?;
        let is_in = |it: &usize| self.0.of.get(*it).is_some_and(|of| usize::from(*of) == lane);
        (0..CpuSet::MAX_CPU).filter(is_in).find(|it| usable.is_set(*it))
    }

    /// Has this thread run in `lane` only; whether it does.
    #[cfg(target_os = "linux")]
    pub(crate) fn stay_in(&self, lane: usize) -> bool {
        let Some(processor) = self.processor_in(lane) else { return false };
        let mut only = CpuSet::new();
        only.set(processor);
        rustix::thread::sched_setaffinity(None, &only).is_ok()
    }

    /// Has this thread run in `lane` only; whether it does.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn stay_in(&self, _: usize) -> bool {
        false
    }

    /// The one that this thread is in just now.
    #[inline]
    #[cfg(target_os = "linux")]
    pub(crate) fn here(&self) -> usize {
        if self.0.count == 1 {
            return 0;
        }
        let of = &self.0.of;
        processor().and_then(|it| of.get(it)).map_or(0, |lane| usize::from(*lane))
    }

    /// The one that this thread is in.
    #[inline]
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn here(&self) -> usize {
        super::thread::id() / 64 % self.0.count
    }
}

/// Where this thread runs just now, if the system tells. The C library knows without asking it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "rustix asks the system, which takes ten times as long")]
#[inline]
fn processor() -> Option<usize> {
    // SAFETY: it has no arguments, and touches nothing of ours.
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}

/// A cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Apart<T>(T);

impl<T> From<T> for Apart<T> {
    fn from(it: T) -> Self {
        Self(it)
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// One's own part of something: the count of its owners is in no line of another lane, either.
pub(crate) type Near<T> = Arc<Apart<T>>;

/// One value for each lane.
#[derive(Debug)]
pub(crate) struct Spread<T> {
    lanes: Lanes,
    all: Box<[Near<T>]>,
}

impl<T> Spread<T> {
    pub(crate) fn new(lanes: &Lanes, make: impl Fn() -> T) -> Self {
        let all = (0..lanes.count()).map(|_| Arc::new(Apart(make()))).collect();
        Self { lanes: lanes.clone(), all }
    }

    /// That of this thread's lane.
    #[inline]
    pub(crate) fn here(&self) -> &Near<T> {
        // Only lanes that there are come out of it.
        &self.all[self.lanes.here()]
    }

    /// The same, and which lane it is.
    #[inline]
    pub(crate) fn at(&self) -> (usize, &Near<T>) {
        let lane = self.lanes.here();
        (lane, &self.all[lane])
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.all.iter().map(|it| &***it)
    }
}

/// One value for each lane that asks for it.
#[derive(Debug)]
pub(crate) struct Copies<T> {
    lanes: Lanes,
    all: Box<[OnceLock<Near<T>>]>,
}

impl<T> Copies<T> {
    pub(crate) fn new(lanes: &Lanes) -> Self {
        Self { lanes: lanes.clone(), all: (0..lanes.count()).map(|_| OnceLock::new()).collect() }
    }

    /// That of this thread's lane.
    #[inline]
    pub(crate) fn here(&self, make: impl FnOnce() -> T) -> &Near<T> {
        // As above.
        let place = &self.all[self.lanes.here()];
        match place.get() {
            Some(it) => it,
            None => place.get_or_init(|| Arc::new(Apart(make()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_processor_is_in_a_lane_that_there_is() {
        for count in [1, 2, 3, 64] {
            let lanes = Lanes::new(count);
            assert_eq!(lanes.count(), count);
            #[cfg(target_os = "linux")]
            assert!(lanes.0.of.iter().all(|lane| usize::from(*lane) < count));
            assert!(lanes.here() < count);
        }
    }

    #[test]
    fn usable_processors_share_no_lane_as_long_as_there_are_enough() {
        let lanes = Lanes::of_this_process();
        assert!(lanes.count() >= 1 && lanes.count() <= MOST);
        #[cfg(target_os = "linux")]
        {
            use std::collections::BTreeSet;
            let usable = rustix::thread::sched_getaffinity(None).unwrap();
            let usable = (0..PROCESSORS).filter(|it| usable.is_set(*it));
            let used: BTreeSet<u8> = usable.map(|it| lanes.0.of[it]).collect();
            assert_eq!(used.len(), lanes.count());
        }
    }

    #[test]
    fn values_are_made_once_and_found_again() {
        let copies = Copies::new(&Lanes::single());
        assert_eq!(**copies.here(|| 1).clone(), 1);
        assert_eq!(**copies.here(|| 2).clone(), 1);
        let spread = Spread::new(&Lanes::new(3), || 7);
        assert_eq!((***spread.here(), spread.all().sum::<i32>()), (7, 21));
    }
}
