//! Why HTTP failed, in the words of `error-code` of wasi:http.

/// Why HTTP failed: the cases of `error-code` of wasi:http 0.2, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum HttpError {
    /// Looking a name up took too long.
    DnsTimeout = 1,
    /// A name could not be looked up.
    DnsError = 2,
    /// There is no such server.
    DestinationNotFound = 3,
    /// The server cannot be reached.
    DestinationUnavailable = 4,
    /// The address may not be connected to.
    DestinationIpProhibited = 5,
    /// No way leads to the address.
    DestinationIpUnroutable = 6,
    /// The server refused the connection.
    ConnectionRefused = 7,
    /// The connection ended in the midst of something.
    ConnectionTerminated = 8,
    /// Connecting took too long.
    ConnectionTimeout = 9,
    /// Reading took too long.
    ConnectionReadTimeout = 10,
    /// Writing took too long.
    ConnectionWriteTimeout = 11,
    /// There are as many connections as there may be.
    ConnectionLimitReached = 12,
    /// One of both sides broke the rules of TLS.
    TlsProtocolError = 13,
    /// A certificate is not to be trusted.
    TlsCertificateError = 14,
    /// The other side ended TLS with an alert.
    TlsAlertReceived = 15,
    /// The request is not allowed.
    RequestDenied = 16,
    /// The request has to say how long its body is.
    RequestLengthRequired = 17,
    /// The request's body is larger than allowed, or not as long as it says.
    RequestBodySize = 18,
    /// The request's method is not one.
    RequestMethodInvalid = 19,
    /// The request's target is not one.
    RequestUriInvalid = 20,
    /// The request's target is too long.
    RequestUriTooLong = 21,
    /// The request's headers are too large together.
    RequestHeaderSectionSize = 22,
    /// A header of the request is too large.
    RequestHeaderSize = 23,
    /// The request's trailers are too large together.
    RequestTrailerSectionSize = 24,
    /// A trailer of the request is too large.
    RequestTrailerSize = 25,
    /// The response ended too soon, or there was none.
    ResponseIncomplete = 26,
    /// The response's headers are too large together.
    ResponseHeaderSectionSize = 27,
    /// A header of the response is too large.
    ResponseHeaderSize = 28,
    /// The response's body is larger than allowed, or not as long as it says.
    ResponseBodySize = 29,
    /// The response's trailers are too large together.
    ResponseTrailerSectionSize = 30,
    /// A trailer of the response is too large.
    ResponseTrailerSize = 31,
    /// The response's transfer coding is unknown or damaged.
    ResponseTransferCoding = 32,
    /// The response's content coding is unknown or damaged.
    ResponseContentCoding = 33,
    /// The response took too long.
    ResponseTimeout = 34,
    /// The protocol could not be changed.
    UpgradeFailed = 35,
    /// One of both sides broke the rules of HTTP.
    ProtocolError = 36,
    /// The request came back to where it was.
    LoopDetected = 37,
    /// A setting is wrong.
    ConfigurationError = 38,
    /// Anything else.
    InternalError = 39,
}

impl HttpError {
    /// The name that wasi:http has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DnsTimeout => "DNS-timeout",
            Self::DnsError => "DNS-error",
            Self::DestinationNotFound => "destination-not-found",
            Self::DestinationUnavailable => "destination-unavailable",
            Self::DestinationIpProhibited => "destination-IP-prohibited",
            Self::DestinationIpUnroutable => "destination-IP-unroutable",
            Self::ConnectionRefused => "connection-refused",
            Self::ConnectionTerminated => "connection-terminated",
            Self::ConnectionTimeout => "connection-timeout",
            Self::ConnectionReadTimeout => "connection-read-timeout",
            Self::ConnectionWriteTimeout => "connection-write-timeout",
            Self::ConnectionLimitReached => "connection-limit-reached",
            Self::TlsProtocolError => "TLS-protocol-error",
            Self::TlsCertificateError => "TLS-certificate-error",
            Self::TlsAlertReceived => "TLS-alert-received",
            Self::RequestDenied => "HTTP-request-denied",
            Self::RequestLengthRequired => "HTTP-request-length-required",
            Self::RequestBodySize => "HTTP-request-body-size",
            Self::RequestMethodInvalid => "HTTP-request-method-invalid",
            Self::RequestUriInvalid => "HTTP-request-URI-invalid",
            Self::RequestUriTooLong => "HTTP-request-URI-too-long",
            Self::RequestHeaderSectionSize => "HTTP-request-header-section-size",
            Self::RequestHeaderSize => "HTTP-request-header-size",
            Self::RequestTrailerSectionSize => "HTTP-request-trailer-section-size",
            Self::RequestTrailerSize => "HTTP-request-trailer-size",
            Self::ResponseIncomplete => "HTTP-response-incomplete",
            Self::ResponseHeaderSectionSize => "HTTP-response-header-section-size",
            Self::ResponseHeaderSize => "HTTP-response-header-size",
            Self::ResponseBodySize => "HTTP-response-body-size",
            Self::ResponseTrailerSectionSize => "HTTP-response-trailer-section-size",
            Self::ResponseTrailerSize => "HTTP-response-trailer-size",
            Self::ResponseTransferCoding => "HTTP-response-transfer-coding",
            Self::ResponseContentCoding => "HTTP-response-content-coding",
            Self::ResponseTimeout => "HTTP-response-timeout",
            Self::UpgradeFailed => "HTTP-upgrade-failed",
            Self::ProtocolError => "HTTP-protocol-error",
            Self::LoopDetected => "loop-detected",
            Self::ConfigurationError => "configuration-error",
            Self::InternalError => "internal-error",
        }
    }

    /// The status that tells a client of it.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::DnsTimeout
            | Self::ConnectionTimeout
            | Self::ConnectionReadTimeout
            | Self::ConnectionWriteTimeout
            | Self::ResponseTimeout => 504,
            Self::DnsError
            | Self::DestinationNotFound
            | Self::DestinationUnavailable
            | Self::DestinationIpProhibited
            | Self::DestinationIpUnroutable
            | Self::ConnectionRefused
            | Self::ConnectionTerminated
            | Self::ConnectionLimitReached
            | Self::TlsProtocolError
            | Self::TlsCertificateError
            | Self::TlsAlertReceived => 502,
            _ => 500,
        }
    }
}
