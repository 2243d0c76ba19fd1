//! What a failure of wasmtime means to a host.

use std::fmt::{self, Write};
use std::io;
use std::panic::Location;

use wasmtime::Trap;

use super::words;
use crate::error::{Code, Error, Frame, MAX_MESSAGE, TrapKind};
use crate::text::{Cut, cut};

/// Classifies a failure of wasmtime.
impl From<wasmtime::Error> for Error {
    #[track_caller]
    fn from(error: wasmtime::Error) -> Self {
        let frames = frames(&error);
        let classified = if let Some(ours) = error.downcast_ref::<Self>() {
            ours.clone()
        } else if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            let problem = format_args!("the guest exited with status {}", exit.0);
            Self::new(Code::Exit, problem).with_exit_status(exit.0)
        } else if let Some(trap) = error.downcast_ref::<Trap>() {
            from_trap(*trap, &error)
        } else if error.is::<wasmtime::PoolConcurrencyLimitError>() {
            // All slots are there, but not all parts: a shrunk pool has few tables for each.
            let why = chain(&error);
            let problem = format_args!("the pool for `max_components` is used up: {why}");
            Self::new(Code::InstanceLimit, problem).with_setting("max_components")
        } else if let Some(exhausted) = exhausted(&error) {
            exhausted
        } else if error.is::<wasmtime::ThrownException>() {
            Self::new(Code::Trap, "uncaught exception").with_trap(TrapKind::UncaughtException)
        } else if error.is::<wasmtime::GcHeapOutOfMemory<()>>() {
            // The limit that was met is told by who denied it.
            Self::new(Code::Trap, chain(&error)).with_trap(TrapKind::Other)
        } else if let Some(setting) = spent(&error) {
            Self::limit(Code::ResourceLimit, setting, chain(&error))
        } else {
            let it = Self::new(Code::Trap, chain(&error));
            tracing::debug!(
                target: "wasmcell::error::classify",
                from = %Location::caller(),
                "unclassified failure of wasmtime: {it}"
            );
            let kind = match words::breaks_abi(it.message()) {
                true => TrapKind::CanonicalAbi,
                false => TrapKind::Other,
            };
            it.with_trap(kind)
        };
        classified.or_frames(frames)
    }
}

/// What to say if it was the system that had no more memory, or no more mappings, for a guest or
/// its code: neither the guest's fault nor that of its bytes.
pub(crate) fn exhausted(error: &wasmtime::Error) -> Option<Error> {
    let is_it = |cause: &(dyn std::error::Error + 'static)| {
        #[cfg(unix)]
        if cause.downcast_ref() == Some(&rustix::io::Errno::NOMEM) {
            return true;
        }
        let of_system = cause.downcast_ref::<io::Error>();
        of_system.is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
            || cause.is::<wasmtime::OutOfMemory>()
    };
    error.chain().any(is_it).then(|| {
        let problem = format_args!(
            "the system has no memory left for it, or no mapping (`vm.max_map_count`): {}",
            chain(error)
        );
        Error::new(Code::MemoryLimit, problem)
    })
}

/// The setting behind a limit that was met, for which wasmtime has a type only sometimes.
fn spent(error: &wasmtime::Error) -> Option<&'static str> {
    use wasmtime::component::ResourceTableError;

    match error.downcast_ref() {
        Some(ResourceTableError::Full) => Some("max_resources"),
        _ => words::spent(&cut(error.root_cause(), MAX_CAUSE)),
    }
}

fn from_trap(trap: Trap, error: &wasmtime::Error) -> Error {
    let (code, kind) = match trap {
        Trap::StackOverflow => (Code::StackOverflow, TrapKind::StackOverflow),
        Trap::OutOfFuel => (Code::Fuel, TrapKind::Other),
        // As when there is no room for what is not quite as large.
        Trap::AllocationTooLarge => (Code::MemoryLimit, TrapKind::Other),
        Trap::NullReference => (Code::Trap, TrapKind::NullReference),
        Trap::ArrayOutOfBounds => (Code::Trap, TrapKind::ArrayOutOfBounds),
        Trap::CastFailure => (Code::Trap, TrapKind::CastFailure),
        Trap::UncaughtException => (Code::Trap, TrapKind::UncaughtException),
        Trap::UnreachableCodeReached => (Code::Trap, TrapKind::Unreachable),
        Trap::MemoryOutOfBounds => (Code::Trap, TrapKind::MemoryOutOfBounds),
        Trap::TableOutOfBounds => (Code::Trap, TrapKind::TableOutOfBounds),
        Trap::IndirectCallToNull => (Code::Trap, TrapKind::IndirectCallToNull),
        Trap::BadSignature => (Code::Trap, TrapKind::BadSignature),
        Trap::IntegerOverflow => (Code::Trap, TrapKind::IntegerOverflow),
        Trap::IntegerDivisionByZero => (Code::Trap, TrapKind::IntegerDivisionByZero),
        Trap::BadConversionToInteger => (Code::Trap, TrapKind::BadConversionToInteger),
        Trap::CannotEnterComponent
        | Trap::CannotLeaveComponent
        | Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => (Code::Trap, TrapKind::CanonicalAbi),
        _ => (Code::Trap, TrapKind::Other),
    };
    let error = Error::new(code, chain(error)).with_trap(kind);
    match trap {
        Trap::StackOverflow => error.with_setting("max_stack"),
        Trap::OutOfFuel => error.with_setting("fuel"),
        _ => error,
    }
}

/// The causes of `error`, outermost first, without wasmtime's own rendering of the backtrace. A
/// long one leaves room for those behind it.
fn chain(error: &wasmtime::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let mut told = Told(String::new());
        // It fails where it has heard enough.
        let _ = write!(told, "{cause}");
        if told.is_backtrace() {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(told.0.trim_start_matches("wasm trap: "));
        if text.len() > MAX_MESSAGE {
            break;
        }
    }
    text
}

/// How much of one cause is told.
const MAX_CAUSE: usize = 1024;

/// Stops wasmtime before it renders a backtrace: it would demangle names that guests choose
/// without a bound; see [`super::demangle`].
struct Told(String);

impl Told {
    fn is_backtrace(&self) -> bool {
        words::is_backtrace(&self.0)
    }
}

impl Write for Told {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let left = MAX_CAUSE.saturating_sub(self.0.len());
        let done = write!(Cut::new(&mut self.0, left), "{part}");
        match self.is_backtrace() {
            true => Err(fmt::Error),
            false => done,
        }
    }
}

fn frames(error: &wasmtime::Error) -> Vec<Frame> {
    let Some(backtrace) = error.downcast_ref::<wasmtime::WasmBacktrace>() else {
        return Vec::new();
    };
    let frames = backtrace.frames().iter().map(Frame::of).collect();
    #[cfg(feature = "demangle")]
    let frames = super::demangle::functions(frames);
    frames
}
