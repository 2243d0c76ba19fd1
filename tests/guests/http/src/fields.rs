//! Fields that a host refuses, or that are too many or too large for it.

use crate::Outcome;
use crate::answer::{begin, text};
use crate::call::Call;
use crate::wasi::http::types::{Fields, HeaderError, OutgoingResponse, ResponseOutparam};

/// What it is, its name, its value.
const TRIALS: &[(&str, &str, &[u8])] = &[
    ("connection", "connection", b"close"),
    ("keep-alive", "keep-alive", b"timeout=5"),
    ("transfer-encoding", "transfer-encoding", b"chunked"),
    ("upgrade", "upgrade", b"websocket"),
    ("host", "host", b"example.com"),
    ("te", "te", b"trailers"),
    ("trailer", "trailer", b"x-sum"),
    ("content-length +5", "content-length", b"+5"),
    ("value with CR LF", "x-value", b"a\r\nx-smuggled: b"),
    ("value with NUL", "x-value", b"a\0b"),
    ("name with blank", "x name", b"a"),
    ("empty name", "", b"a"),
    ("name with colon", "x:name", b"a"),
];

fn outcome<T>(result: Result<T, HeaderError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(HeaderError::Forbidden) => "forbidden",
        Err(HeaderError::InvalidSyntax) => "invalid-syntax",
        Err(HeaderError::Immutable) => "immutable",
    }
}

/// Two lines for each trial, and one for the fields of the request.
pub fn forbidden(call: &Call, out: ResponseOutparam) -> Outcome {
    let mut lines = String::new();
    for (what, name, value) in TRIALS {
        let appended = outcome(Fields::new().append(name, value));
        let listed = outcome(Fields::from_list(&[((*name).to_owned(), value.to_vec())]));
        lines += &format!("append {what}: {appended}\nfrom-list {what}: {listed}\n");
    }
    let request = outcome(call.request.headers().append("x-name", b"a"));
    text(out, 200, &format!("{lines}append to the request: {request}\n"))
}

/// Many fields of 1 KiB; `send` as second parameter sends them too.
pub fn field_bomb(call: &Call, out: ResponseOutparam) -> Outcome {
    let fields = Fields::new();
    let value = [b'x'; 1024];
    let mut report = format!("appended {}\n", call.number(0));
    for i in 0..call.number(0) {
        let appended = fields.append(&format!("x-bomb-{i}"), &value);
        if appended.is_err() {
            report = format!("appended {i}, then {}\n", outcome(appended));
            break;
        }
    }
    finish_bomb(call, out, fields, &report)
}

/// One field of that many bytes; `send` as second parameter sends it too.
pub fn value_bomb(call: &Call, out: ResponseOutparam) -> Outcome {
    let fields = Fields::new();
    let value = vec![b'x'; call.length(0)];
    let report = format!("{}\n", outcome(fields.append("x-bomb", &value)));
    finish_bomb(call, out, fields, &report)
}

fn finish_bomb(call: &Call, out: ResponseOutparam, fields: Fields, report: &str) -> Outcome {
    if call.query.split('&').nth(1) != Some("send") {
        return text(out, 200, report);
    }
    let writer = begin(out, OutgoingResponse::new(fields));
    writer.write(report.as_bytes())?;
    writer.finish(None)
}

/// Many resources at once.
pub fn fields_bomb(call: &Call, out: ResponseOutparam) -> Outcome {
    let kept: Vec<Fields> = (0..call.number(0)).map(|_| Fields::new()).collect();
    text(out, 200, &format!("kept {}\n", kept.len()))
}

/// A response with one trailer, whose name and value are the parameters.
pub fn trailer_names(call: &Call, out: ResponseOutparam) -> Outcome {
    let mut parameters = call.query.split('&');
    let mut next = || parameters.next().unwrap_or_default();
    let trailers = Fields::new();
    let appended = trailers.append(next(), next().as_bytes());
    let writer = begin(out, OutgoingResponse::new(Fields::new()));
    writer.write(format!("{}\n", outcome(appended)).as_bytes())?;
    writer.finish(Some(trailers))
}
