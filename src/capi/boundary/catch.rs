//! What keeps panics inside, and finds room on the stack.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use crate::error::{Code, Error, Result};
use crate::failpoint;
use crate::system::stack;
use crate::system::thread::{self, Inside};

/// Runs `body` inside the library; a panic becomes an error.
pub(in crate::capi) fn catch<T>(name: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    contain(name, || {
        let inside = Inside::enter();
        inside.stack.check(stack::FUNCTION)?;
        match inside.is_ending {
            false => body(),
            true => elsewhere(name, body),
        }
    })
}

/// As [`catch`], but where `has_room` says of the bytes that are left, if anybody knows them, that
/// they are too few, another thread runs `body` while this one waits.
pub(super) fn catch_with<T>(
    name: &'static str,
    has_room: impl FnOnce(Option<usize>) -> bool,
    body: impl FnOnce() -> Result<T>,
) -> Result<T> {
    contain(name, || {
        let inside = Inside::enter();
        match has_room(inside.stack.left()) && !inside.is_ending {
            true => body(),
            false => elsewhere(name, body),
        }
    })
}

/// Runs `body` where no panic gets out; it becomes an error.
pub(in crate::capi) fn contain<T>(
    name: &'static str,
    body: impl FnOnce() -> Result<T>,
) -> Result<T> {
    // Unwind-safe by construction: a panic in a call drops the store it happened in, and what
    // outlives a call is behind locks that are left consistent.
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        failpoint::hit(name);
        body()
    }));
    outcome.unwrap_or_else(|payload| Err(panicked(payload)))
}

/// Runs `body` where there is much stack, and a thread that is not about to end.
#[cold]
fn elsewhere<T>(name: &'static str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    let (body, mut outcome) = (Carried(body), Carried(None));
    let run = {
        let outcome = &mut outcome;
        move || outcome.set(contain(name, body.take()))
    };
    thread::elsewhere(run)?;
    outcome.take().unwrap_or_else(|| Err(Error::new(Code::Panic, "no outcome")))
}

/// What goes to another thread while its owner waits for that.
struct Carried<T>(T);

// SAFETY: what it carries is used by one thread at a time, its owner's or the one that the owner
// waits for; and the header lets every function be called on any thread, so that nothing behind the
// pointers in it belongs to one.
unsafe impl<T> Send for Carried<T> {}

impl<T> Carried<T> {
    /// A method, so that closures capture the whole of `self`.
    fn take(self) -> T {
        self.0
    }
}

impl<T> Carried<Option<T>> {
    fn set(&mut self, value: T) {
        self.0 = Some(value);
    }
}

/// Drops what a `_free` function was given; NULL is `None`. A destructor that panics is logged.
pub(in crate::capi) fn release<T>(name: &'static str, object: Option<Box<T>>) {
    quietly(name, || drop(object));
}

/// Runs `body` where nobody can be told how it went. A panic is logged.
pub(in crate::capi) fn quietly(name: &'static str, body: impl FnOnce()) {
    let done = contain(name, || {
        let inside = Inside::enter();
        let lacks_room = inside.stack.left().is_some_and(|left| left < stack::FUNCTION);
        match lacks_room || inside.is_ending {
            false => {
                body();
                Ok(())
            }
            true => elsewhere(name, || {
                body();
                Ok(())
            }),
        }
    });
    if let Err(error) = done {
        // The log's callback may be what panicked.
        let _ = catch(name, || {
            tracing::error!(target: "wasmcell::capi::boundary", "{name}: {error}");
            Ok(())
        });
    }
}

fn panicked(mut payload: Box<dyn Any + Send>) -> Error {
    let error = Error::panic(&*payload);
    // A payload may panic when it is dropped, with a payload that may do so as well.
    for _ in 0..4 {
        match panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return error,
            Err(another) => payload = another,
        }
    }
    std::mem::forget(payload);
    error
}
