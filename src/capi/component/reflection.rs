use std::ffi::c_char;

use super::runtime_component_t;
use crate::capi::boundary::{Out, borrow, guard, text};
use crate::capi::bytes::runtime_bytes_t;
use crate::capi::error::runtime_error_t;
use crate::capi::function::runtime_function_t;
use crate::capi::types::{item_ptr, runtime_item_t, runtime_type_t, type_ref};

/// Tells what the component is called in log records.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
///
/// @return The name that runtime_component_options_t gave it: UTF-8, NUL-terminated, borrowed,
///         alive as long as `component`; the empty string if it has none or is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_name(
    component: *const runtime_component_t,
) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    unsafe { component.as_ref() }.map_or(c"".as_ptr(), |it| it.0.name().as_c_str().as_ptr())
}

/// Numbers the component: no other one of this process has or had the same number.
///
/// By it a function of the host can tell which component calls: see runtime_call_component_id().
///
/// @param component  The component, borrowed for the call; NULL is allowed. Clones have the same
///                   number.
///
/// @return The number, from 1 on; 0 for NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_id(component: *const runtime_component_t) -> u64 {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    unsafe { component.as_ref() }.map_or(0, |it| it.0.id())
}

/// Spells the component's world as WIT text.
///
/// @param component  The component, borrowed for the call.
/// @param[out] out   Receives the text, owned by the caller: release it with
///                   runtime_bytes_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
///         RUNTIME_ERROR_UNSUPPORTED if WIT cannot express it.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_wit(
    component: *const runtime_component_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_component_wit", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component) = unsafe { (Out::new(out, "out")?, borrow(component, "component")?) };
        out.set(component.0.wit()?.into());
        Ok(())
    })
}

/// Counts what the component imports, WASI included.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
///
/// @return How many imports runtime_component_import() can tell about; 0 if `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_import_count(
    component: *const runtime_component_t,
) -> usize {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    unsafe { component.as_ref() }.map_or(0, |it| it.0.types().imports.len())
}

/// Describes something the component imports.
///
/// Interfaces are flattened: a function in one is named `ns:pkg/iface@1.0.0#greet`.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
/// @param index      Which import, from 0, in the order of the binary.
///
/// @return The import, borrowed, alive as long as `component`; NULL if there is none, or if
///         `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_import(
    component: *const runtime_component_t,
    index: usize,
) -> *const runtime_item_t {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    item_ptr(unsafe { component.as_ref() }.and_then(|it| it.0.types().imports.get(index)))
}

/// Tells which definition of the host serves an import.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
/// @param index      Which import, from 0, as for runtime_component_import().
///
/// @return The path that it was defined by, without a type, such as `acme:shop/prices@1.0.0#lookup`
///         for an import of `acme:shop/prices@1.0.3#lookup`: UTF-8, NUL-terminated, borrowed, alive
///         as long as `component`. NULL if no definition of the host serves it: it is part of WASI,
///         only a name for a type, a resource that another import brought along, or provided by
///         nobody. NULL also if there is no such import, or if `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_import_definition(
    component: *const runtime_component_t,
    index: usize,
) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    let name = unsafe { component.as_ref() }.and_then(|it| it.0.import_definition(index));
    name.map_or(std::ptr::null(), |it| it.as_c_str().as_ptr())
}

/// Tells which resource of the host the handles of a type stand for.
///
/// Host functions that are defined without their type should look here, for each handle that a
/// component's import has them take: a handle is only a number to the host, and the component
/// chooses whose.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
/// @param type       A type in what the component imports or exports, of RUNTIME_KIND_OWN or
///                   RUNTIME_KIND_BORROW, borrowed for the call; NULL is allowed.
///
/// @return The path that the resource was defined by, such as `acme:shop/carts@1.0.0#cart`: UTF-8,
///         NUL-terminated, borrowed, alive as long as `component`. NULL if it is not a resource of
///         the host's, or if an argument is NULL or of another kind.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_resource_definition(
    component: *const runtime_component_t,
    r#type: *const runtime_type_t,
) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live component and a type of one, or NULL.
    let (component, ty) = unsafe { (component.as_ref(), type_ref(r#type)) };
    let name = component.zip(ty).and_then(|(component, ty)| component.0.resource_definition(ty));
    name.map_or(std::ptr::null(), |it| it.as_c_str().as_ptr())
}

/// Counts what the component exports.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
///
/// @return How many exports runtime_component_export() can tell about; 0 if `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_export_count(
    component: *const runtime_component_t,
) -> usize {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    unsafe { component.as_ref() }.map_or(0, |it| it.0.types().exports.len())
}

/// Describes something the component exports.
///
/// Interfaces are flattened: a function in one is named `ns:pkg/iface@1.0.0#greet`.
///
/// @param component  The component, borrowed for the call; NULL is allowed.
/// @param index      Which export, from 0, in the order of the binary.
///
/// @return The export, borrowed, alive as long as `component`; NULL if there is none, or if
///         `component` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_export(
    component: *const runtime_component_t,
    index: usize,
) -> *const runtime_item_t {
    // SAFETY: the header obliges callers to pass a live component or NULL.
    item_ptr(unsafe { component.as_ref() }.and_then(|it| it.0.types().exports.get(index)))
}

/// Looks up an exported function.
///
/// Look up once and keep it: this is where the name is searched and the types are resolved.
///
/// An export of exactly this name is what is found. Where there is none, the version of an
/// interface need only be compatible, by the rule that also says which definition of the host
/// serves an import: 1.0.0 finds 1.0.3 and 1.2.0, and 0.2.0 finds 0.2.6, but 0.0.x and pre-releases
/// find only themselves; of several the newest is taken. That holds in both directions: 1.0.5 finds
/// 1.0.2, where an older component has all that the caller asks for, since functions are found one
/// by one and types are checked in every call. `ns:pkg/iface#greet` finds whichever version is
/// exported, if only one is. runtime_function_name() tells what was found.
///
/// @param component  The component, borrowed for the call; the function keeps its own reference,
///                   so either may be freed first.
/// @param name       `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface;
///                   interfaces within interfaces are `outer#inner#greet`. Borrowed for the call.
/// @param name_len   Length of `name`.
/// @param[out] out   Receives the function, owned by the caller: release it with
///                   runtime_function_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component`, `name` or `out` is NULL, or if `name` is
///         not UTF-8,
///         RUNTIME_ERROR_NOT_FOUND if the component exports no such function; the message lists
///         those that it does export; or if it exports several versions of one that is asked for
///         without a version, which the message names.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_component_function(
    component: *const runtime_component_t,
    name: *const c_char,
    name_len: usize,
    out: *mut *mut runtime_function_t,
) -> *mut runtime_error_t {
    guard("runtime_component_function", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component, name) = unsafe {
            let out = Out::new(out, "out")?;
            (out, borrow(component, "component")?, text(name, name_len, "name")?)
        };
        out.set(runtime_function_t::new(component.0.function(name)?));
        Ok(())
    })
}
