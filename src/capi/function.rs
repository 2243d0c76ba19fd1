use std::ffi::c_char;

use super::boundary::{self, Out, borrow, guard, release, share, slice};
use super::bytes::runtime_bytes_t;
use super::error::runtime_error_t;
use super::options::{call_options, runtime_call_options_t};
use super::types::{runtime_type_t, type_ptr};
use super::value::runtime_values_t;
use crate::error::Result;
use crate::function::Function;
use crate::marshal::check_args;
use crate::marshal::layout::runtime_value_t;
use crate::system::lanes::{Copies, Near};

/// One exported function of a component, looked up and type-checked once.
///
/// The caller owns it and releases it with runtime_function_free(). It keeps its
/// component, so it may be freed before or after it. Any number of threads may call it at once:
/// each call runs in an instance of its own, and leaves nothing behind.
///
/// @since 0.1
pub struct runtime_function_t {
    pub(super) function: Function,
    /// Calls on one processor own it by counts that no other processor has to do with.
    near: Copies<Function>,
}

impl runtime_function_t {
    pub(super) fn new(function: Function) -> Self {
        let near = Copies::new(function.component().runtime().lanes());
        Self { function, near }
    }

    /// For a call, in which the host may free the handle.
    ///
    /// # Errors
    /// `FORKED`: whoever makes what is near may not have come along.
    #[inline]
    pub(super) fn for_call(&self) -> Result<Near<Function>> {
        self.function.component().runtime().check_process()?;
        Ok(self.near.here(|| self.function.clone()).clone())
    }
}

impl Clone for runtime_function_t {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

/// Releases a function.
///
/// @param function  The function, owned; NULL is allowed and does nothing. Calls in flight go on.
///
/// @threadsafe Yes, for different handles.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_function_free(function: Option<Box<runtime_function_t>>) {
    release("runtime_function_free", function);
}

/// Makes another handle to the same function.
///
/// @param function  The function, borrowed for the call; NULL is allowed.
///
/// @return The handle, owned by the caller: release it with runtime_function_free(), in any order
///         with the first. NULL if `function` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_clone(
    function: *const runtime_function_t,
) -> *mut runtime_function_t {
    // SAFETY: the header obliges callers to pass a live function or NULL.
    unsafe { share(function) }
}

/// Tells the name of a function, with the version that its interface has.
///
/// @param function  The function, borrowed for the call; NULL is allowed.
///
/// @return UTF-8, NUL-terminated, borrowed, alive as long as `function`; the empty string if
///         `function` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_name(
    function: *const runtime_function_t,
) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live function or NULL.
    unsafe { function.as_ref() }.map_or(c"".as_ptr(), |it| it.function.name().as_c_str().as_ptr())
}

/// Tells the type of a function: its parameters and its result.
///
/// @param function  The function, borrowed for the call; NULL is allowed.
///
/// @return A type of RUNTIME_KIND_FUNCTION, borrowed, alive as long as `function`; NULL if
///         `function` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_type(
    function: *const runtime_function_t,
) -> *const runtime_type_t {
    // SAFETY: the header obliges callers to pass a live function or NULL.
    type_ptr(unsafe { function.as_ref() }.map(|it| it.function.ty()))
}

/// Calls a function in a fresh instance, on the calling thread.
///
/// Arguments are checked against the function's type before the guest runs. Whatever the guest
/// does, the call returns: with its results, or with an error once it traps, exits, or meets a
/// limit.
///
/// Resources among the arguments and in the result can be the host's own, by its numbers: see
/// runtime_linker_define_resource(). One that is passed to be owned stays the host's if the call
/// ends before the guest has it; `resources_taken` of runtime_call_report_t tells. Afterwards its
/// destructor runs when the guest drops it or the instance ends, unless it comes back in the
/// result.
/// Resources of guests need an instance: see runtime_instance_call().
///
/// @param function  The function, borrowed for the call.
/// @param args      The arguments in order, borrowed for the call with everything they point to;
///                  may be NULL if `args_len` is 0.
/// @param args_len  Number of arguments.
/// @param options   How to call, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the results, owned by the caller: release them with
///                  runtime_values_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `out` is NULL, if `options` is
///         unusable, or if a value is malformed,
///         RUNTIME_ERROR_TYPE_MISMATCH if the arguments are not of the function's type,
///         RUNTIME_ERROR_UNSUPPORTED if the function's type has values that this version cannot
///         pass, or a resource of the guest in its result,
///         RUNTIME_ERROR_TRAP, RUNTIME_ERROR_EXIT or RUNTIME_ERROR_STACK_OVERFLOW for what the
///         guest did,
///         RUNTIME_ERROR_TIMEOUT, RUNTIME_ERROR_MEMORY_LIMIT, RUNTIME_ERROR_RESOURCE_LIMIT,
///         RUNTIME_ERROR_FUEL or RUNTIME_ERROR_INSTANCE_LIMIT for the limit that it met,
///         RUNTIME_ERROR_CANCELLED if the token in `options` was triggered,
///         what `interrupt` in `options` returned,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_call(
    function: *const runtime_function_t,
    args: *const runtime_value_t,
    args_len: usize,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_values_t,
) -> *mut runtime_error_t {
    guard("runtime_function_call", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers, and values whose
        // pointers are live as well.
        let (out, function, options, args) = unsafe {
            let out = Out::new(out, "out")?;
            // Cloned, since a host function may free it.
            let function = borrow(function, "function")?.for_call()?;
            let options = call_options(options)?;
            let args = check_args(
                slice(args, args_len, "args")?,
                function.signature(),
                &mut function.handles(),
            )?;
            (out, function, options, args)
        };
        out.give(runtime_values_t::new(function.call(args, &options)?)?);
        Ok(())
    })
}

/// Calls a function in a fresh instance, with text in and out.
///
/// For tools, tests and tinkering: the text is WAVE, the WebAssembly Value Encoding, in which
/// values look as in WIT: `greet("world")`, `add({x: 1, y: 2})`, `[1, 2]`, `some(3)`.
///
/// @param function  The function, borrowed for the call.
/// @param text      The call with or without the function's name, such as `greet("world")` or
///                  `("world")`. Borrowed for the call.
/// @param text_len  Length of `text`.
/// @param options   How to call, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the result as text, owned by the caller: release it with
///                  runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
///                  failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `function`, `text` or `out` is NULL, if `text` is not
///         a call of this function, or if `options` is unusable,
///         and as for runtime_function_call().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_function_call_text(
    function: *const runtime_function_t,
    text: *const c_char,
    text_len: usize,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_function_call_text", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, function, options, call) = unsafe {
            let out = Out::new(out, "out")?;
            // Cloned, since a host function may free it.
            let function = borrow(function, "function")?.for_call()?;
            (out, function, call_options(options)?, boundary::text(text, text_len, "text")?)
        };
        out.set(function.call_text(call, &options)?.into());
        Ok(())
    })
}
