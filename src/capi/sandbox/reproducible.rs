use std::time::Duration;

use super::{own, runtime_sandbox_t};
use crate::capi::boundary::guard;
use crate::capi::error::runtime_error_t;
use crate::sandbox::{Clocks, Random};

/// Makes the guest's clocks the same in each run.
///
/// The wall clock starts at `wall_ns` and the monotonic clock at 0, in each instance anew, and
/// every reading of either moves both by `step_ns`. A guest that waits in a loop for clocks that
/// stand still waits until its deadline. Sleeping takes real time.
///
/// @param sandbox  The sandbox, borrowed for the call.
/// @param wall_ns  What the wall clock shows at first, in nanoseconds since 1970 in UTC.
/// @param step_ns  Nanoseconds that each reading moves both clocks; 0 for clocks that stand still.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_clock_fixed(
    sandbox: *mut runtime_sandbox_t,
    wall_ns: u64,
    step_ns: u64,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_clock_fixed", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        let sandbox = unsafe { own(sandbox)? };
        let (wall, step) = (Duration::from_nanos(wall_ns), Duration::from_nanos(step_ns));
        sandbox.clocks(Clocks::Fixed { wall, step });
        Ok(())
    })
}

/// Makes the guest's random numbers the same in each instance, run and version of this library.
///
/// Anyone who knows the seed can predict them, so keys that such a guest makes are worthless.
///
/// @param sandbox  The sandbox, borrowed for the call.
/// @param seed     Any number.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_random_seed(
    sandbox: *mut runtime_sandbox_t,
    seed: u64,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_random_seed", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own.
        let sandbox = unsafe { own(sandbox)? };
        sandbox.random(Random::Seeded(seed));
        Ok(())
    })
}
