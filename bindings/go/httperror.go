package wasmcell

import "net/http"

// HTTPError says why HTTP failed, in the words of error-code of wasi:http 0.2. Expect some that are
// not listed here.
type HTTPError int32

const (
	HTTPErrorNone                       HTTPError = 0 // it is not HTTP that failed
	HTTPErrorDNSTimeout                 HTTPError = 1
	HTTPErrorDNSError                   HTTPError = 2
	HTTPErrorDestinationNotFound        HTTPError = 3
	HTTPErrorDestinationUnavailable     HTTPError = 4
	HTTPErrorDestinationIPProhibited    HTTPError = 5
	HTTPErrorDestinationIPUnroutable    HTTPError = 6
	HTTPErrorConnectionRefused          HTTPError = 7
	HTTPErrorConnectionTerminated       HTTPError = 8
	HTTPErrorConnectionTimeout          HTTPError = 9
	HTTPErrorConnectionReadTimeout      HTTPError = 10
	HTTPErrorConnectionWriteTimeout     HTTPError = 11
	HTTPErrorConnectionLimitReached     HTTPError = 12
	HTTPErrorTLSProtocolError           HTTPError = 13
	HTTPErrorTLSCertificateError        HTTPError = 14
	HTTPErrorTLSAlertReceived           HTTPError = 15
	HTTPErrorRequestDenied              HTTPError = 16
	HTTPErrorRequestLengthRequired      HTTPError = 17
	HTTPErrorRequestBodySize            HTTPError = 18
	HTTPErrorRequestMethodInvalid       HTTPError = 19
	HTTPErrorRequestURIInvalid          HTTPError = 20
	HTTPErrorRequestURITooLong          HTTPError = 21
	HTTPErrorRequestHeaderSectionSize   HTTPError = 22
	HTTPErrorRequestHeaderSize          HTTPError = 23
	HTTPErrorRequestTrailerSectionSize  HTTPError = 24
	HTTPErrorRequestTrailerSize         HTTPError = 25
	HTTPErrorResponseIncomplete         HTTPError = 26
	HTTPErrorResponseHeaderSectionSize  HTTPError = 27
	HTTPErrorResponseHeaderSize         HTTPError = 28
	HTTPErrorResponseBodySize           HTTPError = 29
	HTTPErrorResponseTrailerSectionSize HTTPError = 30
	HTTPErrorResponseTrailerSize        HTTPError = 31
	HTTPErrorResponseTransferCoding     HTTPError = 32
	HTTPErrorResponseContentCoding      HTTPError = 33
	HTTPErrorResponseTimeout            HTTPError = 34
	HTTPErrorUpgradeFailed              HTTPError = 35
	HTTPErrorProtocolError              HTTPError = 36
	HTTPErrorLoopDetected               HTTPError = 37
	HTTPErrorConfigurationError         HTTPError = 38
	HTTPErrorInternalError              HTTPError = 39
)

var httpErrorNames = [...]string{
	HTTPErrorNone:                       "none",
	HTTPErrorDNSTimeout:                 "DNS-timeout",
	HTTPErrorDNSError:                   "DNS-error",
	HTTPErrorDestinationNotFound:        "destination-not-found",
	HTTPErrorDestinationUnavailable:     "destination-unavailable",
	HTTPErrorDestinationIPProhibited:    "destination-IP-prohibited",
	HTTPErrorDestinationIPUnroutable:    "destination-IP-unroutable",
	HTTPErrorConnectionRefused:          "connection-refused",
	HTTPErrorConnectionTerminated:       "connection-terminated",
	HTTPErrorConnectionTimeout:          "connection-timeout",
	HTTPErrorConnectionReadTimeout:      "connection-read-timeout",
	HTTPErrorConnectionWriteTimeout:     "connection-write-timeout",
	HTTPErrorConnectionLimitReached:     "connection-limit-reached",
	HTTPErrorTLSProtocolError:           "TLS-protocol-error",
	HTTPErrorTLSCertificateError:        "TLS-certificate-error",
	HTTPErrorTLSAlertReceived:           "TLS-alert-received",
	HTTPErrorRequestDenied:              "HTTP-request-denied",
	HTTPErrorRequestLengthRequired:      "HTTP-request-length-required",
	HTTPErrorRequestBodySize:            "HTTP-request-body-size",
	HTTPErrorRequestMethodInvalid:       "HTTP-request-method-invalid",
	HTTPErrorRequestURIInvalid:          "HTTP-request-URI-invalid",
	HTTPErrorRequestURITooLong:          "HTTP-request-URI-too-long",
	HTTPErrorRequestHeaderSectionSize:   "HTTP-request-header-section-size",
	HTTPErrorRequestHeaderSize:          "HTTP-request-header-size",
	HTTPErrorRequestTrailerSectionSize:  "HTTP-request-trailer-section-size",
	HTTPErrorRequestTrailerSize:         "HTTP-request-trailer-size",
	HTTPErrorResponseIncomplete:         "HTTP-response-incomplete",
	HTTPErrorResponseHeaderSectionSize:  "HTTP-response-header-section-size",
	HTTPErrorResponseHeaderSize:         "HTTP-response-header-size",
	HTTPErrorResponseBodySize:           "HTTP-response-body-size",
	HTTPErrorResponseTrailerSectionSize: "HTTP-response-trailer-section-size",
	HTTPErrorResponseTrailerSize:        "HTTP-response-trailer-size",
	HTTPErrorResponseTransferCoding:     "HTTP-response-transfer-coding",
	HTTPErrorResponseContentCoding:      "HTTP-response-content-coding",
	HTTPErrorResponseTimeout:            "HTTP-response-timeout",
	HTTPErrorUpgradeFailed:              "HTTP-upgrade-failed",
	HTTPErrorProtocolError:              "HTTP-protocol-error",
	HTTPErrorLoopDetected:               "loop-detected",
	HTTPErrorConfigurationError:         "configuration-error",
	HTTPErrorInternalError:              "internal-error",
}

// String spells the reason as wasi:http does, such as connection-refused.
func (e HTTPError) String() string {
	if e < 0 || int(e) >= len(httpErrorNames) {
		return "unknown"
	}
	return httpErrorNames[e]
}

// HTTPStatus is the status with which to answer an HTTP client whose request failed so: 500 for a
// guest that failed, 503 if there was no room for one, 504 if it took too long, 400 for a request
// that is not one; 502 or 504 for what a guest says of a server behind it.
func (e *Error) HTTPStatus() int {
	switch {
	case e.Code == ErrTimeout:
		// Also where only the context tells that a cancelled call took too long.
		return http.StatusGatewayTimeout
	case e.httpStatus != 0:
		return e.httpStatus
	case e.Code == ErrInvalidArgument:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
