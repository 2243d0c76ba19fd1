//! wasmtime's words for what went wrong.

use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use crate::error::HttpError;

/// Which error it is, and what there is to say about it.
pub(super) fn cause(code: &ErrorCode) -> HttpError {
    match code {
        ErrorCode::DnsTimeout => HttpError::DnsTimeout,
        ErrorCode::DnsError(_) => HttpError::DnsError,
        ErrorCode::DestinationNotFound => HttpError::DestinationNotFound,
        ErrorCode::DestinationUnavailable => HttpError::DestinationUnavailable,
        ErrorCode::DestinationIpProhibited => HttpError::DestinationIpProhibited,
        ErrorCode::DestinationIpUnroutable => HttpError::DestinationIpUnroutable,
        ErrorCode::ConnectionRefused => HttpError::ConnectionRefused,
        ErrorCode::ConnectionTerminated => HttpError::ConnectionTerminated,
        ErrorCode::ConnectionTimeout => HttpError::ConnectionTimeout,
        ErrorCode::ConnectionReadTimeout => HttpError::ConnectionReadTimeout,
        ErrorCode::ConnectionWriteTimeout => HttpError::ConnectionWriteTimeout,
        ErrorCode::ConnectionLimitReached => HttpError::ConnectionLimitReached,
        ErrorCode::TlsProtocolError => HttpError::TlsProtocolError,
        ErrorCode::TlsCertificateError => HttpError::TlsCertificateError,
        ErrorCode::TlsAlertReceived(_) => HttpError::TlsAlertReceived,
        ErrorCode::HttpRequestDenied => HttpError::RequestDenied,
        ErrorCode::HttpRequestLengthRequired => HttpError::RequestLengthRequired,
        ErrorCode::HttpRequestBodySize(_) => HttpError::RequestBodySize,
        ErrorCode::HttpRequestMethodInvalid => HttpError::RequestMethodInvalid,
        ErrorCode::HttpRequestUriInvalid => HttpError::RequestUriInvalid,
        ErrorCode::HttpRequestUriTooLong => HttpError::RequestUriTooLong,
        ErrorCode::HttpRequestHeaderSectionSize(_) => HttpError::RequestHeaderSectionSize,
        ErrorCode::HttpRequestHeaderSize(_) => HttpError::RequestHeaderSize,
        ErrorCode::HttpRequestTrailerSectionSize(_) => HttpError::RequestTrailerSectionSize,
        ErrorCode::HttpRequestTrailerSize(_) => HttpError::RequestTrailerSize,
        ErrorCode::HttpResponseIncomplete => HttpError::ResponseIncomplete,
        ErrorCode::HttpResponseHeaderSectionSize(_) => HttpError::ResponseHeaderSectionSize,
        ErrorCode::HttpResponseHeaderSize(_) => HttpError::ResponseHeaderSize,
        ErrorCode::HttpResponseBodySize(_) => HttpError::ResponseBodySize,
        ErrorCode::HttpResponseTrailerSectionSize(_) => HttpError::ResponseTrailerSectionSize,
        ErrorCode::HttpResponseTrailerSize(_) => HttpError::ResponseTrailerSize,
        ErrorCode::HttpResponseTransferCoding(_) => HttpError::ResponseTransferCoding,
        ErrorCode::HttpResponseContentCoding(_) => HttpError::ResponseContentCoding,
        ErrorCode::HttpResponseTimeout => HttpError::ResponseTimeout,
        ErrorCode::HttpUpgradeFailed => HttpError::UpgradeFailed,
        ErrorCode::HttpProtocolError => HttpError::ProtocolError,
        ErrorCode::LoopDetected => HttpError::LoopDetected,
        ErrorCode::ConfigurationError => HttpError::ConfigurationError,
        ErrorCode::InternalError(_) => HttpError::InternalError,
    }
}

/// What the guest said besides, if it did.
pub(super) fn remark(code: &ErrorCode) -> &str {
    match code {
        ErrorCode::InternalError(Some(remark)) => remark,
        _ => "the guest gave this in the place of a response",
    }
}
