//! Heads of requests and responses, checked: what a guest or a client makes of them is what the
//! host meant, and never a second request.

use std::net::Ipv6Addr;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::error::{Error, HttpError, Result};
use crate::sandbox::http::is_trailer;

/// Headers or trailers.
pub type Fields = HeaderMap;

/// Most bytes of a method, an authority, and a path with its query.
const MOST_METHOD: usize = 32;
const MOST_AUTHORITY: usize = 255;
const MOST_PATH: usize = 16 << 10;

/// A request without its body.
pub struct Request {
    pub(super) method: Method,
    pub(super) is_secure: bool,
    authority: Option<String>,
    path: String,
    pub(super) fields: Fields,
}

/// A response without its body.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// From 200 to 599.
    pub status: u16,
    /// Its headers.
    pub fields: Fields,
    /// Bytes of its body, if that is known.
    pub body_len: Option<u64>,
}

impl Request {
    /// `GET http://.../`, of which the authority is still missing.
    pub fn new() -> Self {
        Self {
            method: Method::GET,
            is_secure: false,
            authority: None,
            path: "/".to_owned(),
            fields: Fields::new(),
        }
    }

    /// Says what is wanted.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is no method, or one that is not for a component.
    pub fn method(&mut self, method: &str) -> Result<&mut Self> {
        let known = Method::from_bytes(method.as_bytes()).ok();
        let known = known.filter(|_| method.len() <= MOST_METHOD);
        let known = known.ok_or_else(|| Error::invalid("request.method", "is not one"))?;
        if known == Method::CONNECT || known == Method::TRACE || known.as_str() == "PRI" {
            let problem = format_args!("{known} is not for a component");
            return Err(Error::invalid("request.method", problem));
        }
        self.method = known;
        Ok(self)
    }

    /// Says how the client has come.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` unless it is `http` or `https`.
    pub fn scheme(&mut self, scheme: &str) -> Result<&mut Self> {
        self.is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(Error::invalid("request.scheme", "is neither `http` nor `https`")),
        };
        Ok(self)
    }

    /// Says which host is meant, and which port unless it is the scheme's own.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is none.
    pub fn authority(&mut self, authority: &str) -> Result<&mut Self> {
        self.authority = Some(checked_authority(authority, "request.authority")?);
        Ok(self)
    }

    /// Says what is asked for: path and query.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is none.
    pub fn path(&mut self, path: &str) -> Result<&mut Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        let problem = match path.as_bytes() {
            path if path.len() > MOST_PATH => "is longer than 16 KiB",
            [b'/', rest @ ..] if rest.iter().copied().all(is_plain) => {
                self.path = path.to_owned();
                return Ok(self);
            }
            b"*" => {
                self.path = "*".to_owned();
                return Ok(self);
            }
            _ => "does not begin with `/`, or has something in it that has to be encoded",
        };
        Err(Error::invalid("request.path", problem))
    }

    /// Adds a header; several may have the same name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is none; `argument` names it then.
    pub fn field(&mut self, name: &[u8], value: &[u8], argument: &str) -> Result<&mut Self> {
        add(&mut self.fields, name, value, argument)?;
        Ok(self)
    }

    /// How many bytes of the body are to follow `len`, if the head says so.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if that cannot be.
    pub(super) fn left_after(&self, len: u64, has_more: bool) -> Result<Option<u64>> {
        let wrong = |problem: &dyn std::fmt::Display| {
            Err(Error::invalid("request.fields", format_args!("`content-length` {problem}")))
        };
        let said = match content_length(&self.fields) {
            Err(problem) => return wrong(&problem),
            Ok(None) => return Ok(None),
            Ok(Some(said)) => said,
        };
        if self.fields.contains_key(TRANSFER_ENCODING) {
            return wrong(&"and `transfer-encoding` say two things");
        }
        match said.checked_sub(len) {
            Some(left) if left == 0 || has_more => Ok(Some(left)),
            _ => wrong(&format_args!("is {said}, and the body has {len}")),
        }
    }

    /// What wasmtime is given.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it says two things, or nothing, about one.
    pub(super) fn complete<B>(mut self, body: B) -> Result<http::Request<B>> {
        if self.path == "*" && self.method != Method::OPTIONS {
            return Err(Error::invalid("request.path", "`*` is for OPTIONS"));
        }
        let authority = self.meant()?;
        strip(&mut self.fields);
        let wrong = |argument: &'static str| move |_| Error::invalid(argument, "is not one");
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.is_secure { Scheme::HTTPS } else { Scheme::HTTP });
        let authority = Authority::try_from(authority).map_err(wrong("request.authority"))?;
        parts.authority = Some(authority);
        let path = PathAndQuery::try_from(self.path).map_err(wrong("request.path"))?;
        parts.path_and_query = Some(path);
        let uri = Uri::from_parts(parts);
        let uri = uri.map_err(|_| Error::invalid("request.path", "is not one"))?;
        let mut request = http::Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = (self.method, uri);
        *request.headers_mut() = self.fields;
        Ok(request)
    }

    /// The one host that it is for.
    fn meant(&self) -> Result<String> {
        let mut named = self.fields.get_all(HOST).iter();
        let problem = match (&self.authority, named.next(), named.next()) {
            (_, _, Some(_)) => "has `host` twice",
            (Some(given), None, None) => return Ok(given.clone()),
            (given, Some(host), None) => {
                let host = host.to_str().unwrap_or_default();
                let host = checked_authority(host, "request.fields")?;
                let port = if self.is_secure { ":443" } else { ":80" };
                let plain = |it: &str| it.strip_suffix(port).unwrap_or(it).to_owned();
                match given {
                    Some(given) if plain(given) != plain(&host) => {
                        "has another `host` than `authority` says"
                    }
                    Some(given) => return Ok(given.clone()),
                    None => return Ok(host),
                }
            }
            (None, None, _) => {
                let problem = "is not there, and there is no field `host`";
                return Err(Error::invalid("request.authority", problem));
            }
        };
        Err(Error::invalid("request.fields", problem))
    }
}

impl Default for Request {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds a field to others.
///
/// # Errors
/// `INVALID_ARGUMENT`, for `argument`.
pub fn add(fields: &mut Fields, name: &[u8], value: &[u8], argument: &str) -> Result<()> {
    let wrong = |what: &str, problem| Err(Error::invalid(&format!("{argument}.{what}"), problem));
    let Ok(name) = HeaderName::from_bytes(name) else {
        return wrong("name", "is not a name of a field");
    };
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return wrong("value", "has a control character in it");
    };
    match fields.try_append(name, value) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::invalid(argument, "is one too many")),
    }
}

/// The names and values of fields.
pub fn each(fields: &Fields) -> impl Iterator<Item = (&str, &[u8])> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// In lower case, and without a port that is empty, if it is an authority without a user.
fn checked_authority(authority: &str, argument: &str) -> Result<String> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_one = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_host),
    };
    let is_port = |port: &str| {
        let number = port.bytes().all(|byte| byte.is_ascii_digit());
        port.is_empty() || number && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    match is_one && port.is_none_or(is_port) && authority.len() <= MOST_AUTHORITY {
        true => Ok(authority.strip_suffix(':').unwrap_or(authority).to_ascii_lowercase()),
        false => Err(Error::invalid(argument, "has no host that could be one")),
    }
}

/// How long a body is, as its head says.
///
/// # Errors
/// What is wrong with that.
fn content_length(fields: &Fields) -> Result<Option<u64>, &'static str> {
    let mut all = fields.get_all(CONTENT_LENGTH).iter();
    let Some(one) = all.next() else { return Ok(None) };
    let digits = one.as_bytes();
    if all.next().is_some() {
        return Err("is there twice");
    }
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("is not a number");
    }
    one.to_str().ok().and_then(|it| it.parse().ok()).map(Some).ok_or("is too large")
}

/// The parts of a list in fields of one name.
fn parts(fields: &Fields, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = fields.get_all(name).iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

/// Takes away what is between the client and the host only. wasmtime takes away more.
fn strip(fields: &mut Fields) {
    let named: Vec<HeaderName> =
        parts(fields, CONNECTION).filter_map(|name| HeaderName::from_bytes(name).ok()).collect();
    for name in named {
        fields.remove(name);
    }
    fields.remove(EXPECT);
    let trailers = parts(fields, TE).any(|it| it.eq_ignore_ascii_case(b"trailers"));
    fields.remove(TE);
    if trailers {
        fields.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Takes away what is no trailer.
pub(super) fn leave_trailers(fields: &mut Fields) {
    let others: Vec<HeaderName> = fields.keys().filter(|name| !is_trailer(name)).cloned().collect();
    for name in others {
        fields.remove(name);
    }
}

impl ResponseHead {
    /// What a guest answered to `method`, if it is an answer.
    ///
    /// # Errors
    /// `HTTP`.
    pub(super) fn new(head: http::response::Parts, method: &Method) -> Result<Self> {
        let status = head.status.as_u16();
        if !(200..=599).contains(&status) {
            let problem = format_args!("the guest answered with status {status}");
            return Err(Error::http(HttpError::ProtocolError, problem));
        }
        let said = content_length(&head.headers).map_err(|problem| {
            let problem = format_args!("`content-length` of the response {problem}");
            Error::http(HttpError::ProtocolError, problem)
        })?;
        let mut head = Self { status, fields: head.headers, body_len: said };
        if head.has_no_body(method) {
            head.body_len = Some(0);
        }
        if matches!(status, 204 | 205) {
            // RFC 9110, sections 8.6 and 15.3.6.
            head.fields.remove(CONTENT_LENGTH);
        }
        Ok(head)
    }

    /// Whether nothing follows it, whatever the guest writes.
    pub(super) fn has_no_body(&self, method: &Method) -> bool {
        *method == Method::HEAD || matches!(self.status, 204 | 205 | 304)
    }
}

#[cfg(test)]
mod tests;
