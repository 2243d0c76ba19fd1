//! What a failure of wasmtime means to a host.

use std::fmt::{self, Write};
use std::panic::Location;

use wasmtime::Trap;

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
            // All slots are there, but not all parts: instances with several memories take more.
            let why = chain(&error);
            let problem = format_args!("the pool for `max_components` is used up: {why}");
            Self::new(Code::InstanceLimit, problem)
        } else if let Some(setting) = spent(&error) {
            Self::new(Code::ResourceLimit, format_args!("`{setting}`: {}", chain(&error)))
        } else {
            let it = Self::new(Code::Trap, chain(&error));
            tracing::debug!(
                target: "wasmcell::error::classify",
                from = %Location::caller(),
                "unclassified failure of wasmtime: {it}"
            );
            let kind = match breaks_abi(it.message()) {
                true => TrapKind::CanonicalAbi,
                false => TrapKind::Other,
            };
            it.with_trap(kind)
        };
        classified.or_frames(frames)
    }
}

/// The setting behind a limit on the host's own memory, or on an instance's parts. wasmtime has a
/// type for one of these limits; it tells the others by words, which the tests of the limits watch.
fn spent(error: &wasmtime::Error) -> Option<&'static str> {
    use wasmtime::component::ResourceTableError;

    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return Some("max_resources");
    }
    let text = cut(error.root_cause(), MAX_CAUSE);
    if text.contains("store handle limit exceeded") {
        Some("max_resources")
    } else if text.contains("fuel allocated for hostcalls") {
        Some("max_hostcall_memory")
    } else if text.starts_with("requested len") {
        Some("max_random_size")
    } else if text.contains("limit exceeded: instance count") {
        Some("max_core_instances_per_component")
    } else if text.contains("limit exceeded: memory count") {
        Some("max_memories_per_component")
    } else if text.contains("limit exceeded: table count") {
        Some("max_tables_per_component")
    } else {
        None
    }
}

/// Whether wasmtime says that the guest broke the canonical ABI. For what passes between guest and
/// host it has words only, which tests/c/hostile.c watches.
fn breaks_abi(message: &str) -> bool {
    const WORDS: [&str; 13] = [
        "realloc return: ",
        "out of bounds of memory",
        "pointer is not aligned",
        "pointer not aligned",
        "invalid utf-8",
        "incomplete utf-8",
        "unpaired surrogate",
        "out of range for `char`",
        "discriminant",
        "unknown handle index",
        "is not a resource",
        "is not an own resource",
        "while borrowed",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

fn from_trap(trap: Trap, error: &wasmtime::Error) -> Error {
    let (code, kind) = match trap {
        Trap::StackOverflow => (Code::StackOverflow, TrapKind::StackOverflow),
        Trap::OutOfFuel => (Code::Fuel, TrapKind::Other),
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
    Error::new(code, chain(error)).with_trap(kind)
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
        self.0.starts_with("error while executing at wasm backtrace")
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
