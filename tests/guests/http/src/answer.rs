//! Begins responses, and makes short ones.

use crate::Outcome;
use crate::wasi::http::types::{Fields, OutgoingResponse, ResponseOutparam};
use crate::writer::Writer;

/// Fields that every host takes.
pub fn fields(entries: &[(&str, &str)]) -> Fields {
    let fields = Fields::new();
    for (name, value) in entries {
        fields.append(name, value.as_bytes()).expect("an ordinary field");
    }
    fields
}

/// Sets the response; its body comes by the writer.
pub fn begin(out: ResponseOutparam, response: OutgoingResponse) -> Writer {
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    Writer::new(body)
}

/// The same for a response with status 200.
pub fn begin_with(out: ResponseOutparam, entries: &[(&str, &str)]) -> Writer {
    begin(out, OutgoingResponse::new(fields(entries)))
}

/// A whole response of text.
pub fn text(out: ResponseOutparam, status: u16, text: &str) -> Outcome {
    let response = OutgoingResponse::new(fields(&[("content-type", "text/plain")]));
    response.set_status_code(status).expect("a status");
    let writer = begin(out, response);
    writer.write(text.as_bytes())?;
    writer.finish(None)
}
