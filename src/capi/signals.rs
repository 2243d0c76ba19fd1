use super::boundary::guard;
use super::error::runtime_error_t;
use crate::system::signals;

/// Puts the library's signal handlers back on top.
///
/// A host or a crash reporter that installs its handler for SIGSEGV, SIGILL or SIGFPE after the
/// first runtime was built gets the signals of guests: if it does not pass on what is not its own,
/// the next trap ends the process. Call this afterwards. The handler that was on top is kept: it
/// gets what no guest has raised, with the mask, the stack and the kind of arguments that it asked
/// for, and by passing on what it does not know it gets to the handler that was there before it.
///
/// For the whole process. Does nothing if the handlers are on top, or if there are none because no
/// runtime needed them: see runtime_builder_signal_handlers().
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_UNSUPPORTED where the library does not know how, which is elsewhere than
///         on Linux.
///
/// @threadsafe Yes; a handler must not be installed by another thread meanwhile.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn runtime_signal_handlers_restore() -> *mut runtime_error_t {
    guard("runtime_signal_handlers_restore", signals::restore)
}

/// Tells whether the library's signal handlers are on top.
///
/// A host can ask after each part of it that may install handlers. Installed above them may be one
/// that passes on what is not its own, as it should: then this is false and all is well.
///
/// @return true if signals of guests get to the library first; false if not, if no runtime needed
///         handlers yet, and elsewhere than on Linux.
///
/// @threadsafe Yes, and async-signal-safe.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_signal_handlers_installed() -> bool {
    signals::installed()
}
