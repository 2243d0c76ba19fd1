use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::boundary::{Out, borrow_mut, catch, guard};
use super::error::runtime_error_t;
use super::options::CallerContext;
use crate::error::{Error, Result};
use crate::host::HostCall;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{Arena, Reply};

mod host;
mod reply;

pub(super) use host::host_fn;
use reply::{Origin, runtime_reply_t};

/// A function that the host provides to guests. See runtime_linker_define().
///
/// Runs on the thread of the call that the guest is in, at the full depth of its stack; for an
/// asynchronous call that is one of runtime_builder_host_threads(), with 8 MiB of stack, and each
/// time perhaps another. Where a component was loaded for blocking calls only, the guest has used
/// some of that stack, and left at least 256 KiB. It may block: the guest waits, and its time runs
/// on. A call is never over before a function of the host that it called has returned. It may call
/// every function of this library, with the handles of its own caller too, and release them; calls
/// of the instance that the guest runs in are RUNTIME_ERROR_BUSY. Several may run at once, on
/// different threads. It leaves the thread's mask of signals as it found it: SIGSEGV, SIGBUS,
/// SIGILL and SIGFPE are let through during a call, and blocked again afterwards where the caller
/// blocks them. Must not unwind.
///
/// What `results` point to is read right after the callback has returned, on the same thread, so
/// it must outlive the callback: memory from runtime_call_alloc(), memory behind `args`, or the
/// host's own that nobody changes or releases until the callback is called again or the call ends.
/// Results are checked against the type that the guest imports; what is wrong with them is an error
/// of the guest's caller that names this function. An owned resource in them belongs to the guest
/// from then on, unless they are refused.
///
/// @param user_data    What was passed with the callback. Borrowed for the call.
/// @param call         The call, borrowed until the callback returns.
/// @param args         What the guest passes: of the type that the definition says, or else of the
///                     type that the guest imports. Borrowed with everything they point to. Owned
///                     resources belong to the callback, borrowed ones still to the guest.
/// @param args_len     Number of arguments.
/// @param results      Where to put the results, all zero. NULL if `results_len` is 0.
/// @param results_len  1, or 0 if the function gives nothing.
///
/// @return NULL if `results` are filled in, or come later by runtime_call_defer(). Otherwise an
///         error, which the library owns from then on. It ends the guest's call, and its caller
///         gets it untouched: one of runtime_error_new() with RUNTIME_ERROR_HOST and its message,
///         one that a function of this library returned with its own code.
///
/// @since 0.1
pub type runtime_host_fn_t = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        call: *mut runtime_call_t,
        args: *const runtime_value_t,
        args_len: usize,
        results: *mut runtime_value_t,
        results_len: usize,
    ) -> *mut runtime_error_t,
>;

/// What a host function is told about the call that it is part of.
///
/// Borrowed by the callback, and gone when it returns. It belongs to the thread of the callback;
/// others may ask it questions meanwhile, as far as these take `const runtime_call_t *`.
///
/// @since 0.1
pub struct runtime_call_t {
    call: HostCall,
    of: Origin,
    /// Locked by nobody: each use is exclusive, as `*mut` says.
    arena: Mutex<Arena>,
    /// Where the answer will come from, if not from the callback.
    later: Option<oneshot::Receiver<Result<Box<dyn Reply>>>>,
}

impl runtime_call_t {
    fn new(call: HostCall, of: Origin) -> Self {
        Self { call, of, arena: Mutex::new(Arena::new()), later: None }
    }
}

/// Gives memory for the results of a host function.
///
/// The library releases it when it has read the results.
///
/// @param call   The call, borrowed for the call; NULL is allowed.
/// @param size   How many bytes. May be 0.
/// @param align  Their alignment: a power of two, such as `alignof(runtime_value_t)`.
///
/// @return The memory, all zero, borrowed: it lives until the results have been read. NULL if
///         `call` is NULL, if `align` is not a power of two, or if there is no memory.
///
/// @threadsafe No: one thread at a time for each call.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_alloc(
    call: *mut runtime_call_t,
    size: usize,
    align: usize,
) -> *mut c_void {
    // SAFETY: the header obliges callers to pass a live call that nobody else uses, or NULL.
    let call = unsafe { call.as_mut() };
    let arena = call.map(|it| it.arena.get_mut().unwrap_or_else(PoisonError::into_inner));
    let allocate = || Ok(arena.and_then(|arena| arena.zeroed(size, align)));
    let memory = catch("runtime_call_alloc", allocate).ok().flatten();
    memory.map_or(ptr::null_mut(), |it| it.as_ptr().cast())
}

/// Gives the pointer that the caller attached to its call.
///
/// @param call  The call, borrowed for the call; NULL is allowed.
///
/// @return The `context` in the runtime_call_options_t of the call that led here, borrowed from its
///         caller, in whose hands its lifetime is. NULL if it has none, or if `call` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_context(call: *const runtime_call_t) -> *mut c_void {
    // SAFETY: the header obliges callers to pass a live call or NULL.
    let context = unsafe { call.as_ref() }.and_then(|it| it.call.context());
    let context = context.and_then(|it| it.downcast_ref::<CallerContext>());
    context.map_or(ptr::null_mut(), CallerContext::get)
}

/// Tells which component the guest that calls is an instance of: the one that the host has called,
/// or one that provides for it (runtime_linker_component()).
///
/// @param call  The call, borrowed for the call; NULL is allowed.
///
/// @return What runtime_component_id() answers for that component; 0 if `call` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_component_id(call: *const runtime_call_t) -> u64 {
    // SAFETY: the header obliges callers to pass a live call or NULL.
    unsafe { call.as_ref() }.map_or(0, |it| it.call.component_id())
}

/// Tells how much time the call has left.
///
/// @param call  The call, borrowed for the call; NULL is allowed.
///
/// @return Milliseconds, rounded down; 0 if there are none left, or if `call` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_remaining_ms(call: *const runtime_call_t) -> u64 {
    // SAFETY: the header obliges callers to pass a live call or NULL.
    let remaining = unsafe { call.as_ref() }.map(|it| it.call.remaining().as_millis());
    remaining.map_or(0, |ms| u64::try_from(ms).unwrap_or(u64::MAX))
}

/// Tells whether the call was cancelled or has run out of time.
///
/// A host function that takes long asks now and then, and returns when it is so. What it returns
/// then hardly matters: the guest is stopped soon afterwards.
///
/// @param call  The call, borrowed for the call; NULL is allowed.
///
/// @return true if so; false if not, or if `call` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_is_cancelled(call: *const runtime_call_t) -> bool {
    // SAFETY: the header obliges callers to pass a live call or NULL.
    unsafe { call.as_ref() }.is_some_and(|it| it.call.is_cancelled())
}

/// Lets a host function answer later, from any thread.
///
/// The callback then returns NULL, without results, and the guest waits for
/// runtime_reply_complete(); a thread that waits is its caller's, and a call on the workers takes
/// none. The call's deadline and its token hold while it waits. `args` are gone when the callback
/// returns, so what the answer depends on has to be copied before. An error that the callback
/// returns all the same is its answer, and the reply goes nowhere.
///
/// @param call      The call, borrowed for the call.
/// @param[out] out  Receives the reply, owned by the caller, who answers by it with
///                  runtime_reply_complete(), or gives up with runtime_reply_free(). Set to NULL on
///                  failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `call` or `out` is NULL, or if it was deferred before.
///
/// @threadsafe No: one thread at a time for each call.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_call_defer(
    call: *mut runtime_call_t,
    out: *mut *mut runtime_reply_t,
) -> *mut runtime_error_t {
    guard("runtime_call_defer", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, call) = unsafe { (Out::new(out, "out")?, borrow_mut(call, "call")?) };
        if call.later.is_some() {
            return Err(Error::invalid("call", "was deferred before"));
        }
        let (answer, later) = oneshot::channel();
        call.later = Some(later);
        out.set(runtime_reply_t::new(answer, call.of.clone()));
        Ok(())
    })
}
