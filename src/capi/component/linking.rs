use super::{component_options, runtime_component_options_t, runtime_component_t};
use crate::capi::boundary::{Out, borrow, guard_roomy};
use crate::capi::error::runtime_error_t;
use crate::error::Error;

/// Makes another component of the same compiled code, with a linker, a sandbox and limits of its
/// own.
///
/// Nothing is compiled, read or copied: for a host that runs one component for many tenants, each
/// with grants and limits of its own. The two have nothing in common but their code, and each may
/// be freed first. `component` may have been loaded with `unlinked`, to look at what it imports
/// before its linker is made.
///
/// @param component  The component whose code to take, borrowed for the call.
/// @param options    How to link, borrowed for the call; NULL means defaults: nothing is taken from
///                   the options that `component` was loaded with. `timeout_ms` and `cancel` mean
///                   nothing here, and `unlinked` must be 0.
/// @param[out] out   Receives the component, owned by the caller: release it with
///                   runtime_component_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL, or if `options` is
///         unusable,
///         RUNTIME_ERROR_LINK if nothing provides one of its imports,
///         RUNTIME_ERROR_IO if a directory of the sandbox cannot be opened,
///         RUNTIME_ERROR_MEMORY_LIMIT or RUNTIME_ERROR_RESOURCE_LIMIT if it needs more than the
///         runtime or its limits allow,
///         RUNTIME_ERROR_SHUTDOWN after runtime_shutdown(),
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_link(
    component: *const runtime_component_t,
    options: *const runtime_component_options_t,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_link", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component, options) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(component, "component")?, component_options(options)?)
        };
        if options.unlinked {
            return Err(Error::invalid("options.unlinked", "the component is being linked"));
        }
        out.set(runtime_component_t(component.0.link_again(&options)?));
        Ok(())
    })
}
