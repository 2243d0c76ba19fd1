//! Short answers that end as they should.

use std::hint::black_box;
use std::sync::atomic::Ordering;

use crate::answer::{begin, fields, text};
use crate::call::Call;
use crate::wasi::http::types::{Fields, Method, OutgoingResponse, ResponseOutparam, Scheme};
use crate::{Outcome, REQUESTS};

pub fn hello(_: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 200, "Hello!\n")
}

pub fn not_here(_: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 404, "not here\n")
}

pub fn status(call: &Call, out: ResponseOutparam) -> Outcome {
    let response = OutgoingResponse::new(Fields::new());
    let status = call.number(0);
    if u16::try_from(status).map_err(drop).and_then(|s| response.set_status_code(s)).is_err() {
        return text(out, 400, "no status\n");
    }
    begin(out, response).finish(None)
}

/// The request as its guest sees it: a line, and one for each header.
pub fn show(call: &Call, out: ResponseOutparam) -> Outcome {
    let request = &call.request;
    let or_none = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
    let scheme = or_none(request.scheme().map(scheme_name));
    let authority = or_none(request.authority());
    let path = or_none(request.path_with_query());
    let mut lines = format!("{} {scheme} {authority} {path}\n", method_name(request.method()));
    lines += &field_lines(&request.headers());
    text(out, 200, &lines)
}

pub fn field_lines(fields: &Fields) -> String {
    let line =
        |(name, value): (String, Vec<u8>)| format!("{name}: {}\n", String::from_utf8_lossy(&value));
    fields.entries().into_iter().map(line).collect()
}

fn method_name(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => return name,
    };
    name.to_owned()
}

fn scheme_name(scheme: Scheme) -> String {
    match scheme {
        Scheme::Http => "http".to_owned(),
        Scheme::Https => "https".to_owned(),
        Scheme::Other(name) => name,
    }
}

pub fn count(_: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 200, &format!("{}\n", REQUESTS.load(Ordering::Relaxed)))
}

pub fn trailers(_: &Call, out: ResponseOutparam) -> Outcome {
    let announced = Fields::new();
    // Some servers send only trailers that the head announces. A host may refuse the field.
    let _ = announced.append("trailer", b"x-sum, x-two");
    let writer = begin(out, OutgoingResponse::new(announced));
    writer.write(b"with trailers\n")?;
    writer.finish(Some(fields(&[("x-sum", "42"), ("x-two", "a"), ("x-two", "b")])))
}

/// `send-informational` is unstable in WASI 0.2.12, and a component that imports it loads only
/// where a host chose to have it: here it stays out of the bindings.
pub fn informational(_: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 200, "no such function\n")
}

pub fn grow(call: &Call, out: ResponseOutparam) -> Outcome {
    let grown: Vec<Vec<u8>> = (0..call.number(0)).map(|_| vec![1; 1 << 20]).collect();
    black_box(grown);
    text(out, 200, "grown\n")
}
