use super::runtime_component_t;
use crate::capi::boundary::{borrow, guard, out_value};
use crate::capi::error::runtime_error_t;
use crate::capi::options::{call_options, runtime_call_options_t};

/// Runs a command: a component that exports `run` of wasi:cli, as programs with a `main` do.
///
/// It runs in a fresh instance, on the calling thread. Arguments, environment and streams come
/// from the runtime_sandbox_t that it was loaded with. Exiting with a status other than 0 is not
/// an error of this function; trapping is.
///
/// @param component        The component, borrowed for the call.
/// @param options          How to call, borrowed for the call; NULL means defaults.
/// @param[out] status_out  Receives the status, from 0 to 255; owned by the caller. Programs built
///                         for WASI before 0.2.12 have 0 and 1 only. Set to 0 on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `status_out` is NULL, or if `options`
///         is unusable,
///         RUNTIME_ERROR_NOT_FOUND if the component is not a command,
///         and as for runtime_function_call(), except RUNTIME_ERROR_EXIT.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_run(
    component: *const runtime_component_t,
    options: *const runtime_call_options_t,
    status_out: *mut i32,
) -> *mut runtime_error_t {
    guard("runtime_component_run", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (status, component, options) = unsafe {
            let status = out_value(status_out, "status_out")?;
            // Cloned, since a host function may free it.
            let component = borrow(component, "component")?.0.clone();
            (status, component, call_options(options)?)
        };
        *status = component.run(&options)?;
        Ok(())
    })
}
