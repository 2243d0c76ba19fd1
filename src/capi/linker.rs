use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::boundary::{Out, borrow_mut, guard, release, text};
use super::call::{host_fn, runtime_host_fn_t};
use super::callback::{UserData, runtime_finalizer_t};
use super::error::runtime_error_t;
use crate::linker::{Destructor, Linker, Unresolved};
use crate::system::thread;

mod provider;
mod table;

/// What the host provides to components: functions and resources, by interface and name.
///
/// The caller owns it and releases it with runtime_linker_free(). A component that is
/// loaded with it, by runtime_component_options_t, copies what is in it, so it may be changed or
/// released afterwards, and serve any number of components. What no component imports does no
/// harm. One thread at a time may change it; loading components only reads it.
///
/// @since 0.1
pub struct runtime_linker_t(pub(super) Linker);

/// Releases a resource of the host that a guest owned.
///
/// Runs once for each time a guest was given the resource to own, by a result of a host function or
/// an argument of a call: when the guest drops it, on the thread of the call that the guest is in,
/// or, if the guest still owns it then, when the guest's instance ends, on the thread that ends it.
/// It does not run for a resource that the guest gave back, unless the host never gets it, since
/// the call failed after that or nobody took its outcome. Several may run at once, on different
/// threads. Must not unwind. May call any function of this library.
///
/// @param user_data  What was passed with the callback. Borrowed for the call.
/// @param resource   The number that the host chose for the resource; the callback owns what it
///                   stands for.
///
/// @since 0.1
pub type runtime_resource_drop_fn_t =
    Option<unsafe extern "C" fn(user_data: *mut c_void, resource: u32)>;

/// The core's view of a destructor.
pub(super) fn destructor(callback: runtime_resource_drop_fn_t, user: UserData) -> Arc<Destructor> {
    Arc::new(move |resource| {
        if let Some(callback) = callback {
            // SAFETY: the header obliges callers to register a function of this type that does not
            // unwind, with the `user_data` it expects.
            thread::outside(|| unsafe { callback(user.get(), resource) });
        }
    })
}

/// Makes a linker that provides nothing.
///
/// @param[out] out  Receives the linker, owned by the caller: release it with
///                  runtime_linker_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_new(
    out: *mut *mut runtime_linker_t,
) -> *mut runtime_error_t {
    guard("runtime_linker_new", || {
        // SAFETY: the header obliges callers to pass a live, unaliased pointer.
        let out = unsafe { Out::new(out, "out")? };
        out.set(runtime_linker_t(Linker::new()));
        Ok(())
    })
}

/// Releases a linker.
///
/// @param linker  The linker, owned; NULL is allowed and does nothing. Components that were loaded
///                with it go on, and keep the callbacks and their `user_data`.
///
/// @threadsafe Yes, for different linkers.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_linker_free(linker: Option<Box<runtime_linker_t>>) {
    release("runtime_linker_free", linker);
}

/// Defines a function that components may import.
///
/// WASI comes without being defined. A definition here takes the place of that one function, for
/// every version of WASI 0.2 that a component imports; the rest of WASI stays as it is.
///
/// VERSIONS. A component that imports the very name that is defined gets this definition. Otherwise
/// it gets the newest of those that are defined for a compatible version of the interface and have
/// the type that it imports. Compatible is what Semantic Versioning calls so, in both directions:
/// 1.0.0 serves 1.2.3, and 0.2.0 serves 0.2.6; but not 1 of 2, nor 0.2 of 0.3, and only itself of
/// 0.0.x and of a pre-release. runtime_component_import_definition() tells what became of it.
///
/// TYPES. A component whose import has another type than the definition says is refused with
/// RUNTIME_ERROR_LINK, which names both, with their versions; so `callback` only ever gets
/// arguments of the type that it is written for. Without a type in `path` it gets what the
/// component imports, and must look at the kind of each value before it uses it; all versions of
/// such a function that one component imports must have one type. Which of the host's resources a
/// handle stands for, runtime_component_resource_definition() tells. In a type, `own<cart>` and
/// `borrow<cart>` mean the resource of that name that the host defines in the same interface, or
/// else in another one; `own<acme:shop/carts@1.0.0#cart>` says which.
///
/// @param linker     The linker, borrowed for the call.
/// @param path       What the function is called: `acme:shop/prices@1.0.0#lookup`, or only `lookup`
///                   for one that a world imports itself, or `outer#inner#lookup` for one in an
///                   interface within an interface. Methods have the names of the component model:
///                   `acme:shop/carts@1.0.0#[method]cart.add`, `#[constructor]cart`,
///                   `#[static]cart.merge`. `: ` and the type that `callback` is written for should
///                   follow, as runtime_type_text() spells it, with the names of parameters:
///                   `lookup: func(name: string) -> u32`. Types are compared by their structure, so
///                   spaces do not count. Borrowed for the call.
/// @param path_len   Length of `path`.
/// @param callback   The function.
/// @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
///                   be NULL.
/// @param finalizer  Runs once with `user_data`, when the linker, every component that was loaded
///                   with it, and all that keeps those are released; or when this function fails.
///                   NULL if there is nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `linker`, `path` or `callback` is NULL, if no
///         component could import `path`, since a name in it is not one that WIT allows or a `#` is
///         missing, if what follows it is not the type of a function, or if it is defined already.
///
/// @threadsafe No: one thread at a time for each linker.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_define(
    linker: *mut runtime_linker_t,
    path: *const c_char,
    path_len: usize,
    callback: runtime_host_fn_t,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    guard("runtime_linker_define", {
        let user = UserData::new(user_data, finalizer);
        move || {
            // SAFETY: the header obliges callers to pass live pointers, and a linker of their own.
            let (linker, path) =
                unsafe { (borrow_mut(linker, "linker")?, text(path, path_len, "path")?) };
            linker.0.define(path, host_fn(callback, Arc::new(user))?)
        }
    })
}

/// Defines a type of resource that components may import.
///
/// Of a resource of the host a guest sees a handle, and the host the number that it chose. The
/// functions of the resource are defined like any others, by runtime_linker_define(). A component
/// that imports a compatible version gets the newest one that is defined, as of a function. Where
/// one interface defines a resource and functions, these are only ever given that resource: a
/// component cannot pass them one of another version.
///
/// @param linker      The linker, borrowed for the call.
/// @param path        What the resource is called: `acme:shop/carts@1.0.0#cart`, or only `cart` for
///                    one that a world imports itself. Borrowed for the call.
/// @param path_len    Length of `path`.
/// @param destructor  Runs for each resource of this type that a guest was given to own and does
///                    not own any more. NULL if there is nothing to do then.
/// @param user_data   Passed to `destructor`. Owned by the library from here on, whatever happens;
///                    may be NULL.
/// @param finalizer   Runs once with `user_data`, as for runtime_linker_define(). NULL if there is
///                    nothing to release.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `path` is NULL, if no component could
///         import a resource of that name, or if it is defined already.
///
/// @threadsafe No: one thread at a time for each linker.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_define_resource(
    linker: *mut runtime_linker_t,
    path: *const c_char,
    path_len: usize,
    destructor: runtime_resource_drop_fn_t,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) -> *mut runtime_error_t {
    guard("runtime_linker_define_resource", {
        let user = UserData::new(user_data, finalizer);
        move || {
            // SAFETY: the header obliges callers to pass live pointers, and a linker of their own.
            let (linker, path) =
                unsafe { (borrow_mut(linker, "linker")?, text(path, path_len, "path")?) };
            linker.0.define_resource(path, self::destructor(destructor, user))
        }
    })
}

/// Lets components load although nobody provides some of their imports.
///
/// By default they are refused, with RUNTIME_ERROR_LINK. For guests that import more than they
/// use: a guest that calls such an import traps there.
///
/// @param linker  The linker, borrowed for the call; NULL is allowed and does nothing.
///
/// @threadsafe No: one thread at a time for each linker.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_unresolved_trap(linker: *mut runtime_linker_t) {
    // SAFETY: the header obliges callers to pass a live linker of their own, or NULL.
    if let Some(linker) = unsafe { linker.as_mut() } {
        linker.0.unresolved(Unresolved::Trap);
    }
}
