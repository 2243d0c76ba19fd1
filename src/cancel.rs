//! Cancellation of calls, from wherever it comes, signal handlers included.
//!
//! A handler may interrupt anything, so triggering only sets a flag, and rings the bell of each
//! runtime in which a call waits with the token: the epoch thread, which sleeps on it, then wakes
//! the calls. One that computes sees the flag at its next tick.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::system::closing::Closing;
use crate::system::signals::Bell;

/// Cancels the calls it is given to. Sticky: once triggered, also every later one.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    triggered: AtomicBool,
    bells: Bells,
}

impl CancelToken {
    /// A token that has not been triggered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels every call this token was or will be given to. May be called in a signal handler.
    pub fn trigger(&self) {
        self.0.triggered.store(true, SeqCst);
        // Against the one in `Bells::hang`: the bell is seen here, or the flag there.
        fence(SeqCst);
        self.0.bells.ring();
    }

    /// Whether [`trigger`](Self::trigger) was called. May be called in a signal handler.
    pub fn is_triggered(&self) -> bool {
        self.0.triggered.load(SeqCst)
    }
}

/// The bells to ring: a list that only grows, so that a signal handler can walk it while another
/// adds to it. A token has as many as there are runtimes whose calls waited with it.
#[derive(Debug, Default)]
struct Bells(OnceLock<Box<(Arc<Bell>, Bells)>>);

impl Bells {
    fn ring(&self) {
        let mut at = self;
        while let Some(hung) = at.0.get() {
            hung.0.ring();
            at = &hung.1;
        }
    }

    /// Adds `bell`, unless it is there.
    fn hang(&self, bell: &Arc<Bell>) {
        let mut at = self;
        loop {
            let hung = at.0.get_or_init(|| Box::new((bell.clone(), Self::default())));
            if Arc::ptr_eq(&hung.0, bell) {
                break;
            }
            at = &hung.1;
        }
        fence(SeqCst);
    }
}

impl Drop for Bells {
    /// One after the other, however many there are.
    fn drop(&mut self) {
        let mut rest = self.0.take();
        while let Some(mut hung) = rest {
            rest = hung.1.0.take();
        }
    }
}

/// The calls of a runtime that wait.
#[derive(Debug, Default)]
pub(crate) struct Cancellations {
    bell: Arc<Bell>,
    waiting: Mutex<Waiting>,
    closing: Closing,
}

#[derive(Debug, Default)]
struct Waiting {
    calls: Vec<Option<Call>>,
    free: Vec<usize>,
}

#[derive(Debug)]
struct Call {
    token: Option<CancelToken>,
    waker: Waker,
}

impl Waiting {
    fn add(&mut self, call: Call) -> usize {
        let place = self.free.pop().unwrap_or(self.calls.len());
        match self.calls.get_mut(place) {
            Some(free) => *free = Some(call),
            None => self.calls.push(Some(call)),
        }
        place
    }

    fn remove(&mut self, place: usize) -> Option<Call> {
        self.free.push(place);
        self.calls.get_mut(place).and_then(Option::take)
    }
}

impl Cancellations {
    /// Of a runtime that cancels all its calls once it is `closing`.
    pub(crate) fn new(closing: Closing) -> Self {
        Self { closing, ..Self::default() }
    }

    /// What rings when a token is triggered that a thread waits for.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Resolves when `token` is triggered, as soon as the bell has led to
    /// [`deliver`](Self::deliver), or when the runtime is closing.
    pub(crate) fn wait<'a>(&'a self, token: Option<&'a CancelToken>) -> Cancellation<'a> {
        Cancellation { all: self, token, place: None }
    }

    /// Wakes the calls that are cancelled.
    pub(crate) fn deliver(&self) {
        let wakers: Vec<Waker> = {
            let waiting = self.lock();
            let calls = waiting.calls.iter().flatten();
            let cancelled = calls.filter(|call| self.is_cancelled(call.token.as_ref()));
            cancelled.map(|call| call.waker.clone()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn is_cancelled(&self, token: Option<&CancelToken>) -> bool {
        self.closing.is_so() || token.is_some_and(CancelToken::is_triggered)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call's wait for its cancellation.
pub(crate) struct Cancellation<'a> {
    all: &'a Cancellations,
    token: Option<&'a CancelToken>,
    place: Option<usize>,
}

impl Future for Cancellation<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.all.lock();
        match self.place {
            Some(place) => {
                if let Some(Some(call)) = waiting.calls.get_mut(place) {
                    call.waker.clone_from(context.waker());
                }
                drop(waiting);
            }
            None => {
                let call = Call { token: self.token.cloned(), waker: context.waker().clone() };
                let place = waiting.add(call);
                drop(waiting);
                self.place = Some(place);
                if let Some(token) = self.token {
                    token.0.bells.hang(&self.all.bell);
                }
            }
        }
        match self.all.is_cancelled(self.token) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Cancellation<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            // The token may be the last, and end with what it keeps: not under the lock.
            let gone = self.all.lock().remove(place);
            drop(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn poll(wait: Pin<&mut Cancellation<'_>>, woken: &Arc<Woken>) -> bool {
        let waker = Waker::from(woken.clone());
        wait.poll(&mut Context::from_waker(&waker)).is_ready()
    }

    #[test]
    fn only_calls_of_the_token_are_woken() {
        let (all, token, other) =
            (Cancellations::default(), CancelToken::new(), CancelToken::new());
        let woken = [Arc::<Woken>::default(), Arc::default()];
        let mut mine = pin!(all.wait(Some(&token)));
        let mut theirs = pin!(all.wait(Some(&other)));
        assert!(!poll(mine.as_mut(), &woken[0]) && !poll(theirs.as_mut(), &woken[1]));
        assert!(!all.bell().wait(Some(std::time::Duration::ZERO)));
        token.trigger();
        assert!(all.bell().wait(None));
        all.deliver();
        assert_eq!(woken.map(|it| it.0.load(SeqCst)), [1, 0]);
        assert!(poll(mine, &Arc::default()) && !poll(theirs, &Arc::default()));
    }

    #[test]
    fn nothing_is_left_of_a_wait() {
        let (all, token) = (Cancellations::default(), CancelToken::new());
        {
            let mut wait = pin!(all.wait(Some(&token)));
            assert!(!poll(wait.as_mut(), &Arc::default()));
            assert!(!poll(wait.as_mut(), &Arc::default()));
            assert_eq!(all.lock().calls.iter().flatten().count(), 1);
        }
        assert_eq!(all.lock().calls.iter().flatten().count(), 0);
        assert_eq!(Arc::strong_count(&token.0), 1);
    }

    #[test]
    fn a_token_serves_many_runtimes() {
        let token = CancelToken::new();
        let all: Vec<Cancellations> = (0..10_000).map(|_| Cancellations::default()).collect();
        for one in all.iter().take(100).chain(&all) {
            token.0.bells.hang(&one.bell);
        }
        token.trigger();
        assert!(all.iter().all(|one| one.bell().wait(Some(std::time::Duration::ZERO))));
    }

    #[test]
    fn a_trigger_is_never_missed() {
        for _ in 0..1000 {
            let (all, token) = (Cancellations::default(), CancelToken::new());
            std::thread::scope(|scope| {
                scope.spawn(|| token.trigger());
                let mut wait = pin!(all.wait(Some(&token)));
                let woken = Arc::<Woken>::default();
                if !poll(wait.as_mut(), &woken) {
                    assert!(all.bell().wait(Some(std::time::Duration::from_secs(100))));
                    all.deliver();
                    assert_eq!(woken.0.load(SeqCst), 1);
                }
            });
        }
    }
}
