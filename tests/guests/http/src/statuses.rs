//! Bodies of responses whose status may allow none.

use crate::Outcome;
use crate::answer::{begin, fields};
use crate::bodies::count;
use crate::call::Call;
use crate::wasi::http::types::{Fields, OutgoingResponse, ResponseOutparam};
use crate::writer::Writer;

/// A head with the status that the first parameter says; one that is none is a trap.
fn head(call: &Call, out: ResponseOutparam, fields: Fields) -> Writer {
    let response = OutgoingResponse::new(fields);
    let status = u16::try_from(call.number(0)).expect("a status");
    response.set_status_code(status).expect("a status");
    begin(out, response)
}

/// Announces as many bytes as it writes.
pub fn status_body(call: &Call, out: ResponseOutparam) -> Outcome {
    let length = call.number(1).to_string();
    let writer = head(call, out, fields(&[("content-length", &length)]));
    writer.write(&vec![b'x'; call.length(1)])?;
    writer.finish(None)
}

/// Writes its body first, and reads that of the request only then.
pub fn status_then_read(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = head(call, out, Fields::new());
    writer.write(&vec![b'x'; call.length(1)])?;
    count(&call.body(), |_| ())?;
    writer.finish(None)
}
