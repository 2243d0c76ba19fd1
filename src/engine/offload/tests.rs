//! Turns, shares, and what becomes of work that nobody waits for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::Waker;
use std::thread;

use super::*;

fn wait<T>(answer: Answer<T>) -> Option<T> {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut answer = std::pin::pin!(answer);
    loop {
        match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park(),
        }
    }
}

/// Work that ends when the sender goes.
fn block(desk: &Desk, party: usize) -> (Answer<()>, mpsc::Sender<()>) {
    let (end, ended) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let answer = desk.run(party, move || {
        let _ = begin.send(());
        let _ = ended.recv();
    });
    begun.recv().expect("it begins");
    (answer, end)
}

#[test]
fn work_is_done_and_answered() {
    let offload = Offload::new("test", 2, 1 << 20);
    let desk = offload.desk();
    let answers: Vec<_> = (0..100).map(|n| desk.run(n % 3, move || n * n)).collect();
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(wait(answer), Some(n * n));
    }
    // A thread answers just before it is done.
    while !offload.0.lock().parties.is_empty() {
        thread::yield_now();
    }
}

#[test]
fn nobody_has_more_than_half_of_the_threads() {
    let offload = Offload::new("test", 4, 1 << 20);
    let desk = offload.desk();
    let held = [block(&desk, 1), block(&desk, 1)];
    let third = desk.run(1, || ());
    assert_eq!(wait(desk.run(2, || "another party")), Some("another party"));
    assert_eq!(offload.0.lock().parties[&1].waiting.len(), 1);
    drop(held);
    assert_eq!(wait(third), Some(()));
}

#[test]
fn parties_take_turns() {
    let offload = Offload::new("test", 1, 1 << 20);
    let desk = offload.desk();
    let (answer, end) = block(&desk, 0);
    let order = Arc::new(Mutex::new(Vec::new()));
    let jobs: Vec<_> = [1, 1, 1, 2, 3, 2]
        .into_iter()
        .map(|party| {
            let order = order.clone();
            desk.run(party, move || order.lock().unwrap().push(party))
        })
        .collect();
    drop(end);
    assert_eq!(wait(answer), Some(()));
    assert!(jobs.into_iter().all(|job| wait(job).is_some()));
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 2, 1]);
}

#[test]
fn what_nobody_waits_for_is_not_begun() {
    let offload = Offload::new("test", 1, 1 << 20);
    let desk = offload.desk();
    let (answer, end) = block(&desk, 0);
    let count = Arc::new(AtomicUsize::new(0));
    let jobs: Vec<_> = (0..10)
        .map(|party| {
            let count = count.clone();
            desk.run(party, move || count.fetch_add(1, Ordering::SeqCst))
        })
        .collect();
    drop(jobs);
    assert_eq!(Arc::strong_count(&count), 1, "it is forgotten at once");
    drop(end);
    assert_eq!(wait(answer), Some(()));
    assert_eq!(wait(desk.run(7, || ())), Some(()));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn only_what_has_no_thread_is_given_up() {
    let offload = Offload::new("test", 2, 1 << 20);
    let desk = offload.desk();
    let (mut held, end) = block(&desk, 1);
    assert!(!held.give_up(), "it runs");
    let mut waiting = desk.run(1, || ());
    assert!(waiting.give_up() && wait(waiting).is_none(), "its party has all that it may have");
    let mut other = desk.run(2, || ());
    assert!(!other.give_up() && wait(other).is_some(), "another party has a thread");
    drop(end);
    assert!(wait(held).is_some());
}

#[test]
fn work_may_panic() {
    let offload = Offload::new("test", 1, 1 << 20);
    let desk = offload.desk();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    assert_eq!(wait(desk.run(1, || panic!("on purpose"))), None::<()>);
    panic::set_hook(hook);
    assert_eq!(wait(desk.run(1, || 5)), Some(5));
}

#[test]
fn the_end_forgets_what_waits_and_leaves_what_runs() {
    let offload = Offload::new("test", 1, 1 << 20);
    let desk = offload.desk();
    let (answer, end) = block(&desk, 0);
    let waiting = desk.run(1, || ());
    let begun = std::time::Instant::now();
    drop(offload);
    assert!(begun.elapsed() >= PATIENCE, "it waits for what runs");
    assert_eq!(wait(waiting), None);
    assert_eq!(wait(desk.run(2, || ())), None, "it is closed");
    drop(end);
    assert_eq!(wait(answer), Some(()));
}
