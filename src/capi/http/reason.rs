use crate::capi::error::runtime_error_t;
use crate::error::HttpError;

/// Why HTTP failed, in the words and the order of `error-code` of wasi:http 0.2.
///
/// Expect numbers that this header does not list: a newer library may have more.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum runtime_http_error_t {
    /// It is not HTTP that failed.
    RUNTIME_HTTP_ERROR_NONE = 0,
    /// Looking a name up took too long.
    RUNTIME_HTTP_ERROR_DNS_TIMEOUT = 1,
    /// A name could not be looked up.
    RUNTIME_HTTP_ERROR_DNS_ERROR = 2,
    /// There is no such server.
    RUNTIME_HTTP_ERROR_DESTINATION_NOT_FOUND = 3,
    /// The server cannot be reached.
    RUNTIME_HTTP_ERROR_DESTINATION_UNAVAILABLE = 4,
    /// The address may not be connected to.
    RUNTIME_HTTP_ERROR_DESTINATION_IP_PROHIBITED = 5,
    /// No way leads to the address.
    RUNTIME_HTTP_ERROR_DESTINATION_IP_UNROUTABLE = 6,
    /// The server refused the connection.
    RUNTIME_HTTP_ERROR_CONNECTION_REFUSED = 7,
    /// The connection ended in the midst of something.
    RUNTIME_HTTP_ERROR_CONNECTION_TERMINATED = 8,
    /// Connecting took too long.
    RUNTIME_HTTP_ERROR_CONNECTION_TIMEOUT = 9,
    /// Reading took too long.
    RUNTIME_HTTP_ERROR_CONNECTION_READ_TIMEOUT = 10,
    /// Writing took too long.
    RUNTIME_HTTP_ERROR_CONNECTION_WRITE_TIMEOUT = 11,
    /// There are as many connections as there may be.
    RUNTIME_HTTP_ERROR_CONNECTION_LIMIT_REACHED = 12,
    /// One of both sides broke the rules of TLS.
    RUNTIME_HTTP_ERROR_TLS_PROTOCOL_ERROR = 13,
    /// A certificate is not to be trusted.
    RUNTIME_HTTP_ERROR_TLS_CERTIFICATE_ERROR = 14,
    /// The other side ended TLS with an alert.
    RUNTIME_HTTP_ERROR_TLS_ALERT_RECEIVED = 15,
    /// The request is not allowed.
    RUNTIME_HTTP_ERROR_REQUEST_DENIED = 16,
    /// The request has to say how long its body is.
    RUNTIME_HTTP_ERROR_REQUEST_LENGTH_REQUIRED = 17,
    /// The request's body is larger than allowed, or not as long as it says.
    RUNTIME_HTTP_ERROR_REQUEST_BODY_SIZE = 18,
    /// The request's method is not one.
    RUNTIME_HTTP_ERROR_REQUEST_METHOD_INVALID = 19,
    /// The request's target is not one.
    RUNTIME_HTTP_ERROR_REQUEST_URI_INVALID = 20,
    /// The request's target is too long.
    RUNTIME_HTTP_ERROR_REQUEST_URI_TOO_LONG = 21,
    /// The request's headers are too large together.
    RUNTIME_HTTP_ERROR_REQUEST_HEADER_SECTION_SIZE = 22,
    /// A header of the request is too large.
    RUNTIME_HTTP_ERROR_REQUEST_HEADER_SIZE = 23,
    /// The request's trailers are too large together.
    RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SECTION_SIZE = 24,
    /// A trailer of the request is too large.
    RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SIZE = 25,
    /// The response ended too soon, or there was none.
    RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE = 26,
    /// The response's headers are too large together.
    RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SECTION_SIZE = 27,
    /// A header of the response is too large.
    RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SIZE = 28,
    /// The response's body is larger than allowed, or not as long as it says.
    RUNTIME_HTTP_ERROR_RESPONSE_BODY_SIZE = 29,
    /// The response's trailers are too large together.
    RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SECTION_SIZE = 30,
    /// A trailer of the response is too large.
    RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SIZE = 31,
    /// The response's transfer coding is unknown or damaged.
    RUNTIME_HTTP_ERROR_RESPONSE_TRANSFER_CODING = 32,
    /// The response's content coding is unknown or damaged.
    RUNTIME_HTTP_ERROR_RESPONSE_CONTENT_CODING = 33,
    /// The response took too long.
    RUNTIME_HTTP_ERROR_RESPONSE_TIMEOUT = 34,
    /// The protocol could not be changed.
    RUNTIME_HTTP_ERROR_UPGRADE_FAILED = 35,
    /// One of both sides broke the rules of HTTP.
    RUNTIME_HTTP_ERROR_PROTOCOL_ERROR = 36,
    /// The request came back to where it was.
    RUNTIME_HTTP_ERROR_LOOP_DETECTED = 37,
    /// A setting is wrong.
    RUNTIME_HTTP_ERROR_CONFIGURATION_ERROR = 38,
    /// Anything else.
    RUNTIME_HTTP_ERROR_INTERNAL_ERROR = 39,
}

/// From the core's reasons to the header's, and proof that the numbers agree.
macro_rules! reasons {
    ($($core:ident = $c:ident,)*) => {
        impl From<HttpError> for runtime_http_error_t {
            fn from(why: HttpError) -> Self {
                match why {
                    $(HttpError::$core => Self::$c,)*
                }
            }
        }

        const _: () = {
            $(assert!(HttpError::$core as i32 == runtime_http_error_t::$c as i32);)*
        };
    };
}

reasons! {
    DnsTimeout = RUNTIME_HTTP_ERROR_DNS_TIMEOUT,
    DnsError = RUNTIME_HTTP_ERROR_DNS_ERROR,
    DestinationNotFound = RUNTIME_HTTP_ERROR_DESTINATION_NOT_FOUND,
    DestinationUnavailable = RUNTIME_HTTP_ERROR_DESTINATION_UNAVAILABLE,
    DestinationIpProhibited = RUNTIME_HTTP_ERROR_DESTINATION_IP_PROHIBITED,
    DestinationIpUnroutable = RUNTIME_HTTP_ERROR_DESTINATION_IP_UNROUTABLE,
    ConnectionRefused = RUNTIME_HTTP_ERROR_CONNECTION_REFUSED,
    ConnectionTerminated = RUNTIME_HTTP_ERROR_CONNECTION_TERMINATED,
    ConnectionTimeout = RUNTIME_HTTP_ERROR_CONNECTION_TIMEOUT,
    ConnectionReadTimeout = RUNTIME_HTTP_ERROR_CONNECTION_READ_TIMEOUT,
    ConnectionWriteTimeout = RUNTIME_HTTP_ERROR_CONNECTION_WRITE_TIMEOUT,
    ConnectionLimitReached = RUNTIME_HTTP_ERROR_CONNECTION_LIMIT_REACHED,
    TlsProtocolError = RUNTIME_HTTP_ERROR_TLS_PROTOCOL_ERROR,
    TlsCertificateError = RUNTIME_HTTP_ERROR_TLS_CERTIFICATE_ERROR,
    TlsAlertReceived = RUNTIME_HTTP_ERROR_TLS_ALERT_RECEIVED,
    RequestDenied = RUNTIME_HTTP_ERROR_REQUEST_DENIED,
    RequestLengthRequired = RUNTIME_HTTP_ERROR_REQUEST_LENGTH_REQUIRED,
    RequestBodySize = RUNTIME_HTTP_ERROR_REQUEST_BODY_SIZE,
    RequestMethodInvalid = RUNTIME_HTTP_ERROR_REQUEST_METHOD_INVALID,
    RequestUriInvalid = RUNTIME_HTTP_ERROR_REQUEST_URI_INVALID,
    RequestUriTooLong = RUNTIME_HTTP_ERROR_REQUEST_URI_TOO_LONG,
    RequestHeaderSectionSize = RUNTIME_HTTP_ERROR_REQUEST_HEADER_SECTION_SIZE,
    RequestHeaderSize = RUNTIME_HTTP_ERROR_REQUEST_HEADER_SIZE,
    RequestTrailerSectionSize = RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SECTION_SIZE,
    RequestTrailerSize = RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SIZE,
    ResponseIncomplete = RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE,
    ResponseHeaderSectionSize = RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SECTION_SIZE,
    ResponseHeaderSize = RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SIZE,
    ResponseBodySize = RUNTIME_HTTP_ERROR_RESPONSE_BODY_SIZE,
    ResponseTrailerSectionSize = RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SECTION_SIZE,
    ResponseTrailerSize = RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SIZE,
    ResponseTransferCoding = RUNTIME_HTTP_ERROR_RESPONSE_TRANSFER_CODING,
    ResponseContentCoding = RUNTIME_HTTP_ERROR_RESPONSE_CONTENT_CODING,
    ResponseTimeout = RUNTIME_HTTP_ERROR_RESPONSE_TIMEOUT,
    UpgradeFailed = RUNTIME_HTTP_ERROR_UPGRADE_FAILED,
    ProtocolError = RUNTIME_HTTP_ERROR_PROTOCOL_ERROR,
    LoopDetected = RUNTIME_HTTP_ERROR_LOOP_DETECTED,
    ConfigurationError = RUNTIME_HTTP_ERROR_CONFIGURATION_ERROR,
    InternalError = RUNTIME_HTTP_ERROR_INTERNAL_ERROR,
}

/// Tells why HTTP failed.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return The reason if the code is RUNTIME_ERROR_HTTP; otherwise, and for NULL,
///         RUNTIME_HTTP_ERROR_NONE.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_http(error: *const runtime_error_t) -> runtime_http_error_t {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    let why = unsafe { error.as_ref() }.and_then(|it| it.core().http_error());
    why.map_or(runtime_http_error_t::RUNTIME_HTTP_ERROR_NONE, Into::into)
}

/// Tells with which status to answer an HTTP client whose request failed so.
///
/// A guest that failed is 500; one for which there was no room, or that was given up, 503; one that
/// took too long, 504;
/// a request that is not one, 400; what a guest says of a server behind it, 502 or 504.
///
/// @param error  The error, borrowed for the call; NULL is allowed.
///
/// @return 400, 500, 502, 503 or 504; 0 for NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_error_http_status(error: *const runtime_error_t) -> u64 {
    // SAFETY: the header obliges callers to pass a live error or NULL.
    unsafe { error.as_ref() }.map_or(0, |it| it.core().http_status().into())
}
