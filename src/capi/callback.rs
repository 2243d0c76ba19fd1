use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::boundary::take;
use super::error::runtime_error_t;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::system::log::LogFn;
use crate::system::thread;

/// Releases the `user_data` of a callback.
///
/// Runs exactly once, also when registering the callback fails; on an unspecified thread; never
/// while the callback is running. See chapter Callbacks above.
///
/// @param user_data  What was registered with the callback. Owned by the finalizer.
///
/// @since 0.1
pub type runtime_finalizer_t = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// How much a log record matters.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum runtime_log_level_t {
    /// Something is broken.
    RUNTIME_LOG_LEVEL_ERROR = 1,
    /// Something is not as asked for, such as a pool that did not fit.
    RUNTIME_LOG_LEVEL_WARN = 2,
    /// Something worth knowing once.
    RUNTIME_LOG_LEVEL_INFO = 3,
    /// Something worth knowing when looking for a fault.
    RUNTIME_LOG_LEVEL_DEBUG = 4,
    /// Everything.
    RUNTIME_LOG_LEVEL_TRACE = 5,
}

/// Receives one log record of a runtime. See runtime_builder_log().
///
/// May be called by several threads at once, from any thread that uses the runtime and from the
/// runtime's own. Must not unwind. May call any function of this library; records about what it
/// does itself are left out.
///
/// @param user_data    What was registered. Borrowed for the call.
/// @param level        How much it matters.
/// @param target       Where it comes from, such as `wasmcell::pool`. Borrowed for the call;
///                     not NUL-terminated.
/// @param target_len   Length of `target`.
/// @param message      One record as text, then its fields as `name=value`. Borrowed for the
///                     call; not NUL-terminated. Guests choose parts of it, so treat it as
///                     untrusted. At most 64 KiB, and a U+2026 for each part that was cut.
/// @param message_len  Length of `message`.
///
/// @since 0.1
pub type runtime_log_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        level: runtime_log_level_t,
        target: *const c_char,
        target_len: usize,
        message: *const c_char,
        message_len: usize,
    ),
>;

/// Tells whether a call may go on. See `interrupt` in runtime_call_options_t.
///
/// Runs on the thread that made the call, on that thread's own stack: at its full depth, unless the
/// guest runs on the same stack, because its component was loaded for blocking calls only or
/// imports nothing; then at least 256 KiB are left. First after the first tick of the call, then at
/// most once in each tick of runtime_builder_epoch_tick(), whether the guest computes or waits; not
/// while a host function runs. Its time is the call's. It may call every function of this library,
/// with the handles of its own caller too, and release them; calls of the instance that the guest
/// runs in are RUNTIME_ERROR_BUSY. It must return: neither unwind, nor longjmp() out of it, nor end
/// its thread. A host whose own check does so, such as PostgreSQL's CHECK_FOR_INTERRUPTS(), only
/// looks here, and runs that check when the call has returned.
///
/// @param user_data  `interrupt_user_data` of the call. Borrowed for the call.
///
/// @return NULL if the call may go on. Otherwise an error, which the library owns from then on. It
///         ends the guest's call, and its caller gets it untouched: one of runtime_error_new() with
///         RUNTIME_ERROR_HOST and its message, one that a function of this library returned with
///         its own code.
///
/// @since 0.1
pub type runtime_interrupt_fn_t =
    Option<unsafe extern "C" fn(user_data: *mut c_void) -> *mut runtime_error_t>;

/// The core's view of an interrupt callback; NULL is `None`.
pub(super) fn interrupt(
    callback: runtime_interrupt_fn_t,
    user_data: *mut c_void,
) -> Option<Arc<Interrupt>> {
    let callback = callback?;
    let user = UserData::new(user_data, None);
    Some(Arc::new(Interrupt::new(move || {
        // SAFETY: the header obliges callers to pass a function of this type that does not unwind,
        // with the `user_data` it expects; the error that it returns is ours.
        let error = unsafe { take(thread::outside(|| callback(user.get()))) };
        error.map_or(Ok(()), |error| Err(error.into()))
    })))
}

/// The caller's `user_data`, released exactly once when its last user goes away.
///
/// Built before any other argument is checked, so that the finalizer also runs when registration
/// fails: callers hand `user_data` over unconditionally.
pub(super) struct UserData {
    ptr: *mut c_void,
    finalizer: runtime_finalizer_t,
}

// SAFETY: the header requires `user_data` and its callbacks to be usable from any thread (chapter
// Callbacks); this crate never looks behind `ptr`.
unsafe impl Send for UserData {}
// SAFETY: as above; concurrent invocation is documented on each callback type.
unsafe impl Sync for UserData {}

impl UserData {
    pub(super) fn new(ptr: *mut c_void, finalizer: runtime_finalizer_t) -> Self {
        Self { ptr, finalizer }
    }

    /// A method, so that closures capture the whole of `self` and not only the pointer.
    pub(super) fn get(&self) -> *mut c_void {
        self.ptr
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer.take() {
            // SAFETY: `ptr` came with `finalizer`, and `take` makes this the only call.
            thread::outside(|| unsafe { finalizer(self.ptr) });
        }
    }
}

/// The level that a number from C stands for.
pub(super) fn log_level(number: i32) -> Result<tracing::Level> {
    use runtime_log_level_t as level;
    const ERROR: i32 = level::RUNTIME_LOG_LEVEL_ERROR as i32;
    const WARN: i32 = level::RUNTIME_LOG_LEVEL_WARN as i32;
    const INFO: i32 = level::RUNTIME_LOG_LEVEL_INFO as i32;
    const DEBUG: i32 = level::RUNTIME_LOG_LEVEL_DEBUG as i32;
    const TRACE: i32 = level::RUNTIME_LOG_LEVEL_TRACE as i32;
    match number {
        ERROR => Ok(tracing::Level::ERROR),
        WARN => Ok(tracing::Level::WARN),
        INFO => Ok(tracing::Level::INFO),
        DEBUG => Ok(tracing::Level::DEBUG),
        TRACE => Ok(tracing::Level::TRACE),
        _ => Err(Error::invalid("level", format_args!("{number} is not a runtime_log_level_t"))),
    }
}

fn c_level(level: tracing::Level) -> runtime_log_level_t {
    match level {
        tracing::Level::ERROR => runtime_log_level_t::RUNTIME_LOG_LEVEL_ERROR,
        tracing::Level::WARN => runtime_log_level_t::RUNTIME_LOG_LEVEL_WARN,
        tracing::Level::INFO => runtime_log_level_t::RUNTIME_LOG_LEVEL_INFO,
        tracing::Level::DEBUG => runtime_log_level_t::RUNTIME_LOG_LEVEL_DEBUG,
        tracing::Level::TRACE => runtime_log_level_t::RUNTIME_LOG_LEVEL_TRACE,
    }
}

/// The core's view of a log callback. `user` is released when the last runtime and builder that
/// know the callback are gone.
pub(super) fn log_fn(callback: runtime_log_fn_t, user: UserData) -> Result<Arc<LogFn>> {
    let Some(callback) = callback else {
        return Err(Error::invalid("callback", "is NULL"));
    };
    Ok(Arc::new(move |level: tracing::Level, target: &str, message: &str| {
        let level = c_level(level);
        let (target, message) = (target.as_bytes(), message.as_bytes());
        // SAFETY: the header obliges callers to register a function of this type that does not
        // unwind, with the `user_data` it expects; both strings live for the call.
        thread::outside(|| unsafe {
            callback(
                user.get(),
                level,
                target.as_ptr().cast(),
                target.len(),
                message.as_ptr().cast(),
                message.len(),
            );
        });
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counts {
        calls: AtomicUsize,
        finalized: AtomicUsize,
    }

    unsafe extern "C" fn count_call(
        user: *mut c_void,
        level: runtime_log_level_t,
        target: *const c_char,
        target_len: usize,
        message: *const c_char,
        message_len: usize,
    ) {
        assert_eq!(level, runtime_log_level_t::RUNTIME_LOG_LEVEL_WARN);
        // SAFETY: the tests register a live `Counts`, and the library passes live strings.
        let (counts, target, message) = unsafe {
            (
                &*user.cast::<Counts>(),
                std::slice::from_raw_parts(target.cast::<u8>(), target_len),
                std::slice::from_raw_parts(message.cast::<u8>(), message_len),
            )
        };
        assert_eq!((target, message), (&b"here"[..], &b"a\0b"[..]));
        counts.calls.fetch_add(1, Ordering::Relaxed);
    }

    unsafe extern "C" fn count_finalize(user: *mut c_void) {
        // SAFETY: the tests register a live `Counts`.
        unsafe { &*user.cast::<Counts>() }.finalized.fetch_add(1, Ordering::Relaxed);
    }

    fn user(counts: &Counts) -> UserData {
        UserData::new(std::ptr::from_ref(counts).cast_mut().cast(), Some(count_finalize))
    }

    #[test]
    fn the_finalizer_runs_once_after_the_last_owner() {
        let counts = Counts::default();
        let log = log_fn(Some(count_call), user(&counts)).unwrap();
        let other = Arc::clone(&log);
        drop(log);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| other(tracing::Level::WARN, "here", "a\0b"));
            }
        });
        assert_eq!(counts.finalized.load(Ordering::Relaxed), 0);
        drop(other);
        assert_eq!(counts.calls.load(Ordering::Relaxed), 2);
        assert_eq!(counts.finalized.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_finalizer_runs_once_when_registration_fails() {
        let counts = Counts::default();
        let error = log_fn(None, user(&counts)).err().unwrap();
        assert_eq!(error.message(), "`callback`: is NULL");
        assert_eq!(counts.finalized.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn no_finalizer_is_fine() {
        drop(UserData::new(std::ptr::null_mut(), None));
    }

    #[test]
    fn levels_go_there_and_back() {
        for number in 1..=5 {
            assert_eq!(c_level(log_level(number).unwrap()) as i32, number);
        }
        for number in [0, -1, 6, i32::MAX, i32::MIN] {
            assert!(log_level(number).unwrap_err().message().starts_with("`level`"));
        }
    }
}
