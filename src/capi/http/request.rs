use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::fields::{each_given, runtime_http_field_t};
use crate::capi::boundary::{self, SizeTagged, slice, text};
use crate::capi::callback::UserData;
use crate::capi::sandbox::{read_fn, runtime_read_fn_t};
use crate::error::{Error, Result};
use crate::http::{Beginning, Request};
use crate::sandbox::ReadFn;

/// More of the request's body follows, by `read` or by runtime_http_exchange_write().
pub const RUNTIME_HTTP_MORE: u64 = 1;

/// A request. Initialise with RUNTIME_HTTP_REQUEST_INIT. Fields are only ever appended, so a
/// program built against an older header keeps working with a newer library.
///
/// What breaks the rules of HTTP is RUNTIME_ERROR_INVALID_ARGUMENT, so that a guest never sees it:
/// a host name that is none or has a user in front, two host names, a target with blanks, `#` or
/// what is not ASCII, control characters in anything, lengths that are no numbers or contradict
/// each other.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_http_request_t {
    /// sizeof(runtime_http_request_t), as the caller was compiled.
    pub struct_size: usize,
    /// Any method of at most 32 bytes but CONNECT, TRACE and PRI; NULL, the default, is `GET`.
    pub method: *const c_char,
    /// Length of `method`.
    pub method_len: usize,
    /// `http` or `https`, as the client has come; NULL, the default, is `http`.
    pub scheme: *const c_char,
    /// Length of `scheme`.
    pub scheme_len: usize,
    /// Host, and port unless it is the scheme's own, at most 255 bytes. NULL, the default, takes
    /// the field `host`, which must not say anything else.
    pub authority: *const c_char,
    /// Length of `authority`.
    pub authority_len: usize,
    /// Path and query, such as `/a?b`, at most 16 KiB, as the client sent it; NULL, the default, is
    /// `/`. `*` is for OPTIONS.
    pub path: *const c_char,
    /// Length of `path`.
    pub path_len: usize,
    /// The headers, borrowed for the call. What is for one connection only does not get to the
    /// guest: connection and what it names, keep-alive, transfer-encoding, upgrade, host,
    /// http2-settings, proxy-connection, proxy-authenticate, proxy-authorization, expect, and te
    /// but for `trailers`.
    pub fields: *const runtime_http_field_t,
    /// Number of `fields`.
    pub fields_len: usize,
    /// The body, or its beginning. Copied.
    pub body: *const u8,
    /// Length of `body`.
    pub body_len: usize,
    /// RUNTIME_HTTP_MORE, or 0, the default.
    pub flags: u64,
    /// With RUNTIME_HTTP_MORE: provides what follows `body`, when the guest waits for it, on the
    /// thread that waits for the guest. What it returns as an error ends the body for the guest
    /// (`connection-terminated`), and nothing else. It may release the exchange, but what the
    /// function that it runs in gives then is gone. NULL, the default, if
    /// runtime_http_exchange_write() does.
    pub read: runtime_read_fn_t,
    /// What `read` gets. The library passes it on and never looks behind it; it must live until the
    /// exchange has ended or is released.
    pub read_user_data: *mut c_void,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_http_request_t {}

const DEFAULTS: runtime_http_request_t = runtime_http_request_t {
    struct_size: size_of::<runtime_http_request_t>(),
    method: ptr::null(),
    method_len: 0,
    scheme: ptr::null(),
    scheme_len: 0,
    authority: ptr::null(),
    authority_len: 0,
    path: ptr::null(),
    path_len: 0,
    fields: ptr::null(),
    fields_len: 0,
    body: ptr::null(),
    body_len: 0,
    flags: 0,
    read: None,
    read_user_data: ptr::null_mut(),
};

/// Reads a request.
///
/// # Safety
/// As for [`boundary::options`], and what the request points to is live.
pub(super) unsafe fn request(given: *const runtime_http_request_t) -> Result<(Request, Beginning)> {
    if given.is_null() {
        return Err(Error::invalid("request", "is NULL"));
    }
    // SAFETY: as our own contract.
    let given = unsafe { boundary::options(given, DEFAULTS, "request")? };
    // SAFETY: as our own contract.
    unsafe { Ok((head(&given)?, beginning(&given)?)) }
}

/// # Safety
/// As for [`request`].
unsafe fn head(given: &runtime_http_request_t) -> Result<Request> {
    let mut request = Request::new();
    // SAFETY: as our own contract.
    unsafe {
        if !given.method.is_null() {
            request.method(text(given.method, given.method_len, "request.method")?)?;
        }
        if !given.scheme.is_null() {
            request.scheme(text(given.scheme, given.scheme_len, "request.scheme")?)?;
        }
        if !given.authority.is_null() {
            request.authority(text(given.authority, given.authority_len, "request.authority")?)?;
        }
        if !given.path.is_null() {
            request.path(text(given.path, given.path_len, "request.path")?)?;
        }
        each_given(given.fields, given.fields_len, "request.fields", |name, value, of| {
            request.field(name, value, of).map(drop)
        })?;
    }
    Ok(request)
}

/// # Safety
/// As for [`request`].
unsafe fn beginning(given: &runtime_http_request_t) -> Result<Beginning> {
    // SAFETY: as our own contract.
    let bytes = unsafe { slice(given.body, given.body_len, "request.body")? }.to_vec().into();
    if given.flags & !RUNTIME_HTTP_MORE != 0 {
        let problem = format_args!("{:#x} has unknown bits", given.flags);
        return Err(Error::invalid("request.flags", problem));
    }
    let has_more = given.flags & RUNTIME_HTTP_MORE != 0;
    let read = given.read.is_some().then(|| -> Result<Arc<ReadFn>> {
        read_fn(given.read, UserData::new(given.read_user_data, None))
    });
    let read = read.transpose()?;
    match read.is_some() && !has_more {
        true => Err(Error::invalid("request.read", "is for RUNTIME_HTTP_MORE")),
        false => Ok(Beginning { bytes, has_more, read }),
    }
}
