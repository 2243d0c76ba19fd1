use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::runtime_linker_t;
use crate::capi::boundary::{SizeTagged, array, borrow_mut, guard, literal};
use crate::capi::call::{host_fn, runtime_host_fn_t};
use crate::capi::callback::{UserData, runtime_finalizer_t};
use crate::capi::error::runtime_error_t;
use crate::error::Result;

/// One function of the host, in an array for runtime_linker_define_all().
///
/// Initialise with RUNTIME_DEFINITION_INIT, or a row of a table as
/// `{sizeof(runtime_definition_t), "acme:shop/prices@1.0.0#lookup", 0, lookup}`. Fields are only
/// ever appended, so a program built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_definition_t {
    /// sizeof(runtime_definition_t), as the caller was compiled: the same in all of an array.
    pub struct_size: usize,
    /// What the function is called, and its type, as for runtime_linker_define(). Borrowed for the
    /// call.
    pub path: *const c_char,
    /// Length of `path`; 0, the default, if a NUL ends it.
    pub path_len: usize,
    /// The function.
    pub callback: runtime_host_fn_t,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_definition_t {}

const DEFAULTS: runtime_definition_t = runtime_definition_t {
    struct_size: size_of::<runtime_definition_t>(),
    path: ptr::null(),
    path_len: 0,
    callback: None,
};

/// Defines functions that components may import: all of an array, or none.
///
/// Each is defined as by runtime_linker_define(), with one `user_data` for all of them and one
/// finalizer, so that the functions of a host can stand in a static table:
///
///     static const runtime_definition_t table[] = {
///         {sizeof *table, "acme:shop/prices@1.0.0#lookup: func(name: string) -> u32", 0, lookup},
///         {sizeof *table, "acme:shop/prices@1.0.0#count: func() -> u64", 0, count},
///     };
///     error = runtime_linker_define_all(linker, table, 2, shop, shop_free);
///
/// @param linker           The linker, borrowed for the call.
/// @param definitions      The functions, borrowed for the call. May be NULL if `definitions_len`
///                         is 0.
/// @param definitions_len  How many there are.
/// @param user_data        Passed to each callback. Owned by the library from here on, whatever
///                         happens; may be NULL.
/// @param finalizer        Runs once with `user_data`, when the linker, every component that was
///                         loaded with it, and all that keeps those are released; or when this
///                         function fails. NULL if there is nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller, and none of them is defined:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `definitions` is NULL, if a `struct_size`
///         is not that of the first; or as runtime_linker_define() for one of them, also where two
///         are the same. The message then begins with its place, such as `definitions[3]`, and so
///         does `argument` of runtime_error_details(), such as `definitions[3].path`.
///
/// @threadsafe No: one thread at a time for each linker.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_define_all(
    linker: *mut runtime_linker_t,
    definitions: *const runtime_definition_t,
    definitions_len: usize,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    guard("runtime_linker_define_all", {
        let user = UserData::new(user_data, finalizer);
        move || {
            let user = Arc::new(user);
            // SAFETY: the header obliges callers to pass live pointers, and a linker of their own.
            let (linker, rows) = unsafe {
                let rows = array(definitions, definitions_len, DEFAULTS, "definitions");
                (borrow_mut(linker, "linker")?, rows?.collect::<Result<Vec<_>>>()?)
            };
            linker.0.define_all(rows.iter().map(|row| {
                // SAFETY: as above.
                let path = unsafe { literal(row.path, row.path_len, "path")? };
                Ok((path, host_fn(row.callback, user.clone())?))
            }))
        }
    })
}
