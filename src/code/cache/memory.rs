//! The memory half: what is alive is shared, what was used last stays alive.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::error::Result;

pub(super) type Key = [u8; 32];

/// Shared values by key. No lock is held while a value is made, but the one of its own key.
pub(super) struct Memory<T> {
    slots: Mutex<Slots<T>>,
    recent: Mutex<Recent<T>>,
    size: fn(&T) -> u64,
}

struct Slots<T> {
    by_key: HashMap<Key, Arc<Slot<T>>>,
    /// Length at which slots without a value are looked for and removed.
    sweep_at: usize,
}

/// One thread at a time makes the value of a key, without holding the lock.
struct Slot<T> {
    state: Mutex<State<T>>,
    made: Condvar,
}

struct State<T> {
    value: Weak<T>,
    is_being_made: bool,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        let state = State { value: Weak::new(), is_being_made: false };
        Self { state: Mutex::new(state), made: Condvar::new() }
    }
}

impl<T> Slot<T> {
    fn is_alive(&self) -> bool {
        lock(&self.state).value.strong_count() > 0
    }

    /// The value, or the right to make it.
    fn claim(
        &self,
        fits: impl Fn(&T) -> bool,
        go_on: impl Fn() -> Result<()>,
    ) -> Result<Result<Arc<T>, Claim<'_, T>>> {
        let mut state = lock(&self.state);
        loop {
            if let Some(value) = state.value.upgrade().filter(|value| fits(value)) {
                return Ok(Ok(value));
            }
            if !state.is_being_made {
                state.is_being_made = true;
                return Ok(Err(Claim(self)));
            }
            go_on()?;
            let waited = self.made.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// How often a thread that waits for another one looks whether it is to go on.
const LOOK: Duration = Duration::from_millis(5);

/// The right to make the value of a slot; given back when dropped.
struct Claim<'a, T>(&'a Slot<T>);

impl<T> Drop for Claim<'_, T> {
    fn drop(&mut self) {
        lock(&self.0.state).is_being_made = false;
        self.0.made.notify_all();
    }
}

/// Values kept alive, the one used last at the back.
struct Recent<T> {
    values: VecDeque<(Arc<T>, u64)>,
    total: u64,
    limit: u64,
}

const FIRST_SWEEP: usize = 64;

impl<T> Memory<T> {
    /// Keeps the values used last alive, up to `limit` in total of what `size` says.
    pub(super) fn new(limit: u64, size: fn(&T) -> u64) -> Self {
        Self {
            slots: Mutex::new(Slots { by_key: HashMap::new(), sweep_at: FIRST_SWEEP }),
            recent: Mutex::new(Recent { values: VecDeque::new(), total: 0, limit }),
            size,
        }
    }

    /// The value of `key`, if it is alive and `fits`.
    pub(super) fn get(&self, key: &Key, fits: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let slot = lock(&self.slots).by_key.get(key).cloned()?;
        let value = lock(&slot.state).value.upgrade().filter(|value| fits(value))?;
        self.touch(&value);
        Some(value)
    }

    /// As [`get`](Self::get), or else the one that `make` makes. Threads that want the same key
    /// wait for each other as long as `go_on` lets them; if one fails, the next tries for itself.
    pub(super) fn get_or_make(
        &self,
        key: Key,
        fits: impl Fn(&T) -> bool,
        go_on: impl Fn() -> Result<()>,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<Arc<T>> {
        let slot = lock(&self.slots).slot(key);
        let value = match slot.claim(fits, go_on)? {
            Ok(value) => value,
            Err(claim) => {
                let value = Arc::new(make()?);
                lock(&slot.state).value = Arc::downgrade(&value);
                drop(claim);
                value
            }
        };
        self.touch(&value);
        Ok(value)
    }

    fn touch(&self, value: &Arc<T>) {
        // Bound to a name, so that what has to go is dropped after the lock is released.
        let _gone = lock(&self.recent).touch(value, self.size);
    }

    /// How many keys are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.slots).by_key.len()
    }
}

impl<T> Slots<T> {
    fn slot(&mut self, key: Key) -> Arc<Slot<T>> {
        if self.by_key.len() >= self.sweep_at {
            // A slot that only the map holds is in nobody's hands, and cannot get into any while
            // the map is locked.
            self.by_key.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_alive());
            self.sweep_at = FIRST_SWEEP.max(self.by_key.len() * 2);
        }
        Arc::clone(self.by_key.entry(key).or_default())
    }
}

impl<T> Recent<T> {
    /// Moves `value` to the back; answers what no longer has room.
    #[must_use]
    fn touch(&mut self, value: &Arc<T>, size: fn(&T) -> u64) -> Vec<Arc<T>> {
        let mut gone = Vec::new();
        if self.limit == 0 {
            return gone;
        }
        let place = self.values.iter().position(|(known, _)| Arc::ptr_eq(known, value));
        if let Some(known) = place.and_then(|place| self.values.remove(place)) {
            self.values.push_back(known);
            return gone;
        }
        let size = size(value);
        if size > self.limit {
            return gone;
        }
        self.values.push_back((Arc::clone(value), size));
        self.total += size;
        while self.total > self.limit {
            let Some((oldest, size)) = self.values.pop_front() else { break };
            self.total -= size;
            gone.push(oldest);
        }
        gone
    }
}

/// Locks, also after a panic elsewhere: every update here is one assignment or one call.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> std::fmt::Debug for Memory<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let recent = lock(&self.recent);
        f.debug_struct("Memory")
            .field("kept", &recent.values.len())
            .field("bytes", &recent.total)
            .field("limit", &recent.limit)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;
    use crate::error::{Code, Error};

    fn key(n: u32) -> Key {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&n.to_le_bytes());
        key
    }

    fn get(memory: &Memory<u64>, n: u32, size: u64) -> (Arc<u64>, bool) {
        let mut made = false;
        let value = memory.get_or_make(
            key(n),
            |_| true,
            || Ok(()),
            || {
                made = true;
                Ok(size)
            },
        );
        (value.unwrap(), made)
    }

    #[test]
    fn without_room_only_the_living_are_shared() {
        let memory = Memory::new(0, |size| *size);
        let (first, made) = get(&memory, 1, 10);
        assert!(made);
        let (second, made) = get(&memory, 1, 10);
        assert!(!made && Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert!(get(&memory, 1, 10).1);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let memory = Memory::new(100, |size| *size);
        for n in [1, 2] {
            assert!(get(&memory, n, 50).1);
        }
        assert!(!get(&memory, 1, 50).1, "both fit");
        assert!(get(&memory, 3, 50).1, "pushes 2 out");
        assert!(!get(&memory, 1, 50).1);
        assert!(!get(&memory, 3, 50).1);
        assert!(get(&memory, 2, 50).1, "2 was gone, and pushes 1 out");
        assert!(get(&memory, 1, 50).1);
        assert!(get(&memory, 4, 101).1);
        assert!(get(&memory, 4, 101).1, "larger than all the room there is");
        assert!(!get(&memory, 1, 50).1, "and nothing else had to go for it");
    }

    #[test]
    fn a_value_that_does_not_fit_is_replaced() {
        let memory = Memory::new(100, |size| *size);
        let old = memory.get_or_make(key(1), |_| true, || Ok(()), || Ok(1)).unwrap();
        let new = memory.get_or_make(key(1), |value| *value != 1, || Ok(()), || Ok(2)).unwrap();
        assert_eq!((*old, *new), (1, 2));
        assert_eq!(*get(&memory, 1, 3).0, 2);
    }

    #[test]
    fn dead_keys_are_forgotten() {
        let memory = Memory::new(0, |size| *size);
        let alive = get(&memory, 0, 1).0;
        for n in 1..10_000 {
            get(&memory, n, 1);
        }
        assert!(memory.len() <= FIRST_SWEEP * 2, "{}", memory.len());
        assert!(!get(&memory, 0, 1).1);
        drop(alive);
    }

    #[test]
    fn one_thread_makes_it_and_the_others_wait() {
        let memory = Memory::new(0, |size| *size);
        let (start, made) = (Barrier::new(8), AtomicU32::new(0));
        let values: Vec<_> = std::thread::scope(|scope| {
            let load = || {
                start.wait();
                memory.get_or_make(
                    key(1),
                    |_| true,
                    || Ok(()),
                    || {
                        made.fetch_add(1, Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(30));
                        Ok(7)
                    },
                )
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        assert_eq!(made.load(Relaxed), 1);
        assert!(values.iter().all(|value| **value == 7));
    }

    #[test]
    fn keys_do_not_wait_for_each_other() {
        let memory = Memory::new(100, |size| *size);
        let make = || Ok(*get(&memory, 2, 5).0 + 1);
        let inner = memory.get_or_make(key(1), |_| true, || Ok(()), make);
        assert_eq!(*inner.unwrap(), 6);
    }

    #[test]
    fn failures_and_panics_leave_room_for_the_next_try() {
        let memory: Memory<u64> = Memory::new(100, |size| *size);
        let fail = || Err(Error::new(Code::Compile, "no"));
        let failed = memory.get_or_make(key(1), |_| true, || Ok(()), fail);
        assert_eq!(failed.unwrap_err().code(), Code::Compile);
        std::thread::scope(|scope| {
            let panicking =
                || memory.get_or_make(key(1), |_| true, || Ok(()), || panic!("on purpose"));
            scope.spawn(panicking).join().unwrap_err();
        });
        assert!(get(&memory, 1, 5).1);
    }
}
