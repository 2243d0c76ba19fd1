use std::ffi::c_char;

use super::{own, runtime_sandbox_t};
use crate::capi::boundary::{guard, text};
use crate::capi::error::runtime_error_t;

/// Allows the guest TCP connections and UDP datagrams to some addresses and ports.
///
/// Each call allows more. See runtime_sandbox_allow_name() for names.
///
/// @param sandbox        The sandbox, borrowed for the call.
/// @param addresses      An IP address, or a range such as `10.0.0.0/8` or `fd00::/8`, UTF-8.
///                       Copied.
/// @param addresses_len  Length of `addresses`.
/// @param first_port     The lowest port.
/// @param last_port      The highest port; not below `first_port`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `addresses` is NULL, if `addresses`
///         is not an IP address or a range of them, or if there is no port between `first_port` and
///         `last_port`.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_allow_connect(
    sandbox: *mut runtime_sandbox_t,
    addresses: *const c_char,
    addresses_len: usize,
    first_port: u16,
    last_port: u16,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_allow_connect", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, addresses) =
            unsafe { (own(sandbox)?, text(addresses, addresses_len, "addresses")?) };
        sandbox.allow_connect(addresses, first_port..=last_port)?;
        Ok(())
    })
}

/// Allows the guest to listen at some addresses and ports, for anyone who connects there.
///
/// Each call allows more. Port 0, by which a guest asks for any free port, must be among the ports
/// as well as the port that is found. Answering datagrams takes runtime_sandbox_allow_connect(),
/// too.
///
/// @param sandbox        The sandbox, borrowed for the call.
/// @param addresses      A local IP address, or a range of them, UTF-8. Copied.
/// @param addresses_len  Length of `addresses`.
/// @param first_port     The lowest port.
/// @param last_port      The highest port; not below `first_port`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `addresses` is NULL, if `addresses`
///         is not an IP address or a range of them, or if there is no port between `first_port` and
///         `last_port`.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_allow_bind(
    sandbox: *mut runtime_sandbox_t,
    addresses: *const c_char,
    addresses_len: usize,
    first_port: u16,
    last_port: u16,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_allow_bind", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, addresses) =
            unsafe { (own(sandbox)?, text(addresses, addresses_len, "addresses")?) };
        sandbox.allow_bind(addresses, first_port..=last_port)?;
        Ok(())
    })
}

/// Allows the guest to look up a name.
///
/// Each call allows more. The addresses that are found can be used if
/// runtime_sandbox_allow_connect() allows them.
///
/// @param sandbox   The sandbox, borrowed for the call.
/// @param name      A host name, UTF-8, which is looked up as IDNA writes it in ASCII; an IP
///                  address, which is found as it is; `*.` and a host name for all names below it;
///                  or `*` for everything. Copied.
/// @param name_len  Length of `name`.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `name` is NULL, or if `name` is none
///         of these.
///
/// @threadsafe One thread at a time for each sandbox.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_sandbox_allow_name(
    sandbox: *mut runtime_sandbox_t,
    name: *const c_char,
    name_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_sandbox_allow_name", || {
        // SAFETY: the header obliges callers to pass a live sandbox of their own, and live text.
        let (sandbox, name) = unsafe { (own(sandbox)?, text(name, name_len, "name")?) };
        sandbox.allow_name(name)?;
        Ok(())
    })
}
