//! Which fields may follow a body.

use http::HeaderName;

/// Those that are needed before the body, say how it is framed, where it goes or who sends it, or
/// belong to the connection: RFC 9110, section 6.5.1. Whoever merged them into the head would let a
/// sender change it afterwards.
const NOT_AFTERWARDS: [&str; 46] = [
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "expires",
    "forwarded",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Whether `name` may be a trailer.
pub(crate) fn is_trailer(name: &HeaderName) -> bool {
    NOT_AFTERWARDS.binary_search(&name.as_str()).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found() {
        for name in NOT_AFTERWARDS {
            assert!(!is_trailer(&HeaderName::from_static(name)), "{name}");
        }
        assert!(is_trailer(&HeaderName::from_static("x-sum")));
        assert!(is_trailer(&HeaderName::from_static("server-timing")));
    }
}
