//! Panics on demand, for the tests that prove that no panic leaves the library.
//!
//! Functions of the C ABI are points by their own names, on entry; points of the core are called
//! `core:<place>`. Only with the feature `failpoints`, which no release has, does anything happen.

#[cfg(feature = "failpoints")]
use std::sync::{Mutex, PoisonError};

/// The point that panics when it is reached next.
#[cfg(feature = "failpoints")]
static ARMED: Mutex<Option<String>> = Mutex::new(None);

/// Makes the next arrival at `point` panic, once.
#[cfg(feature = "failpoints")]
pub(crate) fn arm(point: Option<String>) {
    *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = point;
}

/// Panics if `point` is armed, and disarms it.
#[cfg(feature = "failpoints")]
pub(crate) fn hit(point: &str) {
    let hit = {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken rather than compared: the error paths of a panic must not run into it again.
        armed.take_if(|armed| armed == point).is_some()
    };
    if hit {
        std::panic::panic_any(format!("failpoint {point}"));
    }
}

/// Nothing, in this build.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn hit(_point: &str) {}
