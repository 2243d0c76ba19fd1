//! Where a thread crosses between the host's code and the library's.
//!
//! The host's code comes in by a function of the library ([`Inside`]), and is called back by it
//! ([`outside`]). On the way in the thread gets Rust's floating-point environment, on every way out
//! the host's own, as the host's code left it. And what is known of the thread's stack, and of how
//! often the host was called back on it, is looked up here once.
//!
//! This is the one place that keeps something per thread: none of it is about a runtime, and all of
//! it is over when the thread is out again, or the same as long as the thread lives.

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::thread::{self, Builder, JoinHandle};

use crate::error::{Code, Error, Result};
use crate::system::floats::Floats;
use crate::system::signals::{self, Blocked};
use crate::system::stack::{self, Stack};

/// A thread that works while another one waits for it has as much stack as a main thread usually
/// has.
const STACK: usize = 8 << 20;

thread_local! {
    /// Nothing in it has to be dropped, so it is there as long as the thread is.
    static HERE: Here = const { Here::new() };
    /// Dropped when the thread ends.
    static LIFE: Life = const { Life };
}

struct Here {
    stage: Cell<Stage>,
    /// Of the stack: its lowest address, and its size.
    bounds: Cell<Option<(usize, usize)>>,
    /// How often the host was called back and has not returned.
    nested: Cell<u32>,
    /// The host's environment, while the thread is inside.
    host: Cell<Option<Floats>>,
    /// The thread that waits for this one, if it was started for that; 0 if not.
    waits: Cell<usize>,
    /// Whether the library started the thread.
    is_ours: Cell<bool>,
}

/// How far the thread has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unknown,
    Known,
    /// What others keep for the thread, such as tokio, is gone or about to go.
    Ending,
}

struct Life;

impl Drop for Life {
    fn drop(&mut self) {
        HERE.with(|here| here.stage.set(Stage::Ending));
    }
}

impl Here {
    const fn new() -> Self {
        Self {
            stage: Cell::new(Stage::Unknown),
            bounds: Cell::new(None),
            nested: Cell::new(0),
            host: Cell::new(None),
            waits: Cell::new(0),
            is_ours: Cell::new(false),
        }
    }

    #[cold]
    fn look(&self) {
        self.stage.set(Stage::Known);
        self.bounds.set(stack::bounds());
        // What is made later goes earlier: tokio's part is still there when `LIFE` goes.
        let _ = tokio::runtime::Handle::try_current();
        let _ = LIFE.try_with(|_| ());
    }

    #[inline(always)]
    fn stack(&self) -> Stack {
        if self.stage.get() == Stage::Unknown {
            self.look();
        }
        Stack::within(self.bounds.get())
    }
}

/// While it lives, this thread is inside the library.
pub(crate) struct Inside {
    /// Whether it was outside before.
    entered: bool,
    pub stack: Stack,
    /// How often the host was called back on this stack and has not returned.
    pub nested: u32,
    /// Whether the thread is about to end, so that tokio does not work on it any more.
    pub is_ending: bool,
    /// Threads are left by those who entered.
    _here: PhantomData<*const ()>,
}

impl Inside {
    #[inline(always)]
    pub(crate) fn enter() -> Self {
        HERE.with(|here| {
            let stack = here.stack();
            let entered = here.host.get().is_none();
            if entered {
                here.enter(Floats::here());
            }
            let is_ending = here.stage.get() == Stage::Ending;
            Self { entered, stack, nested: here.nested.get(), is_ending, _here: PhantomData }
        })
    }

    /// Refuses a call that is nested too deeply, or for which there is too little stack. It is
    /// within those that the host's callbacks made on this stack, and within `more`.
    ///
    /// # Errors
    /// `STACK_OVERFLOW`, or `UNSUPPORTED` on a thread that is about to end.
    #[inline(always)]
    pub(crate) fn check_call(&self, more: u32, max_depth: u32) -> Result<()> {
        let nested = self.nested + more;
        if nested >= max_depth {
            return Err(too_deep(nested, max_depth));
        }
        if self.is_ending {
            return Err(Error::new(Code::Unsupported, "the thread is about to end"));
        }
        self.stack.check_call(self.nested)
    }

    /// On a thread of the library's; see [`standard`].
    pub(crate) fn ours() -> Self {
        standard();
        Self::enter()
    }
}

#[cold]
fn too_deep(nested: u32, max: u32) -> Error {
    let problem = format_args!(
        "`max_call_depth` is {max}: this call would be within {nested} others, by callbacks that \
         call guests or by components that provide for others"
    );
    let asked = Some(u64::from(nested) + 1);
    Error::new(Code::StackOverflow, problem).met("max_call_depth", asked, max.into())
}

impl Here {
    /// `host` is the environment that the thread has.
    #[inline(always)]
    fn enter(&self, host: Floats) {
        self.host.set(Some(host));
        if !host.is_standard() {
            Floats::STANDARD.set();
        }
    }
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        if self.entered
            && let Some(host) = HERE.with(|here| here.host.take())
        {
            host.set();
        }
    }
}

/// Starts a thread of the library's.
pub(crate) fn spawn<T: Send + 'static>(
    thread: Builder,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let _masked = Blocked::all();
    thread.spawn(|| {
        ours();
        body()
    })
}

/// What a thread of the library's begins with, started while all signals were [`Blocked`]: no
/// signal of the host's ever gets to it, and no panic is told to anybody.
pub(crate) fn ours() {
    signals::ours();
    HERE.with(|here| here.is_ours.set(true));
    standard();
}

/// On a thread of the library's, before it calls the host: that finds the environment that threads
/// start with, whoever started this one, and whatever the callback before has left there.
pub(crate) fn standard() {
    Floats::STANDARD.set();
}

/// Whether this thread runs code of the library, or is one of its own.
pub(crate) fn is_ours() -> bool {
    HERE.with(|here| here.host.get().is_some() || here.is_ours.get())
}

/// Whether the host's code on this thread was called by the library and has not returned.
pub(crate) fn is_within_callback() -> bool {
    HERE.with(|here| here.nested.get() > 0 || here.is_ours.get() && here.waits.get() == 0)
}

/// What is left of this thread's stack.
pub(crate) fn stack() -> Stack {
    HERE.with(Here::stack)
}

/// Tells this thread from all others that live, but not from one that it works for [`elsewhere`].
pub(crate) fn id() -> usize {
    HERE.with(|here| match here.waits.get() {
        0 => ptr::from_ref(here).addr(),
        id => id,
    })
}

/// Runs code of the host's, which may call the library again.
#[inline(always)]
pub(crate) fn outside<R>(callback: impl FnOnce() -> R) -> R {
    let _outside = HERE.with(Here::leave);
    callback()
}

/// While it lives, this thread is outside the library again, if it was inside.
struct Outside {
    left: bool,
}

impl Here {
    #[inline(always)]
    fn leave(&self) -> Outside {
        let host = self.host.take();
        if let Some(host) = host {
            self.nested.set(self.nested.get() + 1);
            host.set();
        }
        Outside { left: host.is_some() }
    }
}

impl Drop for Outside {
    #[inline(always)]
    fn drop(&mut self) {
        if self.left {
            HERE.with(|here| {
                here.nested.set(here.nested.get() - 1);
                // As the host has left it: it may have changed it for itself.
                here.enter(Floats::here());
            });
        }
    }
}

/// Runs `body` on this thread if its stack is known to have `needed` bytes left, otherwise on
/// another one while this one waits.
///
/// # Errors
/// `IO` if there is no other thread to be had; then `body` did not run.
pub(crate) fn with_room<R: Send>(needed: usize, body: impl FnOnce() -> R + Send) -> Result<R> {
    match stack().left() {
        Some(left) if left >= needed => Ok(body()),
        _ => elsewhere(body),
    }
}

/// Runs `body` on another thread while this one waits. Callbacks in it find the host's environment
/// as on this thread.
///
/// # Errors
/// `IO` if there is no other thread to be had; then `body` did not run.
pub(crate) fn elsewhere<R: Send>(body: impl FnOnce() -> R + Send) -> Result<R> {
    let (id, nested, host) = HERE.with(|here| (id(), here.nested.get(), here.host.get()));
    let body = move || {
        ours();
        HERE.with(|here| {
            here.waits.set(id);
            here.nested.set(nested);
            // It has the library's already.
            here.host.set(Some(host.unwrap_or(Floats::STANDARD)));
        });
        body()
    };
    thread::scope(|scope| {
        let helper = Builder::new().name("wasmcell-helper".into()).stack_size(STACK);
        let masked = Blocked::all();
        let helper = helper.spawn_scoped(scope, body);
        drop(masked);
        let failed = |error| Error::new(Code::Io, format_args!("starting a thread: {error}"));
        match helper.map_err(failed)?.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in() -> bool {
        HERE.with(|here| here.host.get().is_some())
    }

    #[test]
    fn crossings_nest() {
        let inside = Inside::enter();
        assert!(inside.entered && is_in());
        let nested = inside.nested;
        outside(|| {
            assert!(!is_in());
            let again = Inside::enter();
            assert!(again.entered && again.nested == nested + 1);
            assert!(!Inside::enter().entered);
            assert!(is_in());
        });
        assert!(is_in());
        drop(inside);
        assert!(!is_in());
        outside(|| assert_eq!(Inside::enter().nested, nested));
    }

    #[test]
    fn a_panic_on_either_side_leaves_the_other_as_it_was() {
        let inside = Inside::enter();
        let _ = std::panic::catch_unwind(|| outside(|| std::panic::resume_unwind(Box::new(1))));
        assert!(is_in());
        drop(inside);
        let _ = std::panic::catch_unwind(|| {
            let _inside = Inside::enter();
            std::panic::resume_unwind(Box::new(1));
        });
        assert!(!is_in());
        assert_eq!(Inside::enter().nested, 0);
    }

    #[test]
    fn another_thread_has_the_room_that_this_one_lacks() {
        let name = || thread::current().name().map(ToOwned::to_owned);
        if stack().left().is_some() {
            assert_eq!(with_room(0, name).unwrap(), name());
        }
        assert_ne!(with_room(usize::MAX, name).unwrap(), name());
        assert_eq!(elsewhere(id).unwrap(), id());
        let left = elsewhere(|| stack().left()).unwrap();
        assert!(left.is_none_or(|left| left > STACK / 2));
    }

    #[test]
    fn a_thread_that_ends_knows_it() {
        struct AtEnd;
        impl Drop for AtEnd {
            fn drop(&mut self) {
                assert!(Inside::enter().is_ending);
            }
        }
        thread_local!(static AT_END: AtEnd = const { AtEnd });
        let thread = thread::spawn(|| {
            // Made first, so it goes last.
            AT_END.with(|_| ());
            assert!(!Inside::enter().is_ending);
        });
        thread.join().unwrap();
    }
}
