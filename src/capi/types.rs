use std::ffi::c_char;
use std::ptr;

use super::boundary::{Out, borrow, guard};
use super::bytes::runtime_bytes_t;
use super::error::runtime_error_t;
use super::kind::{runtime_item_kind_t, runtime_kind_t};
use crate::types::{Item, Type};

/// One thing that a component imports or exports.
///
/// Borrowed from the runtime_component_t that it was asked of, never released by the caller, and
/// alive as long as that handle. It does not change, so any number of threads may read it at
/// once.
///
/// @since 0.1
pub struct runtime_item_t {
    // Never made: a pointer to one is a pointer to an `Item`.
    _item: Item,
}

/// A type of the component model.
///
/// Borrowed from the runtime_component_t or runtime_function_t that it was asked of, directly or
/// through an item or another type; never released by the caller, and alive as long as that
/// handle. It does not change, so any number of threads may read it at once.
///
/// @since 0.1
pub struct runtime_type_t {
    // Never made: a pointer to one is a pointer to a `Type`.
    _type: Type,
}

/// How C sees a borrowed item; NULL for none.
pub(super) fn item_ptr(item: Option<&Item>) -> *const runtime_item_t {
    item.map_or(ptr::null(), |item| ptr::from_ref(item).cast())
}

/// How C sees a borrowed type; NULL for none.
pub(super) fn type_ptr(ty: Option<&Type>) -> *const runtime_type_t {
    ty.map_or(ptr::null(), |ty| ptr::from_ref(ty).cast())
}

/// # Safety
/// `item` is NULL, or came from [`item_ptr`] and is alive.
unsafe fn item_ref<'a>(item: *const runtime_item_t) -> Option<&'a Item> {
    // SAFETY: as our own contract.
    unsafe { item.cast::<Item>().as_ref() }
}

/// # Safety
/// `ty` is NULL, or came from [`type_ptr`] and is alive.
pub(super) unsafe fn type_ref<'a>(ty: *const runtime_type_t) -> Option<&'a Type> {
    // SAFETY: as our own contract.
    unsafe { ty.cast::<Type>().as_ref() }
}

/// Tells the name of an import or export.
///
/// @param item  The item, borrowed for the call; NULL is allowed.
///
/// @return Such as `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface: UTF-8,
///         NUL-terminated, borrowed, alive as long as `item`; the empty string if `item` is
///         NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_item_name(item: *const runtime_item_t) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live item or NULL.
    unsafe { item_ref(item) }.map_or(c"".as_ptr(), |item| item.name.as_c_str().as_ptr())
}

/// Tells what an import or export is.
///
/// @param item  The item, borrowed for the call; NULL is allowed.
///
/// @return The kind; RUNTIME_ITEM_KIND_NONE if `item` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_item_kind(item: *const runtime_item_t) -> runtime_item_kind_t {
    // SAFETY: the header obliges callers to pass a live item or NULL.
    let item = unsafe { item_ref(item) };
    item.map_or(runtime_item_kind_t::RUNTIME_ITEM_KIND_NONE, |item| item.kind.into())
}

/// Tells the type of an import or export.
///
/// @param item  The item, borrowed for the call; NULL is allowed.
///
/// @return The type of a function, or the type that is named; borrowed, alive as long as `item`.
///         NULL if the item has none, or if `item` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_item_type(item: *const runtime_item_t) -> *const runtime_type_t {
    // SAFETY: the header obliges callers to pass a live item or NULL.
    type_ptr(unsafe { item_ref(item) }.and_then(|item| item.ty.as_ref()))
}

/// Tells which constructor a type has.
///
/// @param type  The type, borrowed for the call; NULL is allowed.
///
/// @return The kind; RUNTIME_KIND_NONE if `type` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_kind(r#type: *const runtime_type_t) -> runtime_kind_t {
    // SAFETY: the header obliges callers to pass a live type or NULL.
    let ty = unsafe { type_ref(r#type) };
    ty.map_or(runtime_kind_t::RUNTIME_KIND_NONE, |ty| ty.kind().into())
}

/// Counts the children of a type.
///
/// @param type  The type, borrowed for the call; NULL is allowed.
///
/// @return How many fields, cases, flags or parameters it has; 1 for a list or an option, 2 for a
///         result, 0 for a type without parts, or if `type` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_len(r#type: *const runtime_type_t) -> usize {
    // SAFETY: the header obliges callers to pass a live type or NULL.
    unsafe { type_ref(r#type) }.map_or(0, Type::len)
}

/// Tells the type of a child.
///
/// @param type   The type, borrowed for the call; NULL is allowed.
/// @param index  Which child, from 0.
///
/// @return The type of the field, parameter or element, or what the case carries; borrowed, alive
///         as long as `type`. NULL if that child has no type, if there is no such child, or if
///         `type` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_child(
    r#type: *const runtime_type_t,
    index: usize,
) -> *const runtime_type_t {
    // SAFETY: the header obliges callers to pass a live type or NULL.
    type_ptr(unsafe { type_ref(r#type) }.and_then(|ty| ty.child(index)))
}

/// Tells the name of a child.
///
/// @param type   The type, borrowed for the call; NULL is allowed.
/// @param index  Which child, from 0.
///
/// @return The name of the field, case, flag or parameter, or `ok` and `err` for a result: UTF-8,
///         NUL-terminated, borrowed, alive as long as `type`. NULL if that child has no name, if
///         there is no such child, or if `type` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_child_name(
    r#type: *const runtime_type_t,
    index: usize,
) -> *const c_char {
    // SAFETY: the header obliges callers to pass a live type or NULL.
    let name = unsafe { type_ref(r#type) }.and_then(|ty| ty.child_name(index));
    name.map_or(ptr::null(), |name| name.as_c_str().as_ptr())
}

/// Tells what a function gives.
///
/// @param type  The type of a function, borrowed for the call; NULL is allowed.
///
/// @return The type of its result; borrowed, alive as long as `type`. NULL if it gives nothing,
///         if `type` is not a function, or if it is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_result(
    r#type: *const runtime_type_t,
) -> *const runtime_type_t {
    // SAFETY: the header obliges callers to pass a live type or NULL.
    type_ptr(unsafe { type_ref(r#type) }.and_then(Type::result))
}

/// Spells a type as WIT does.
///
/// The text ends after 65536 bytes, with U+2026 where that is not all: a short component can
/// declare a type whose text no disk holds.
///
/// @param type      The type, borrowed for the call.
/// @param[out] out  Receives the text, such as `list<u8>`, owned by the caller: release it with
///                  runtime_bytes_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `type` or `out` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_type_text(
    r#type: *const runtime_type_t,
    out: *mut *mut runtime_bytes_t,
) -> *mut runtime_error_t {
    guard("runtime_type_text", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers; a type for C is a
        // `Type`, see `type_ptr`.
        let (out, ty) = unsafe { (Out::new(out, "out")?, borrow(r#type.cast::<Type>(), "type")?) };
        out.set(ty.to_string().into());
        Ok(())
    })
}
