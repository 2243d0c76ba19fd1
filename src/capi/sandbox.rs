use std::ffi::c_char;
use std::path::Path;

use super::boundary::{Out, guard, release, text};
use super::error::runtime_error_t;
use crate::error::{Error, Result};
use crate::sandbox::{Allowance, Rights, Sandbox};

mod network;
mod reproducible;
mod stdio;

pub(super) use stdio::{read_fn, runtime_read_fn_t};

/// The right to read files and symbolic links, for runtime_sandbox_directory().
pub const RUNTIME_RIGHT_READ: u64 = 1;
/// The right to create, change, rename and remove, for runtime_sandbox_directory().
pub const RUNTIME_RIGHT_WRITE: u64 = 2;
/// The right to learn which names there are, for runtime_sandbox_directory().
pub const RUNTIME_RIGHT_LIST: u64 = 4;

/// What a guest is granted of the world outside: see runtime_component_options_t.
///
/// The caller owns it and releases it with runtime_sandbox_free(). Components copy it, so it
/// may change, or be freed, after they were made. One thread at a time may use it.
///
/// Nothing is granted unless one of these functions does so: no arguments, environment, files,
/// stdio or network. Clocks and random numbers are real.
///
/// @since 0.1
pub struct runtime_sandbox_t(pub(super) Sandbox);

/// The sandbox behind a pointer.
///
/// # Safety `sandbox` is NULL, or points to a live sandbox that nobody else uses during `'a`.
unsafe fn own<'a>(sandbox: *mut runtime_sandbox_t) -> Result<&'a mut Sandbox> {
    // SAFETY: as our own contract; NULL becomes `None`.
    let sandbox = unsafe { sandbox.as_mut() };
    sandbox.map(|it| &mut it.0).ok_or_else(|| Error::invalid("sandbox", "is NULL"))
}

/// Makes a sandbox that grants nothing.
///
/// A guest has then, as without a sandbox, no arguments, environment, files or network; its stdin
/// is at its end from the start, and what it prints is dropped. Clocks and random numbers it has.
///
/// @param[out] out  Receives the sandbox, owned by the caller: release it with
///                  runtime_sandbox_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_new(
    out: *mut *mut runtime_sandbox_t,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_new", || {
        // SAFETY: the header obliges callers to pass a live, unaliased pointer.
        let out = unsafe { Out::new(out, "out")? };
        out.set(runtime_sandbox_t(Sandbox::new()));
        Ok(())
    })
}

/// Releases a sandbox.
///
/// @param sandbox  The sandbox, owned; NULL is allowed and does nothing. Components made with it
///                 keep what it granted.
///
/// @threadsafe Yes, for different sandboxes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_sandbox_free(sandbox: Option<Box<runtime_sandbox_t>>) {
    release("runtime_sandbox_free", sandbox);
}

/// Adds a command-line argument.
///
/// The first is by custom the name of the program.
///
/// @param sandbox  The sandbox, borrowed for the call.
/// @param arg      The argument, UTF-8. Copied.
/// @param arg_len  Length of `arg`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `arg` is NULL, or if `arg` is
///         not UTF-8 or contains a NUL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_arg(
    sandbox: *mut runtime_sandbox_t,
    arg: *const c_char,
    arg_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_arg", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, arg) = unsafe { (own(sandbox)?, text(arg, arg_len, "arg")?) };
        sandbox.arg(arg)?;
        Ok(())
    })
}

/// Sets an environment variable.
///
/// A later value for the same key replaces it. Variables of the host are never passed on by
/// themselves.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param key        Name of the variable, UTF-8. Copied.
/// @param key_len    Length of `key`.
/// @param value      Its value, UTF-8. Copied.
/// @param value_len  Length of `value`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox`, `key` or `value` is NULL, or if they
///         are not UTF-8, contain a NUL, or `key` is empty or contains `=`.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_env(
    sandbox: *mut runtime_sandbox_t,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_env", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, key, value) = unsafe {
            let key = text(key, key_len, "key")?;
            let value = text(value, value_len, "value")?;
            (own(sandbox)?, key, value)
        };
        sandbox.env(key, value)?;
        Ok(())
    })
}

/// Tells the guest which directory it starts in.
///
/// That grants no access to it; see runtime_sandbox_directory().
///
/// @param sandbox   The sandbox, borrowed for the call.
/// @param path      Path in the guest, UTF-8. Copied.
/// @param path_len  Length of `path`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `path` is NULL, or if `path` is
///         empty, not UTF-8 or contains a NUL.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_initial_directory(
    sandbox: *mut runtime_sandbox_t,
    path: *const c_char,
    path_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_initial_directory", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, path) = unsafe { (own(sandbox)?, text(path, path_len, "path")?) };
        sandbox.initial_directory(path)?;
        Ok(())
    })
}

/// Grants a directory and all that is in it.
///
/// The guest cannot leave it: not by `..`, by absolute paths, by symbolic links, or by renaming or
/// linking from one granted directory to another. It opens files and directories only, no FIFO and
/// no device. Sizes and times may be looked at with any right, by name. The directory is opened
/// when a component is made, and stays the same one if it is renamed afterwards.
///
/// @param sandbox         The sandbox, borrowed for the call.
/// @param host_path       Path on the host, UTF-8; a relative one is resolved now. Copied.
/// @param host_path_len   Length of `host_path`.
/// @param guest_path      Its path in the guest, UTF-8. Copied.
/// @param guest_path_len  Length of `guest_path`.
/// @param rights          What the guest may do: RUNTIME_RIGHT_READ, RUNTIME_RIGHT_WRITE and
///                        RUNTIME_RIGHT_LIST, combined with |. At least one.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or a path is NULL, if a path is empty
///         or not UTF-8, if `guest_path` is granted already, or if `rights` are none or unknown,
///         RUNTIME_ERROR_IO if `host_path` is not a directory that can be opened.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_directory(
    sandbox: *mut runtime_sandbox_t,
    host_path: *const c_char,
    host_path_len: usize,
    guest_path: *const c_char,
    guest_path_len: usize,
    rights: u64,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_directory", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, host_path, guest_path) = unsafe {
            let host_path = text(host_path, host_path_len, "host_path")?;
            let guest_path = text(guest_path, guest_path_len, "guest_path")?;
            (own(sandbox)?, host_path, guest_path)
        };
        sandbox.directory(Path::new(host_path), guest_path, from_flags(rights)?)?;
        Ok(())
    })
}

/// Limits what guests may add to a directory that runtime_sandbox_directory() granted.
///
/// Counted is what all instances of a component together do there: by how many bytes the lengths of
/// files and symbolic links grow, and how many names they make. What they shorten or remove counts
/// back, so that the directory never holds more than it did when the component was loaded and the
/// limit; a file that is removed while a guest has it open counts until that is closed. These are
/// not the blocks that the file system takes: `du` may say more for many small files, and less for
/// files with holes. A guest that wants more is told `quota`, and nothing of that write is done; if
/// it gives up by a trap, the call is RUNTIME_ERROR_DISK_QUOTA. Other components have limits of
/// their own.
///
/// The limit is the directory's, whatever it is granted as: what guests do through other grants of
/// this sandbox counts as well, if these are of the same directory or of one that lies in it when
/// the component is loaded, symbolic links resolved. Of two limits of one directory the lower one
/// holds. A directory in it can have a limit besides, which holds for what is done through its own
/// grant, not for what reaches it through this one.
///
/// @param sandbox         The sandbox, borrowed for the call.
/// @param guest_path      What the directory was granted as, UTF-8. Borrowed for the call.
/// @param guest_path_len  Length of `guest_path`.
/// @param max_bytes       Default none; from 0 to UINT64_MAX, which stands for none.
/// @param max_entries     Names of files, directories and links. Default none; from 0 to
///                        UINT64_MAX, which stands for none.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL, or if `guest_path` is NULL, not
///         UTF-8 or not granted.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_directory_limit(
    sandbox: *mut runtime_sandbox_t,
    guest_path: *const c_char,
    guest_path_len: usize,
    max_bytes: u64,
    max_entries: u64,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_directory_limit", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, guest_path) =
            unsafe { (own(sandbox)?, text(guest_path, guest_path_len, "guest_path")?) };
        let limit = Allowance { bytes: max_bytes, entries: max_entries };
        sandbox.directory_limit(guest_path, limit)?;
        Ok(())
    })
}

fn from_flags(rights: u64) -> Result<Rights> {
    let known = RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE | RUNTIME_RIGHT_LIST;
    if rights & !known != 0 {
        return Err(Error::invalid("rights", format_args!("has unknown bits: {rights:#x}")));
    }
    Ok(Rights {
        read: rights & RUNTIME_RIGHT_READ != 0,
        write: rights & RUNTIME_RIGHT_WRITE != 0,
        list: rights & RUNTIME_RIGHT_LIST != 0,
    })
}

/// Sets a value that the guest finds by wasi:config.
///
/// A later value for the same key replaces it.
///
/// @param sandbox    The sandbox, borrowed for the call.
/// @param key        The key, UTF-8. Copied.
/// @param key_len    Length of `key`.
/// @param value      The value, UTF-8. Copied.
/// @param value_len  Length of `value`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox`, `key` or `value` is NULL or not UTF-8.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_config(
    sandbox: *mut runtime_sandbox_t,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_config", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, key, value) = unsafe {
            let key = text(key, key_len, "key")?;
            let value = text(value, value_len, "value")?;
            (own(sandbox)?, key, value)
        };
        sandbox.config(key, value);
        Ok(())
    })
}
