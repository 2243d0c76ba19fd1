use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;

use super::fields::{Shown, each_given, runtime_http_field_t};
use super::request::{request, runtime_http_request_t};
use super::runtime_http_handler_t;
use crate::capi::boundary::{Out, borrow, guard, out_pointer, out_value, release, slice};
use crate::capi::error::runtime_error_t;
use crate::capi::options::{Report, call_options, runtime_call_options_t};
use crate::http::{Exchange, Fields, Piece, ResponseHead};

/// One request and its response, in a guest of its own.
///
/// The caller owns it and releases it with runtime_http_exchange_free(). It keeps what it needs, so
/// it may outlive everything else. Nothing of it runs unless one of its functions asks for
/// something: then the guest goes on, on the calling thread, until that is there, and stands still
/// again. So the host sets the pace, and neither side buffers more than 64 KiB of a body. The time
/// that the call has, from its beginning to its end, runs on meanwhile: when it is up, the guest is
/// given up also where it stands still, and the next function says so.
///
/// One thread at a time may use it, not always the same one; another one meanwhile gets
/// RUNTIME_ERROR_BUSY. A cancel token ends it from any thread. It counts as a call in
/// runtime_stats_t, and as an instance that is alive once it has begun.
///
/// @since 0.1
pub struct runtime_http_exchange_t(Arc<Shared>);

/// An exchange, and what C was shown of it. Cloned for each call, in which a callback may free the
/// handle.
struct Shared {
    exchange: Exchange,
    response: OnceLock<Response>,
    trailers: OnceLock<Shown>,
    /// What was read last.
    piece: Mutex<Bytes>,
    /// After the exchange, whose end it is about.
    _report: Mutex<Option<Report>>,
}

/// The head of a response.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_http_response_t {
    /// sizeof(runtime_http_response_t), as the library was compiled: a newer one has more fields.
    pub struct_size: usize,
    /// The status, from 200 to 599.
    pub status: u64,
    /// The headers, borrowed.
    pub fields: *const runtime_http_field_t,
    /// Number of `fields`.
    pub fields_len: usize,
    /// Bytes of the body; 0 if there is none, as after HEAD and for 204, 205 and 304; UINT64_MAX if
    /// that is not known.
    pub body_len: u64,
}

/// A response as C sees it, with what it points to.
struct Response {
    shown: runtime_http_response_t,
    _fields: Shown,
}

// SAFETY: the pointers are into `_fields`, which nobody changes, and which goes with them.
unsafe impl Send for Response {}
// SAFETY: as above.
unsafe impl Sync for Response {}

impl Response {
    fn new(head: &ResponseHead) -> Self {
        let fields = Shown::new(head.fields.clone());
        let shown = runtime_http_response_t {
            struct_size: size_of::<runtime_http_response_t>(),
            status: head.status.into(),
            fields: fields.as_ptr(),
            fields_len: fields.len(),
            body_len: head.body_len.unwrap_or(u64::MAX),
        };
        Self { shown, _fields: fields }
    }
}

/// Begins to have a request handled. Nothing of it runs yet.
///
/// Each exchange has a fresh instance, unless its component reuses instances: see `reuse` in
/// runtime_component_options_t.
///
///     runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
///     request.authority = "example.com", request.authority_len = 11;
///     runtime_http_exchange_t *it = NULL;
///     const runtime_http_response_t *head = NULL;
///     runtime_error_t *error = runtime_http_exchange_new(handler, &request, NULL, &it);
///     if (!error) error = runtime_http_exchange_response(it, &head);
///     if (!error) send_head(client, head);
///     for (bool end = false; !error && !end;) {
///       const uint8_t *data;
///       size_t len;
///       error = runtime_http_exchange_read(it, &data, &len, &end);
///       if (!error) send_body(client, data, len);
///     }
///     if (error) reset(client);
///     runtime_error_free(error);
///     runtime_http_exchange_free(it);
///
/// @param handler   The handler, borrowed for the call; the exchange keeps its own reference.
/// @param request   The request, borrowed for the call with everything it points to.
/// @param options   How to call, borrowed for the call; NULL means defaults. They hold for the
///                  whole exchange: `timeout_ms` from here to the guest's end. Its `report` is
///                  written when the exchange is released; what it, `context` and
///                  `interrupt_user_data` point to must live until then.
/// @param[out] out  Receives the exchange, owned by the caller: release it with
///                  runtime_http_exchange_free(). Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `handler`, `request` or `out` is NULL, if `options` is
///         unusable, or if that is no request; the message and runtime_error_details() name what,
///         such as `request.fields[3].value`,
///         RUNTIME_ERROR_UNSUPPORTED if the component was loaded for blocking calls only,
///         RUNTIME_ERROR_SHUTDOWN after runtime_shutdown(),
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_new(
    handler: *const runtime_http_handler_t,
    request: *const runtime_http_request_t,
    options: *const runtime_call_options_t,
    out: *mut *mut runtime_http_exchange_t,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_new", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, handler, mut options, (request, body)) = unsafe {
            let out = Out::new(out, "out")?;
            let handler = borrow(handler, "handler")?;
            (out, handler, call_options(options)?, self::request(request)?)
        };
        let exchange = Exchange::open(&handler.0, request, body, &options)?;
        out.set(runtime_http_exchange_t(Arc::new(Shared {
            exchange,
            response: OnceLock::new(),
            trailers: OnceLock::new(),
            piece: Mutex::default(),
            _report: Mutex::new(options.take_report()),
        })));
        Ok(())
    })
}

/// Waits for the head of the response.
///
/// A guest that fails before anything of its response was asked for has none, even if it had given
/// one: so the client can be told by runtime_error_http_status().
///
/// @param exchange  The exchange, borrowed for the call.
/// @param[out] out  Receives the head, borrowed: alive until the exchange is released. NULL without
///                  an error if the guest waits for more of the request, which the host has to
///                  write by runtime_http_exchange_write(). It may wait for something else as
///                  well: a host that has nothing to write asks again later. Set to NULL on
///                  failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` or `out` is NULL,
///         RUNTIME_ERROR_BUSY while another thread uses the exchange,
///         RUNTIME_ERROR_HTTP if the guest gave an error in the place of a response, none at all,
///         or one that is not HTTP; see runtime_error_http(),
///         and what the guest did or which limit it met, as for runtime_function_call().
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_response(
    exchange: *const runtime_http_exchange_t,
    out: *mut *const runtime_http_response_t,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_response", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, it) =
            unsafe { (out_pointer(out, "out")?, borrow(exchange, "exchange")?.0.clone()) };
        if let Some(head) = it.exchange.response()? {
            *out = ptr::from_ref(&it.response.get_or_init(|| Response::new(&head)).shown);
        }
        Ok(())
    })
}

/// Waits for the next piece of the response's body.
///
/// Nothing more is taken from the guest before the next piece is asked for. Where the guest fails
/// in the midst of the body, or does not write as much as it announced, that is an error here,
/// after the pieces before it: the client must not take the body for complete. Reset its connection
/// or its stream then, and never end it properly.
///
/// @param exchange      The exchange, borrowed for the call.
/// @param[out] out      Receives the piece, borrowed until the next call of this function for the
///                      exchange; NULL if there is none.
/// @param[out] len_out  Receives its length, owned by the caller. 0 without an end if the guest
///                      waits for more of the request, as for runtime_http_exchange_response().
/// @param[out] end_out  Receives 1 if the body has ended and is complete, with a length of 0; else
///                      0. Owned by the caller.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `out`, `len_out` or `end_out` is
///         NULL,
///         and as for runtime_http_exchange_response().
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_read(
    exchange: *const runtime_http_exchange_t,
    out: *mut *const u8,
    len_out: *mut usize,
    end_out: *mut i32,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_read", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, len, end, it) = unsafe {
            let (out, len) = (out_pointer(out, "out"), out_value(len_out, "len_out"));
            let end = out_value(end_out, "end_out");
            (out?, len?, end?, borrow(exchange, "exchange")?.0.clone())
        };
        match it.exchange.read()? {
            Piece::End => *end = 1,
            Piece::NotYet => {}
            Piece::Data(piece) => {
                let mut last = it.piece.lock().unwrap_or_else(PoisonError::into_inner);
                (*out, *len) = (piece.as_ptr(), piece.len());
                *last = piece;
            }
        }
        Ok(())
    })
}

/// Tells the trailers of the response, once the end of its body was read.
///
/// @param exchange      The exchange, borrowed for the call.
/// @param[out] out      Receives the trailers, borrowed: alive until the exchange is released. NULL
///                      if there are none, or none yet.
/// @param[out] len_out  Receives how many there are, owned by the caller.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `out` or `len_out` is NULL,
///         RUNTIME_ERROR_BUSY while another thread uses the exchange.
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_trailers(
    exchange: *const runtime_http_exchange_t,
    out: *mut *const runtime_http_field_t,
    len_out: *mut usize,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_trailers", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, len, it) = unsafe {
            let (out, len) = (out_pointer(out, "out"), out_value(len_out, "len_out"));
            (out?, len?, borrow(exchange, "exchange")?.0.clone())
        };
        if it.trailers.get().is_none()
            && let Some(trailers) = it.exchange.trailers()?
        {
            it.trailers.get_or_init(|| Shown::new(trailers));
        }
        if let Some(trailers) = it.trailers.get() {
            (*out, *len) = (trailers.as_ptr(), trailers.len());
        }
        Ok(())
    })
}

/// Writes to the request's body, for a request with RUNTIME_HTTP_MORE and without `read`.
///
/// Waits until the guest has room for it.
///
/// @param exchange        The exchange, borrowed for the call.
/// @param data            The bytes. Copied.
/// @param data_len        Length of `data`; may be 0, in which case `data` may be NULL.
/// @param[out] taken_out  Receives how many bytes were taken: less than `data_len` if the host has
///                        to read before the guest goes on, or if the guest reads no more, in which
///                        case reading tells why or goes on. Owned by the caller.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `data` or `taken_out` is NULL, if the
///         request's body has ended or comes from elsewhere, or if that is more than its
///         `content-length` says, which ends it badly,
///         and as for runtime_http_exchange_end().
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_write(
    exchange: *const runtime_http_exchange_t,
    data: *const u8,
    data_len: usize,
    taken_out: *mut usize,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_write", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (taken, it, data) = unsafe {
            let taken = out_value(taken_out, "taken_out")?;
            (taken, borrow(exchange, "exchange")?.0.clone(), slice(data, data_len, "data")?)
        };
        *taken = it.exchange.write(data)?;
        Ok(())
    })
}

/// Ends the request's body properly, for a request with RUNTIME_HTTP_MORE and without `read`.
///
/// @param exchange      The exchange, borrowed for the call.
/// @param trailers      What follows the body, borrowed for the call; may be NULL if `trailers_len`
///                      is 0.
/// @param trailers_len  Number of trailers.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` is NULL, if a trailer is none, if the
///         request's body has ended or comes from elsewhere, or if it has less than its
///         `content-length` says, which ends it badly,
///         RUNTIME_ERROR_BUSY while another thread uses the exchange.
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_finish(
    exchange: *const runtime_http_exchange_t,
    trailers: *const runtime_http_field_t,
    trailers_len: usize,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_finish", || {
        let mut fields = Fields::new();
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let it = unsafe {
            let it = borrow(exchange, "exchange")?.0.clone();
            each_given(trailers, trailers_len, "trailers", |name, value, of| {
                crate::http::add_field(&mut fields, name, value, of)
            })?;
            it
        };
        it.exchange.finish(fields)
    })
}

/// Waits until the guest has ended, which may go on after its response.
///
/// What is left of the response's body is discarded. If the host has not ended a request's body
/// that it writes, that ends badly for the guest.
///
/// @param exchange  The exchange, borrowed for the call.
///
/// @return NULL if the guest has ended well, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` is NULL,
///         RUNTIME_ERROR_BUSY while another thread uses the exchange,
///         and what the guest did or which limit it met, as for runtime_function_call().
///
/// @threadsafe One thread at a time for each exchange.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_http_exchange_end(
    exchange: *const runtime_http_exchange_t,
) -> *mut runtime_error_t {
    guard("runtime_http_exchange_end", || {
        // SAFETY: the header obliges callers to pass a live exchange.
        let it = unsafe { borrow(exchange, "exchange")?.0.clone() };
        it.exchange.end()
    })
}

/// Releases an exchange. A guest that has not ended is given up, wherever it is.
///
/// @param exchange  The exchange, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, while no other thread uses the same handle.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_http_exchange_free(exchange: Option<Box<runtime_http_exchange_t>>) {
    release("runtime_http_exchange_free", exchange);
}
