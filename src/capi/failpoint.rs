//! Arms the points of [`crate::failpoint`] from C. Not in the header, and not in a release.

use std::ffi::c_char;

use super::boundary;
use crate::failpoint;

/// Makes the next arrival at `name` panic, once. NULL, or text that is not UTF-8, disarms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_failpoint_arm(name: *const c_char, name_len: usize) {
    // SAFETY: the test passes a live string or NULL.
    let name = unsafe { boundary::text(name, name_len, "name") };
    failpoint::arm(name.ok().filter(|name| !name.is_empty()).map(str::to_owned));
}
