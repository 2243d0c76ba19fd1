//! Errors of HTTP by name, in both directions.

use std::fmt;
use std::mem::discriminant;

use crate::wasi::http::types::{
    DnsErrorPayload, ErrorCode, FieldSizePayload, TlsAlertReceivedPayload, http_error_code,
};
use crate::wasi::io::streams::StreamError;

/// Why a body went no further.
pub enum Failed {
    Code(ErrorCode),
    Stream(StreamError),
}

impl From<ErrorCode> for Failed {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<StreamError> for Failed {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Code(code) => write_code(f, code),
            Self::Stream(StreamError::Closed) => f.write_str("closed"),
            Self::Stream(StreamError::LastOperationFailed(error)) => match http_error_code(error) {
                Some(code) => write_code(f, &code),
                None => write!(f, "of another kind: {}", first_line(&error.to_debug_string())),
            },
        }
    }
}

/// The name of the case, and what its payload says, if that is a message or a number.
fn write_code(f: &mut fmt::Formatter, code: &ErrorCode) -> fmt::Result {
    let all = all();
    let named = all.iter().find(|(_, other)| discriminant(other) == discriminant(code));
    f.write_str(named.map_or("unknown", |(name, _)| name))?;
    match payload(code) {
        Some(payload) => write!(f, " {payload}"),
        None => Ok(()),
    }
}

/// Hosts may add a backtrace.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn payload(code: &ErrorCode) -> Option<String> {
    use ErrorCode as E;
    match code {
        E::InternalError(message)
        | E::HttpResponseTransferCoding(message)
        | E::HttpResponseContentCoding(message) => message.clone(),
        E::DnsError(payload) => payload.rcode.clone(),
        E::TlsAlertReceived(payload) => payload.alert_message.clone(),
        E::HttpRequestBodySize(size) | E::HttpResponseBodySize(size) => {
            size.map(|size| size.to_string())
        }
        _ => None,
    }
}

pub fn by_name(name: &str) -> Option<ErrorCode> {
    all().into_iter().find(|(other, _)| *other == name).map(|(_, code)| code)
}

/// Every case by its name in WIT, with a payload where there is one.
fn all() -> [(&'static str, ErrorCode); 39] {
    use ErrorCode as E;
    let dns = DnsErrorPayload { rcode: Some("SERVFAIL".to_owned()), info_code: Some(2) };
    let alert =
        TlsAlertReceivedPayload { alert_id: Some(40), alert_message: Some("because".to_owned()) };
    let field =
        || FieldSizePayload { field_name: Some("x-large".to_owned()), field_size: Some(4096) };
    [
        ("DNS-timeout", E::DnsTimeout),
        ("DNS-error", E::DnsError(dns)),
        ("destination-not-found", E::DestinationNotFound),
        ("destination-unavailable", E::DestinationUnavailable),
        ("destination-IP-prohibited", E::DestinationIpProhibited),
        ("destination-IP-unroutable", E::DestinationIpUnroutable),
        ("connection-refused", E::ConnectionRefused),
        ("connection-terminated", E::ConnectionTerminated),
        ("connection-timeout", E::ConnectionTimeout),
        ("connection-read-timeout", E::ConnectionReadTimeout),
        ("connection-write-timeout", E::ConnectionWriteTimeout),
        ("connection-limit-reached", E::ConnectionLimitReached),
        ("TLS-protocol-error", E::TlsProtocolError),
        ("TLS-certificate-error", E::TlsCertificateError),
        ("TLS-alert-received", E::TlsAlertReceived(alert)),
        ("HTTP-request-denied", E::HttpRequestDenied),
        ("HTTP-request-length-required", E::HttpRequestLengthRequired),
        ("HTTP-request-body-size", E::HttpRequestBodySize(Some(4096))),
        ("HTTP-request-method-invalid", E::HttpRequestMethodInvalid),
        ("HTTP-request-URI-invalid", E::HttpRequestUriInvalid),
        ("HTTP-request-URI-too-long", E::HttpRequestUriTooLong),
        ("HTTP-request-header-section-size", E::HttpRequestHeaderSectionSize(Some(4096))),
        ("HTTP-request-header-size", E::HttpRequestHeaderSize(Some(field()))),
        ("HTTP-request-trailer-section-size", E::HttpRequestTrailerSectionSize(Some(4096))),
        ("HTTP-request-trailer-size", E::HttpRequestTrailerSize(field())),
        ("HTTP-response-incomplete", E::HttpResponseIncomplete),
        ("HTTP-response-header-section-size", E::HttpResponseHeaderSectionSize(Some(4096))),
        ("HTTP-response-header-size", E::HttpResponseHeaderSize(field())),
        ("HTTP-response-body-size", E::HttpResponseBodySize(Some(4096))),
        ("HTTP-response-trailer-section-size", E::HttpResponseTrailerSectionSize(Some(4096))),
        ("HTTP-response-trailer-size", E::HttpResponseTrailerSize(field())),
        ("HTTP-response-transfer-coding", E::HttpResponseTransferCoding(Some("odd".to_owned()))),
        ("HTTP-response-content-coding", E::HttpResponseContentCoding(Some("odd".to_owned()))),
        ("HTTP-response-timeout", E::HttpResponseTimeout),
        ("HTTP-upgrade-failed", E::HttpUpgradeFailed),
        ("HTTP-protocol-error", E::HttpProtocolError),
        ("loop-detected", E::LoopDetected),
        ("configuration-error", E::ConfigurationError),
        ("internal-error", E::InternalError(Some("because".to_owned()))),
    ]
}
