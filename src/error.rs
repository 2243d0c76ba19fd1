//! Why something failed: a stable code, one line of text, and what is known about the guest.
//!
//! Failures of wasmtime become errors in one place, `crate::traps`.

mod about;
mod details;
mod frame;
mod http;
mod message;

use std::fmt;

pub use details::Details;
pub use frame::Frame;
pub use http::HttpError;
pub use message::MAX_MESSAGE;

/// What kind of failure an [`Error`] is. Numbers are stable and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Code {
    /// An argument or setting is unusable.
    InvalidArgument = 1,
    /// A name is not there.
    NotFound = 2,
    /// A value does not have the type that is wanted.
    TypeMismatch = 3,
    /// The instance is in another call.
    Busy = 4,

    /// The bytes are not a component.
    Compile = 16,
    /// An import is missing or has another type.
    Link = 17,
    /// The guest trapped.
    Trap = 18,
    /// The guest ended itself; see [`Error::exit_status`].
    Exit = 19,
    /// The instance failed in an earlier call.
    Poisoned = 20,
    /// The guest gave no response, an error in the place of one, or one that is not HTTP.
    Http = 21,

    /// The call took longer than it may.
    Timeout = 32,
    /// The call was cancelled.
    Cancelled = 33,
    /// The guest wanted more memory or table elements than it may have, or than the system has.
    MemoryLimit = 34,
    /// The binary is larger than allowed.
    ComponentTooLarge = 35,
    /// As many instances are alive as are allowed.
    InstanceLimit = 36,
    /// The call used up its fuel.
    Fuel = 37,
    /// The guest used up its stack.
    StackOverflow = 38,
    /// The guest wanted more of the host's own memory or handles than it may have.
    ResourceLimit = 39,
    /// The guest, or its grant of directories, wanted more descriptors than there may be.
    DescriptorLimit = 40,
    /// The guest wanted more name look-ups at once than it may have.
    LookupLimit = 41,
    /// The guest wanted to add more to a directory than it may.
    DiskQuota = 42,

    /// A file or directory could not be used.
    Io = 48,
    /// The pool could not be reserved.
    Pool = 49,
    /// A signature is missing or wrong.
    Signature = 50,
    /// The process is a fork of the one that built the runtime.
    Forked = 51,
    /// This build cannot do that.
    Unsupported = 52,
    /// The runtime was shut down.
    Shutdown = 53,

    /// A host callback failed; its own message.
    Host = 64,

    /// A bug in this library, caught before it reached the host.
    Panic = 127,
}

impl Code {
    /// Every code, in numeric order.
    pub const ALL: [Self; 29] = [
        Self::InvalidArgument,
        Self::NotFound,
        Self::TypeMismatch,
        Self::Busy,
        Self::Compile,
        Self::Link,
        Self::Trap,
        Self::Exit,
        Self::Poisoned,
        Self::Http,
        Self::Timeout,
        Self::Cancelled,
        Self::MemoryLimit,
        Self::ComponentTooLarge,
        Self::InstanceLimit,
        Self::Fuel,
        Self::StackOverflow,
        Self::ResourceLimit,
        Self::DescriptorLimit,
        Self::LookupLimit,
        Self::DiskQuota,
        Self::Io,
        Self::Pool,
        Self::Signature,
        Self::Forked,
        Self::Unsupported,
        Self::Shutdown,
        Self::Host,
        Self::Panic,
    ];

    /// The code with this number, if there is one.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == number)
    }
}

/// Which rule of WebAssembly a trapping guest broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum TrapKind {
    /// An `unreachable` instruction: how most languages abort.
    Unreachable = 1,
    /// A memory access out of bounds.
    MemoryOutOfBounds = 2,
    /// A table access out of bounds.
    TableOutOfBounds = 3,
    /// An indirect call to an empty table element.
    IndirectCallToNull = 4,
    /// An indirect call to a function of another type.
    BadSignature = 5,
    /// Integer arithmetic overflowed.
    IntegerOverflow = 6,
    /// An integer was divided by zero.
    IntegerDivisionByZero = 7,
    /// A float has no integer counterpart.
    BadConversionToInteger = 8,
    /// The call stack was used up.
    StackOverflow = 9,
    /// The guest broke the canonical ABI: pointers, lengths, cases, handles or text it gave.
    CanonicalAbi = 10,
    /// Something was done with a reference to nothing.
    NullReference = 11,
    /// An array access out of bounds.
    ArrayOutOfBounds = 12,
    /// A reference is not to what it was cast to.
    CastFailure = 13,
    /// An exception that nobody caught.
    UncaughtException = 14,
    /// Any other rule; the message says which.
    Other = 31,
}

/// A failure, with all that is known about it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
    trap: Option<TrapKind>,
    exit_status: Option<i32>,
    http: Option<HttpError>,
    details: Details,
    frames: Vec<Frame>,
}

/// What a fallible operation of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with this code and message, which is made one line of less than [`MAX_MESSAGE`]
    /// bytes: line breaks become spaces, and a mark takes the place of what is too much.
    ///
    /// Pass `format_args!` rather than `format!` where a guest has a say in the text: what is too
    /// much is then never formatted.
    pub fn new(code: Code, message: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            code,
            message: message::line(message),
            trap: None,
            exit_status: None,
            http: None,
            details: Details::default(),
            frames: Vec::new(),
        }))
    }

    /// The caller passed something unusable as `argument`.
    pub fn invalid(argument: &str, problem: impl fmt::Display) -> Self {
        let it = Self::new(Code::InvalidArgument, format_args!("`{argument}`: {problem}"));
        it.of_argument(argument)
    }

    /// The limit that is called `setting` was met.
    pub(crate) fn limit(code: Code, setting: &'static str, problem: impl fmt::Display) -> Self {
        Self::new(code, format_args!("`{setting}`: {problem}")).with_setting(setting)
    }

    /// A file or directory could not be used.
    pub fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(Code::Io, format_args!("{}: {error}", path.display()))
    }

    /// A panic was caught at the boundary.
    pub fn panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Self::new(Code::Panic, format_args!("a bug in wasmcell, please report it: {text}"))
    }

    /// What kind of failure this is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// One line of text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which rule the guest broke, if it trapped.
    pub fn trap(&self) -> Option<TrapKind> {
        self.0.trap
    }

    /// The status a guest gave when it ended itself.
    pub fn exit_status(&self) -> Option<i32> {
        self.0.exit_status
    }

    /// The guest's stack when it trapped, innermost frame first.
    pub fn frames(&self) -> &[Frame] {
        &self.0.frames
    }

    /// This error with `prefix` in front of its message, which leaves room for that.
    #[must_use]
    pub fn context(mut self, prefix: impl fmt::Display) -> Self {
        self.0.message = message::prefixed(prefix, &self.0.message);
        self
    }

    /// This error in other words.
    #[must_use]
    pub(crate) fn reword(mut self, message: impl fmt::Display) -> Self {
        self.0.message = message::line(message);
        self
    }

    /// Which rule of WebAssembly the guest broke.
    #[must_use]
    pub(crate) fn with_trap(mut self, kind: TrapKind) -> Self {
        self.0.trap = Some(kind);
        self
    }

    /// What the guest ended itself with.
    #[must_use]
    pub(crate) fn with_exit_status(mut self, status: i32) -> Self {
        self.0.exit_status = Some(status);
        self
    }

    /// The guest's stack, unless it is known.
    #[must_use]
    pub(crate) fn or_frames(mut self, frames: Vec<Frame>) -> Self {
        if self.0.frames.is_empty() {
            self.0.frames = frames;
        }
        self
    }

    /// Lets an error of ours travel through wasmtime and come out of [`Error::from`] unchanged.
    pub fn into_wasmtime(self) -> wasmtime::Error {
        wasmtime::Error::new(self)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
