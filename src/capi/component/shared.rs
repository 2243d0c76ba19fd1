use super::{component_options, runtime_component_options_t, runtime_component_t};
use crate::capi::boundary::{Out, borrow, guard_roomy};
use crate::capi::error::runtime_error_t;
use crate::capi::runtime::runtime_t;
use crate::component::Component;
use crate::error::{Error, Result};

/// Puts a component's compiled code into a file in memory, for runtime_component_from_fd() in other
/// processes.
///
/// For servers that compile once and serve in many processes: the descriptor goes to children by
/// fork(), by exec without FD_CLOEXEC, or by SCM_RIGHTS, and nothing is written to a disk. The
/// code is mapped, not copied: its pages exist once for all processes that load it. Nobody can
/// change the file (memfd_create(), sealed). It stays as long as a process has a descriptor or a
/// mapping of it, whatever becomes of `component` and its runtime. The code depends on this version
/// of the library, on the kind of processor, and on the settings of the runtime.
///
/// @param component    The component, borrowed for the call.
/// @param[out] fd_out  Receives the descriptor, owned by the caller, who releases it with close().
///                     It closes on exec, until the caller changes that. Set to -1 on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `fd_out` is NULL,
///         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for it,
///         RUNTIME_ERROR_IO if there is no room for the file,
///         RUNTIME_ERROR_UNSUPPORTED if the system gives none: other systems than Linux, or where
///         the process has no descriptor left.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_share(
    component: *const runtime_component_t,
    fd_out: *mut i32,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_share", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let fd_out = unsafe { fd_out.as_mut() };
        let fd_out = fd_out.ok_or_else(|| Error::invalid("fd_out", "is NULL"))?;
        *fd_out = -1;
        // SAFETY: as above.
        let component = unsafe { borrow(component, "component")? };
        *fd_out = descriptor(component.0.share()?)?;
        Ok(())
    })
}

/// Loads a component from the file that runtime_component_share() gave, in this process or another.
///
/// WARNING: the file holds machine code, and this function trusts it. Anyone who can choose the
/// descriptor runs any code in your process, outside every sandbox and limit of this library. The
/// function checks that the file has not changed since it was made, but not who made it. Pass only
/// what runtime_component_share() gave to you, or to a process that you trust as much.
///
/// @param runtime   Where to load it. Borrowed for the call; the component keeps what it needs, so
///                  either may be freed first.
/// @param fd        The descriptor, borrowed for the call: it may be closed afterwards. Where it
///                  stands does not matter, and any number of processes may load from it at once.
/// @param options   How to load, borrowed for the call; NULL means defaults.
/// @param[out] out  Receives the component, owned by the caller: release it with
///                  runtime_component_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `out` is NULL, if `options` is unusable,
///         or if `fd` is not such a file, sealed and whole,
///         RUNTIME_ERROR_IO if the file cannot be opened by its name in /proc,
///         RUNTIME_ERROR_COMPILE if it comes from another version, processor or settings,
///         RUNTIME_ERROR_SIGNATURE if the runtime requires signatures, which compiled code does
///         not carry,
///         and as for runtime_component_new().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_from_fd(
    runtime: *const runtime_t,
    fd: i32,
    options: *const runtime_component_options_t,
    out: *mut *mut runtime_component_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_component_from_fd", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime, options) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(runtime, "runtime")?, component_options(options)?)
        };
        // SAFETY: the header obliges callers to pass what `share` gave, and says what happens
        // otherwise.
        let component = unsafe { Component::from_shared(&runtime.0, fd, &options)? };
        out.set(runtime_component_t(component));
        Ok(())
    })
}

/// The number of a descriptor that the caller owns from now on.
#[cfg(unix)]
fn descriptor(file: std::fs::File) -> Result<i32> {
    Ok(std::os::fd::IntoRawFd::into_raw_fd(file))
}

#[cfg(not(unix))]
fn descriptor(_: std::fs::File) -> Result<i32> {
    Err(Error::new(crate::error::Code::Unsupported, "the system has no descriptors"))
}
