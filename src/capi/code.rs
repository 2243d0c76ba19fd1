use std::ffi::{CStr, c_char};

use crate::error::{Code, TrapKind};

/// What kind of failure an error is.
///
/// Numbers are stable and never reused; families have gaps: 1 to 15 the caller, 16 to 31 the
/// component, 32 to 47 limits, 48 to 63 the surroundings. Expect numbers that this header does
/// not list: a newer library may have more.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum runtime_error_code_t {
    /// No error: what runtime_error_code() answers for NULL.
    RUNTIME_ERROR_NONE = 0,

    /// An argument or setting is unusable; the message names it.
    RUNTIME_ERROR_INVALID_ARGUMENT = 1,
    /// A name is not there.
    RUNTIME_ERROR_NOT_FOUND = 2,
    /// A value does not have the type that is wanted, or there are too few or too many.
    RUNTIME_ERROR_TYPE_MISMATCH = 3,
    /// The instance is in another call.
    RUNTIME_ERROR_BUSY = 4,

    /// The bytes are not a component.
    RUNTIME_ERROR_COMPILE = 16,
    /// An import of the component is missing or has another type.
    RUNTIME_ERROR_LINK = 17,
    /// The guest trapped; see runtime_error_trap() and runtime_error_frame().
    RUNTIME_ERROR_TRAP = 18,
    /// The guest ended itself; see runtime_error_exit_status().
    RUNTIME_ERROR_EXIT = 19,
    /// The instance failed in an earlier call and can no longer be used.
    RUNTIME_ERROR_POISONED = 20,
    /// The guest gave no response, an error in the place of one, or one that is not HTTP; see
    /// runtime_error_http().
    RUNTIME_ERROR_HTTP = 21,

    /// The call took longer than it may.
    RUNTIME_ERROR_TIMEOUT = 32,
    /// The call was cancelled.
    RUNTIME_ERROR_CANCELLED = 33,
    /// The guest wanted more memory or table elements than it may have, or than the system has.
    RUNTIME_ERROR_MEMORY_LIMIT = 34,
    /// The binary is larger than runtime_builder_max_component_size() allows.
    RUNTIME_ERROR_COMPONENT_TOO_LARGE = 35,
    /// As many instances are alive as runtime_builder_max_components() allows.
    RUNTIME_ERROR_INSTANCE_LIMIT = 36,
    /// The call used up its fuel.
    RUNTIME_ERROR_FUEL = 37,
    /// The guest used up its stack.
    RUNTIME_ERROR_STACK_OVERFLOW = 38,
    /// The guest wanted more of the host's own memory or handles than it may have.
    RUNTIME_ERROR_RESOURCE_LIMIT = 39,
    /// The guest, or the directories it is granted, wanted more descriptors than
    /// runtime_builder_max_descriptors() or runtime_builder_max_total_descriptors() allows.
    RUNTIME_ERROR_DESCRIPTOR_LIMIT = 40,
    /// The guest wanted more name look-ups at once than runtime_builder_max_lookups() allows.
    RUNTIME_ERROR_LOOKUP_LIMIT = 41,
    /// The guest wanted to add more to a directory than runtime_sandbox_directory_limit() allows.
    RUNTIME_ERROR_DISK_QUOTA = 42,

    /// A file or directory could not be used.
    RUNTIME_ERROR_IO = 48,
    /// The pool could not be reserved.
    RUNTIME_ERROR_POOL = 49,
    /// A signature is missing or wrong.
    RUNTIME_ERROR_SIGNATURE = 50,
    /// The process is a fork of the one that built the runtime.
    RUNTIME_ERROR_FORKED = 51,
    /// This version of the library cannot do that.
    RUNTIME_ERROR_UNSUPPORTED = 52,
    /// The runtime was shut down by runtime_shutdown().
    RUNTIME_ERROR_SHUTDOWN = 53,

    /// A callback of the host failed; the message is its own. See runtime_error_new().
    RUNTIME_ERROR_HOST = 64,

    /// A bug in this library, caught before it reached the host. Please report it.
    RUNTIME_ERROR_PANIC = 127,
}

/// Which rule of WebAssembly a trapping guest broke.
///
/// Expect numbers that this header does not list: a newer library may have more.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum runtime_trap_t {
    /// The error is not a trap.
    RUNTIME_TRAP_NONE = 0,
    /// An `unreachable` instruction: how most languages abort.
    RUNTIME_TRAP_UNREACHABLE = 1,
    /// A memory access out of bounds.
    RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS = 2,
    /// A table access out of bounds.
    RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS = 3,
    /// An indirect call to an empty table element.
    RUNTIME_TRAP_INDIRECT_CALL_TO_NULL = 4,
    /// An indirect call to a function of another type.
    RUNTIME_TRAP_BAD_SIGNATURE = 5,
    /// Integer arithmetic overflowed.
    RUNTIME_TRAP_INTEGER_OVERFLOW = 6,
    /// An integer was divided by zero.
    RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO = 7,
    /// A float has no integer counterpart.
    RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER = 8,
    /// The call stack was used up; the code is RUNTIME_ERROR_STACK_OVERFLOW.
    RUNTIME_TRAP_STACK_OVERFLOW = 9,
    /// The guest broke the canonical ABI: pointers, lengths, cases, handles or text it gave.
    RUNTIME_TRAP_CANONICAL_ABI = 10,
    /// Something was done with a reference to nothing.
    RUNTIME_TRAP_NULL_REFERENCE = 11,
    /// An array access out of bounds.
    RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS = 12,
    /// A reference is not to what it was cast to.
    RUNTIME_TRAP_CAST_FAILURE = 13,
    /// An exception that its component did not catch.
    RUNTIME_TRAP_UNCAUGHT_EXCEPTION = 14,
    /// Any other rule; the message says which.
    RUNTIME_TRAP_OTHER = 31,
}

/// Spells a code as text, such as `TRAP` for RUNTIME_ERROR_TRAP.
///
/// For logs and metrics, where a number would have to be looked up.
///
/// @param code  A runtime_error_code_t, or any other number.
///
/// @return The name without its prefix, NUL-terminated and static; `UNKNOWN` if there is none.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_error_code_name(code: i32) -> *const c_char {
    code_name(code).as_ptr()
}

/// From the core's codes to the header's, their names, and proof that the numbers agree.
macro_rules! codes {
    ($($core:ident = $c:ident = $name:literal,)*) => {
        impl From<Code> for runtime_error_code_t {
            fn from(code: Code) -> Self {
                match code {
                    $(Code::$core => Self::$c,)*
                }
            }
        }

        const _: () = {
            $(assert!(Code::$core as i32 == runtime_error_code_t::$c as i32);)*
        };

        fn code_name(code: i32) -> &'static CStr {
            match code {
                0 => c"NONE",
                $(code if code == Code::$core as i32 => $name,)*
                _ => c"UNKNOWN",
            }
        }
    };
}

codes! {
    InvalidArgument = RUNTIME_ERROR_INVALID_ARGUMENT = c"INVALID_ARGUMENT",
    NotFound = RUNTIME_ERROR_NOT_FOUND = c"NOT_FOUND",
    TypeMismatch = RUNTIME_ERROR_TYPE_MISMATCH = c"TYPE_MISMATCH",
    Busy = RUNTIME_ERROR_BUSY = c"BUSY",
    Compile = RUNTIME_ERROR_COMPILE = c"COMPILE",
    Link = RUNTIME_ERROR_LINK = c"LINK",
    Trap = RUNTIME_ERROR_TRAP = c"TRAP",
    Exit = RUNTIME_ERROR_EXIT = c"EXIT",
    Poisoned = RUNTIME_ERROR_POISONED = c"POISONED",
    Http = RUNTIME_ERROR_HTTP = c"HTTP",
    Timeout = RUNTIME_ERROR_TIMEOUT = c"TIMEOUT",
    Cancelled = RUNTIME_ERROR_CANCELLED = c"CANCELLED",
    MemoryLimit = RUNTIME_ERROR_MEMORY_LIMIT = c"MEMORY_LIMIT",
    ComponentTooLarge = RUNTIME_ERROR_COMPONENT_TOO_LARGE = c"COMPONENT_TOO_LARGE",
    InstanceLimit = RUNTIME_ERROR_INSTANCE_LIMIT = c"INSTANCE_LIMIT",
    Fuel = RUNTIME_ERROR_FUEL = c"FUEL",
    StackOverflow = RUNTIME_ERROR_STACK_OVERFLOW = c"STACK_OVERFLOW",
    ResourceLimit = RUNTIME_ERROR_RESOURCE_LIMIT = c"RESOURCE_LIMIT",
    DescriptorLimit = RUNTIME_ERROR_DESCRIPTOR_LIMIT = c"DESCRIPTOR_LIMIT",
    LookupLimit = RUNTIME_ERROR_LOOKUP_LIMIT = c"LOOKUP_LIMIT",
    DiskQuota = RUNTIME_ERROR_DISK_QUOTA = c"DISK_QUOTA",
    Io = RUNTIME_ERROR_IO = c"IO",
    Pool = RUNTIME_ERROR_POOL = c"POOL",
    Signature = RUNTIME_ERROR_SIGNATURE = c"SIGNATURE",
    Forked = RUNTIME_ERROR_FORKED = c"FORKED",
    Unsupported = RUNTIME_ERROR_UNSUPPORTED = c"UNSUPPORTED",
    Shutdown = RUNTIME_ERROR_SHUTDOWN = c"SHUTDOWN",
    Host = RUNTIME_ERROR_HOST = c"HOST",
    Panic = RUNTIME_ERROR_PANIC = c"PANIC",
}

impl From<TrapKind> for runtime_trap_t {
    fn from(kind: TrapKind) -> Self {
        match kind {
            TrapKind::Unreachable => Self::RUNTIME_TRAP_UNREACHABLE,
            TrapKind::MemoryOutOfBounds => Self::RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS,
            TrapKind::TableOutOfBounds => Self::RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS,
            TrapKind::IndirectCallToNull => Self::RUNTIME_TRAP_INDIRECT_CALL_TO_NULL,
            TrapKind::BadSignature => Self::RUNTIME_TRAP_BAD_SIGNATURE,
            TrapKind::IntegerOverflow => Self::RUNTIME_TRAP_INTEGER_OVERFLOW,
            TrapKind::IntegerDivisionByZero => Self::RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO,
            TrapKind::BadConversionToInteger => Self::RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER,
            TrapKind::StackOverflow => Self::RUNTIME_TRAP_STACK_OVERFLOW,
            TrapKind::CanonicalAbi => Self::RUNTIME_TRAP_CANONICAL_ABI,
            TrapKind::NullReference => Self::RUNTIME_TRAP_NULL_REFERENCE,
            TrapKind::ArrayOutOfBounds => Self::RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS,
            TrapKind::CastFailure => Self::RUNTIME_TRAP_CAST_FAILURE,
            TrapKind::UncaughtException => Self::RUNTIME_TRAP_UNCAUGHT_EXCEPTION,
            TrapKind::Other => Self::RUNTIME_TRAP_OTHER,
        }
    }
}

const _: () = {
    assert!(TrapKind::Unreachable as i32 == runtime_trap_t::RUNTIME_TRAP_UNREACHABLE as i32);
    assert!(
        TrapKind::MemoryOutOfBounds as i32
            == runtime_trap_t::RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS as i32
    );
    assert!(
        TrapKind::TableOutOfBounds as i32
            == runtime_trap_t::RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS as i32
    );
    assert!(
        TrapKind::IndirectCallToNull as i32
            == runtime_trap_t::RUNTIME_TRAP_INDIRECT_CALL_TO_NULL as i32
    );
    assert!(TrapKind::BadSignature as i32 == runtime_trap_t::RUNTIME_TRAP_BAD_SIGNATURE as i32);
    assert!(
        TrapKind::IntegerOverflow as i32 == runtime_trap_t::RUNTIME_TRAP_INTEGER_OVERFLOW as i32
    );
    assert!(
        TrapKind::IntegerDivisionByZero as i32
            == runtime_trap_t::RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO as i32
    );
    assert!(
        TrapKind::BadConversionToInteger as i32
            == runtime_trap_t::RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER as i32
    );
    assert!(TrapKind::StackOverflow as i32 == runtime_trap_t::RUNTIME_TRAP_STACK_OVERFLOW as i32);
    assert!(TrapKind::CanonicalAbi as i32 == runtime_trap_t::RUNTIME_TRAP_CANONICAL_ABI as i32);
    assert!(TrapKind::NullReference as i32 == runtime_trap_t::RUNTIME_TRAP_NULL_REFERENCE as i32);
    assert!(
        TrapKind::ArrayOutOfBounds as i32
            == runtime_trap_t::RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS as i32
    );
    assert!(TrapKind::CastFailure as i32 == runtime_trap_t::RUNTIME_TRAP_CAST_FAILURE as i32);
    assert!(
        TrapKind::UncaughtException as i32
            == runtime_trap_t::RUNTIME_TRAP_UNCAUGHT_EXCEPTION as i32
    );
    assert!(TrapKind::Other as i32 == runtime_trap_t::RUNTIME_TRAP_OTHER as i32);
};
