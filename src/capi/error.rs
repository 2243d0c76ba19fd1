use std::ffi::c_char;

use super::boundary::{OutStruct, SizeTagged, release, slice};
use super::code::{runtime_error_code_t, runtime_trap_t};
use crate::error::{Code, Error};
use crate::types::Name;

/// Why something failed: a code, one line of text, and what is known about the guest.
///
/// The caller owns it and releases it with runtime_error_free(). It refers to nothing
/// else and may outlive every other object. An error does not change after it is made, so any
/// number of threads may read it at once.
///
/// @since 0.1
pub struct runtime_error_t {
    error: Error,
    message: Name,
    import: Name,
    argument: Name,
    setting: Name,
    frames: Vec<CFrame>,
}

/// The text of one frame, as C reads it.
struct CFrame {
    function: Name,
    module: Name,
    file: Name,
}

impl runtime_error_t {
    /// The failure, which stays in it.
    pub(super) fn core(&self) -> &Error {
        &self.error
    }

    /// The failure itself.
    pub(super) fn into_error(self) -> Error {
        self.error
    }
}

impl From<Error> for runtime_error_t {
    fn from(error: Error) -> Self {
        let message = Name::new(error.message());
        let frames = error.frames().iter().map(|frame| CFrame {
            function: Name::new(&frame.function),
            module: Name::new(&frame.module),
            file: Name::new(&frame.file),
        });
        let frames = frames.collect();
        let details = error.details();
        let name = |it: &Option<Box<str>>| Name::new(it.as_deref().unwrap_or_default());
        let (import, argument) = (name(&details.import), name(&details.argument));
        let setting = Name::new(details.setting.unwrap_or_default());
        Self { message, import, argument, setting, frames, error }
    }
}

/// What a callback hands back is what it was before.
impl From<Box<runtime_error_t>> for Error {
    fn from(error: Box<runtime_error_t>) -> Self {
        error.error
    }
}

/// One function on the guest's stack when it trapped.
///
/// Initialise with RUNTIME_FRAME_INIT; filled in by runtime_error_frame(). The strings are
/// NUL-terminated, never NULL after success, and borrowed from the error: they live as long as
/// it does. Fields are only ever appended, so a program built against an older header keeps
/// working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_frame_t {
    /// sizeof(runtime_frame_t), as the caller was compiled.
    pub struct_size: usize,
    /// Name of the function, demangled; empty where the component carries no names.
    pub function: *const c_char,
    /// Name of the core module; empty where it has none.
    pub module: *const c_char,
    /// Offset of the instruction in the core module's binary, in bytes; UINT64_MAX if unknown.
    pub offset: u64,
    /// Source file; empty without debug information. See runtime_builder_backtrace_details().
    pub file: *const c_char,
    /// Line in `file`, from 1; 0 if unknown.
    pub line: u32,
    /// Column in `line`, from 1; 0 if unknown.
    pub column: u32,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_frame_t {}

/// What an error is about, as far as it is known: for programs, where the message is for people.
///
/// Initialise with RUNTIME_ERROR_DETAILS_INIT; filled in by runtime_error_details(). The strings
/// are NUL-terminated, never NULL after success, and borrowed from the error: they live as long as
/// it does. One of more than 1000 bytes is cut, and ends in U+2026. Fields are only ever appended,
/// so a program built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_error_details_t {
    /// sizeof(runtime_error_details_t), as the caller was compiled.
    pub struct_size: usize,
    /// The import of the component that is missing, has another type, or was answered wrongly, such
    /// as `ns:pkg/iface@1.0.0#get`; empty if it is not about one.
    pub import: *const c_char,
    /// What was passed and cannot be used: the name of a parameter of this library's or of a
    /// setting, or the place in the arguments of a guest's function or in the result of a host's,
    /// such as `names[2]` or `result.x`; empty if it is not about one.
    pub argument: *const c_char,
    /// The setting whose limit was met: the name of its function without `runtime_builder_`, or
    /// `max_bytes` or `max_entries` of runtime_sandbox_directory_limit(); empty if none was.
    pub setting: *const c_char,
    /// How much there would have been of what `setting` limits, in its unit; 0 if it is not known.
    pub asked: u64,
    /// How much `setting` allows, in its unit; 0 also if it is not known.
    pub allowed: u64,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_error_details_t {}

/// Makes an error of the host's own, for a callback to return.
///
/// The error passes through the library untouched: the call that ran the callback returns it,
/// with code RUNTIME_ERROR_HOST and this message, of which 4092 bytes are kept.
///
/// @param message      What went wrong, in one line. Copied. May be NULL if `message_len` is 0.
///                     Bytes that are not UTF-8 become U+FFFD; this function never fails.
/// @param message_len  Length of `message`.
///
/// @return The error, never NULL, owned by the caller until a callback returns it; release it
///         with runtime_error_free().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_new(
    message: *const c_char,
    message_len: usize,
) -> *mut runtime_error_t {
    // SAFETY: as our own contract.
    unsafe { of_host(Code::Host, message, message_len) }
}

/// Makes an error of the host's own, for a callback to return, with a code of the host's choice.
///
/// As runtime_error_new(), but for the code: the call that ran the callback fails with it, and
/// runtime_stats() counts it so.
///
/// @param code         A runtime_error_code_t. RUNTIME_ERROR_NONE, RUNTIME_ERROR_PANIC and numbers
///                     that are no code stand for RUNTIME_ERROR_HOST; this function never fails.
/// @param message      What went wrong, in one line. Copied. May be NULL if `message_len` is 0.
///                     Bytes that are not UTF-8 become U+FFFD.
/// @param message_len  Length of `message`.
///
/// @return The error, never NULL, owned by the caller until a callback returns it; release it
///         with runtime_error_free().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_of_code(
    code: i32,
    message: *const c_char,
    message_len: usize,
) -> *mut runtime_error_t {
    let code = Code::from_number(code).filter(|code| *code != Code::Panic).unwrap_or(Code::Host);
    // SAFETY: as our own contract.
    unsafe { of_host(code, message, message_len) }
}

/// An error that the host makes.
///
/// # Safety
/// `message` points to `message_len` bytes, or is NULL.
unsafe fn of_host(code: Code, message: *const c_char, message_len: usize) -> *mut runtime_error_t {
    // SAFETY: as our own contract.
    let message = unsafe { slice(message.cast::<u8>(), message_len, "message") };
    // An unusable message is no reason to lose the error that it would have described.
    let message = String::from_utf8_lossy(message.unwrap_or_default());
    Box::into_raw(Box::new(Error::new(code, message).into()))
}

/// Makes another error that says the same: for two that each want to own one.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return The error, owned by the caller: release it with runtime_error_free(), in any order with
///         the first. NULL if `error` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_clone(
    error: *const runtime_error_t,
) -> *mut runtime_error_t {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    match unsafe { error.as_ref() } {
        Some(it) => Box::into_raw(Box::new(it.error.clone().into())),
        None => std::ptr::null_mut(),
    }
}

/// Releases an error.
///
/// @param error  The error, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different errors.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_error_free(error: Option<Box<runtime_error_t>>) {
    release("runtime_error_free", error);
}

/// Tells what kind of failure an error is.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return The code; RUNTIME_ERROR_NONE if `error` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_code(error: *const runtime_error_t) -> runtime_error_code_t {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    let error = unsafe { error.as_ref() };
    error.map_or(runtime_error_code_t::RUNTIME_ERROR_NONE, |it| it.error.code().into())
}

/// Says in one line what went wrong.
///
/// The text is for people, in English, and may change between versions; decide by code instead. It
/// has at most 4095 bytes, whatever a guest calls itself; where that is not all, it ends in U+2026.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return UTF-8, NUL-terminated, borrowed from the error and alive as long as it is; the empty
///         string if `error` is NULL. NUL bytes inside, which only guests put there, are shown
///         as U+FFFD.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_message(error: *const runtime_error_t) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |it| it.message.as_c_str().as_ptr())
}

/// Tells how long the message is.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return Bytes in runtime_error_message(), without the NUL; 0 if `error` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_message_len(error: *const runtime_error_t) -> usize {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    unsafe { error.as_ref() }.map_or(0, |it| it.message.as_c_str().count_bytes())
}

/// Tells with which status the guest ended itself.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return The status if the code is RUNTIME_ERROR_EXIT, otherwise 0.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_exit_status(error: *const runtime_error_t) -> i32 {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    unsafe { error.as_ref() }.and_then(|it| it.error.exit_status()).unwrap_or(0)
}

/// Tells which rule of WebAssembly the guest broke.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return The rule; RUNTIME_TRAP_NONE if `error` is NULL or no trap.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_trap(error: *const runtime_error_t) -> runtime_trap_t {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    let trap = unsafe { error.as_ref() }.and_then(|it| it.error.trap());
    trap.map_or(runtime_trap_t::RUNTIME_TRAP_NONE, Into::into)
}

/// Tells what an error is about.
///
/// @param error         The error, borrowed for the call; NULL is allowed.
/// @param[out] details  Filled in; its strings are borrowed from the error. Initialise it with
///                      RUNTIME_ERROR_DETAILS_INIT. Zeroed after `struct_size` on failure.
///
/// @return true on success; false if `error` or `details` is NULL, or if `struct_size` is not set.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_details(
    error: *const runtime_error_t,
    details: *mut runtime_error_details_t,
) -> bool {
    // SAFETY: the header obliges callers to pass live, unaliased pointers or NULL.
    let (out, error) = unsafe { (OutStruct::new(details, "details"), error.as_ref()) };
    let (Ok(out), Some(it)) = (out, error) else {
        return false;
    };
    let known = it.error.details();
    out.set(&runtime_error_details_t {
        struct_size: size_of::<runtime_error_details_t>(),
        import: it.import.as_c_str().as_ptr(),
        argument: it.argument.as_c_str().as_ptr(),
        setting: it.setting.as_c_str().as_ptr(),
        asked: known.asked.unwrap_or(0),
        allowed: known.allowed.unwrap_or(0),
    });
    true
}

/// Counts the functions on the guest's stack when it trapped.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return How many frames runtime_error_frame() can tell about; 0 if `error` is NULL, or if it
///         did not happen inside a guest.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_frame_count(error: *const runtime_error_t) -> usize {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    unsafe { error.as_ref() }.map_or(0, |it| it.frames.len())
}

/// Describes one function on the guest's stack when it trapped.
///
/// @param error       The error, borrowed for the call; NULL is allowed.
/// @param index       Which frame, from 0, the innermost.
/// @param[out] frame  Filled in; its strings are borrowed from the error. Initialise it with
///                    RUNTIME_FRAME_INIT. Zeroed after `struct_size` on failure.
///
/// @return true on success; false if `error` or `frame` is NULL, if `struct_size` is not set, or
///         if there is no such frame.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_frame(
    error: *const runtime_error_t,
    index: usize,
    frame: *mut runtime_frame_t,
) -> bool {
    // SAFETY: the header obliges callers to pass live, unaliased pointers or NULL.
    let (frame, error) = unsafe { (OutStruct::new(frame, "frame"), error.as_ref()) };
    let (Ok(frame), Some(error)) = (frame, error) else {
        return false;
    };
    let (Some(text), Some(info)) = (error.frames.get(index), error.error.frames().get(index))
    else {
        return false;
    };
    frame.set(&runtime_frame_t {
        struct_size: size_of::<runtime_frame_t>(),
        function: text.function.as_c_str().as_ptr(),
        module: text.module.as_c_str().as_ptr(),
        offset: info.offset.unwrap_or(u64::MAX),
        file: text.file.as_c_str().as_ptr(),
        line: info.line,
        column: info.column,
    });
    true
}
