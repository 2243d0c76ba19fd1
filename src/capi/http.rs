use super::boundary::{Out, borrow, guard, release};
use super::component::runtime_component_t;
use super::error::runtime_error_t;
use crate::http::Handler;

mod exchange;
mod fields;
mod reason;
mod request;

/// A component that handles HTTP requests: its `wasi:http/incoming-handler`, looked up once.
///
/// For hosts that have a server of their own. The caller owns it and releases it with
/// runtime_http_handler_free(). It keeps its component, so it may be freed before or after it. Any
/// number of threads may use it at once.
///
/// @since 0.1
pub struct runtime_http_handler_t(pub(super) Handler);

/// Looks up what handles HTTP requests in a component.
///
/// Any version 0.2 of wasi:http will do. A component may import wasi:http/outgoing-handler as well;
/// each request that it makes itself is denied (`HTTP-request-denied`).
///
/// @param component  The component, borrowed for the call; the handler keeps its own reference.
/// @param[out] out   Receives the handler, owned by the caller: release it with
///                   runtime_http_handler_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
///         RUNTIME_ERROR_NOT_FOUND if the component does not export
///         `wasi:http/incoming-handler`@0.2,
///         RUNTIME_ERROR_TYPE_MISMATCH if what it exports by that name is something else,
///         RUNTIME_ERROR_UNSUPPORTED if it exports a handler of wasi:http 0.3 only, or if this
///         library was built without its feature `http`.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_handler_new(
    component: *const runtime_component_t,
    out: *mut *mut runtime_http_handler_t,
) -> *mut runtime_error_t {
    guard("runtime_http_handler_new", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, component) = unsafe { (Out::new(out, "out")?, borrow(component, "component")?) };
        out.set(runtime_http_handler_t(component.0.http_handler()?));
        Ok(())
    })
}

/// Releases a handler.
///
/// @param handler  The handler, owned; NULL is allowed and does nothing. Exchanges go on.
///
/// @threadsafe Yes, for different handles.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_http_handler_free(handler: Option<Box<runtime_http_handler_t>>) {
    release("runtime_http_handler_free", handler);
}
