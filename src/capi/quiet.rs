//! A panic is an error of the function that it happens in, so nothing is printed about it.
//!
//! Rust has a hook for that, one for each copy of its standard library. The shared library has a
//! copy to itself, and so has a program that links the static library, unless it links another one
//! that was built by the same compiler. There, and only there, others may panic as well; what they
//! do goes to the hook that was there before.
//!
//! Programs in Rust that use the core never come here. Their hook is their own.

use std::panic;
use std::sync::Once;

use crate::system::thread;

/// Leaves out what would be printed about panics on threads that are in the library.
pub(super) fn panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !thread::is_ours() {
                before(panic);
            }
        }));
    });
}
