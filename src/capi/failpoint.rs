//! Panics on demand, for the tests that prove that no panic leaves the library.
//!
//! Exists only with the `failpoints` feature, which no release has, and not in the header.

use std::ffi::c_char;
use std::sync::{Mutex, PoisonError};

use super::boundary;

/// The point that panics when it is reached next.
static ARMED: Mutex<Option<String>> = Mutex::new(None);

/// Panics if `name` is armed, and disarms it.
///
/// Functions of the C ABI call this on entry with their own name, before they touch their
/// outputs; the core calls it with `core:<point>`.
pub(crate) fn hit(name: &str) {
    let hit = {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken rather than compared: the error paths of a panic must not run into it again.
        armed.take_if(|armed| armed == name).is_some()
    };
    if hit {
        #[expect(clippy::panic, reason = "panicking is what a failpoint is for")]
        std::panic::panic_any(format!("failpoint {name}"));
    }
}

/// Makes the next arrival at `name` panic, once. NULL, or text that is not UTF-8, disarms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_failpoint_arm(name: *const c_char, name_len: usize) {
    // SAFETY: the test passes a live string or NULL.
    let name = unsafe { boundary::text(name, name_len, "name") };
    let name = name.ok().filter(|name| !name.is_empty()).map(str::to_owned);
    *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = name;
}
