//! Work that blocks, such as file operations and name look-ups, on threads that do nothing else.
//!
//! Each party (a component) has a queue of its own. The parties take turns, and none has more than
//! half of the threads: what one guest waits for, or has left behind, holds up nobody else's.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::system::thread::{self, spawn};

/// How long a thread waits for work before it ends.
const LINGER: Duration = Duration::from_secs(10);

/// How long the end of a runtime waits for work that does not return.
const PATIENCE: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() + Send>;

/// Threads for one kind of work, started as they are needed. Dropping this ends them.
pub(crate) struct Offload(Arc<Shared>);

struct Shared {
    name: &'static str,
    max: usize,
    /// Bytes that each thread has.
    stack: usize,
    state: Mutex<State>,
    work: Condvar,
    end: Condvar,
}

#[derive(Default)]
struct State {
    parties: HashMap<usize, Party>,
    /// The parties whose jobs wait, in turn.
    turns: VecDeque<usize>,
    jobs: u64,
    threads: usize,
    /// Those of them that have begun, by what `thread` knows them by.
    begun: Vec<usize>,
    idle: usize,
    /// Of the idle threads, those that were told to look for work.
    called: usize,
    closed: bool,
}

#[derive(Default)]
struct Party {
    waiting: BTreeMap<u64, Job>,
    running: usize,
}

/// Where jobs can be given to an [`Offload`] for as long as that lives.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Shared>);

/// The answer of a job, or `None` if nobody runs it. A job that still waits is forgotten when this
/// is dropped; one that runs goes on.
pub(crate) struct Answer<T> {
    outcome: oneshot::Receiver<T>,
    ticket: Option<Ticket>,
}

struct Ticket {
    shared: Arc<Shared>,
    party: usize,
    job: u64,
}

impl Offload {
    /// At most `max` threads, with `stack` bytes each.
    pub(crate) fn new(name: &'static str, max: usize, stack: usize) -> Self {
        let (work, end) = (Condvar::new(), Condvar::new());
        let shared = Shared { name, max, stack, state: Mutex::default(), work, end };
        Self(Arc::new(shared))
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk(self.0.clone())
    }
}

impl Desk {
    /// Has `work` done, when it is the turn of `party`.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        party: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        let (answer, outcome) = oneshot::channel();
        let job = Box::new(move || {
            // What waited for it may be gone.
            let _ = answer.send(work());
        });
        let job = self.0.clone().add(party, job);
        let ticket = job.map(|job| Ticket { shared: self.0.clone(), party, job });
        Answer { outcome, ticket }
    }
}

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let outcome = Pin::new(&mut self.outcome).poll(context);
        if outcome.is_ready() {
            self.ticket = None;
        }
        outcome.map(Result::ok)
    }
}

impl<T> Answer<T> {
    /// Forgets the job if it waits and no thread is free for it; whether it did.
    pub(crate) fn give_up(&mut self) -> bool {
        let Some(Ticket { shared, party, job }) = &self.ticket else { return false };
        let waited = {
            let mut state = shared.lock();
            match shared.has_room(&mut state, *party) {
                true => None,
                false => state.forget(*party, *job),
            }
        };
        waited.is_some()
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(Ticket { shared, party, job }) = self.ticket.take() {
            let waited = shared.lock().forget(party, job);
            drop(waited);
        }
    }
}

impl Offload {
    /// Forgets what waits, and takes no more.
    pub(crate) fn close(&self) {
        let parties = {
            let mut state = self.0.lock();
            state.closed = true;
            state.turns.clear();
            self.0.work.notify_all();
            std::mem::take(&mut state.parties)
        };
        drop(parties);
    }

    /// Waits until no thread is left of one that is closed, but for this one.
    pub(crate) fn wait(&self, patience: Option<Duration>) {
        let state = self.0.lock();
        let this = thread::id();
        let has_threads = |it: &mut State| it.threads > usize::from(it.begun.contains(&this));
        match patience {
            Some(patience) => {
                let waited = self.0.end.wait_timeout_while(state, patience, has_threads);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
            None => {
                let waited = self.0.end.wait_while(state, has_threads);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

impl Drop for Offload {
    fn drop(&mut self) {
        self.close();
        self.wait(Some(PATIENCE));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one party may have of the threads.
    fn share(&self) -> usize {
        self.max.div_ceil(2)
    }

    /// Puts a job in its queue; `None` if nobody will run it.
    fn add(self: Arc<Self>, party: usize, job: Job) -> Option<u64> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let number = state.add(party, job);
        let alone = !self.call(&mut state) && state.threads == 0;
        let forgotten = if alone { state.forget(party, number) } else { None };
        drop(state);
        forgotten.is_none().then_some(number)
    }

    /// Has another thread look for work, if there is some; false if one could not be started.
    fn call(self: &Arc<Self>, state: &mut State) -> bool {
        if !state.has_work(self.share()) {
            return true;
        }
        if state.idle > state.called {
            state.called += 1;
            self.work.notify_one();
            return true;
        }
        if state.threads == self.max {
            return true;
        }
        let shared = self.clone();
        let thread = Builder::new().name(self.name.into()).stack_size(self.stack);
        let thread = spawn(thread, move || shared.serve());
        if thread.is_ok() {
            state.threads += 1;
        }
        thread.is_ok()
    }

    /// Whether there is a thread for a job of `party`, or can be.
    fn has_room(self: &Arc<Self>, state: &mut State, party: usize) -> bool {
        let busy = state.parties.values().map(|it| it.running).sum::<usize>();
        state.may_run(party, self.share())
            && (busy < state.threads || state.threads < self.max && self.call(state))
    }

    /// What each thread does.
    fn serve(self: Arc<Self>) {
        let mut state = self.lock();
        state.begun.push(thread::id());
        loop {
            if let Some((party, job)) = state.next(self.share()) {
                self.call(&mut state);
                drop(state);
                // A panic is nobody's answer; the thread goes on.
                let _ = panic::catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                state.finished(party);
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let waited =
                self.work.wait_timeout_while(state, LINGER, |it| it.called == 0 && !it.closed);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
            if state.called == 0 {
                break; // for long, or for ever
            }
            state.called -= 1;
        }
        state.threads -= 1;
        state.begun.retain(|begun| *begun != thread::id());
        self.end.notify_all();
    }
}

impl State {
    fn add(&mut self, party: usize, job: Job) -> u64 {
        self.jobs += 1;
        let queue = self.parties.entry(party).or_default();
        if queue.waiting.is_empty() {
            self.turns.push_back(party);
        }
        queue.waiting.insert(self.jobs, job);
        self.jobs
    }

    /// Takes a job that waits out of its queue.
    fn forget(&mut self, party: usize, job: u64) -> Option<Job> {
        let queue = self.parties.get_mut(&party)?;
        let waited = queue.waiting.remove(&job)?;
        if queue.waiting.is_empty() {
            self.turns.retain(|turn| *turn != party);
            self.clear(party);
        }
        Some(waited)
    }

    fn may_run(&self, party: usize, share: usize) -> bool {
        self.parties.get(&party).is_some_and(|it| it.running < share)
    }

    fn has_work(&self, share: usize) -> bool {
        self.turns.iter().any(|party| self.may_run(*party, share))
    }

    /// The oldest job of the party whose turn it is.
    fn next(&mut self, share: usize) -> Option<(usize, Job)> {
        let turn = self.turns.iter().position(|party| self.may_run(*party, share))?;
        let party = self.turns.remove(turn)?;
        let queue = self.parties.get_mut(&party)?;
        let (_, job) = queue.waiting.pop_first()?;
        queue.running += 1;
        if !queue.waiting.is_empty() {
            self.turns.push_back(party);
        }
        Some((party, job))
    }

    fn finished(&mut self, party: usize) {
        if let Some(queue) = self.parties.get_mut(&party) {
            queue.running -= 1;
            self.clear(party);
        }
    }

    /// Forgets a party that has nothing to do.
    fn clear(&mut self, party: usize) {
        if self.parties.get(&party).is_some_and(|it| it.running == 0 && it.waiting.is_empty()) {
            self.parties.remove(&party);
        }
    }
}

#[cfg(test)]
mod tests;
