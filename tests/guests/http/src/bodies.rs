//! Reads the body of the request, piece by piece.

use crate::Outcome;
use crate::answer::{begin, text};
use crate::call::{Call, sleep};
use crate::errors::Failed;
use crate::plain::field_lines;
use crate::reader::Reader;
use crate::wasi::http::types::{Fields, OutgoingResponse, ResponseOutparam};

/// What is read is written, and never more than one piece is held.
pub fn echo(call: &Call, out: ResponseOutparam) -> Outcome {
    let fields = Fields::new();
    // Some servers send only trailers that the head announces. A host may refuse the field.
    let _ = fields.set("trailer", &call.request.headers().get("trailer"));
    let writer = begin(out, OutgoingResponse::new(fields));
    let reader = call.body();
    while let Some(piece) = reader.next()? {
        writer.write(&piece)?;
        writer.flush()?;
    }
    let trailers = reader.trailers()?;
    writer.finish(trailers)
}

/// Length and FNV-1a of the body, then its trailers.
pub fn sum(call: &Call, out: ResponseOutparam) -> Outcome {
    let reader = call.body();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let read = count(&reader, |piece| {
        for byte in piece {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    });
    let found = read.and_then(|length| Ok((length, reader.trailers()?)));
    let (length, trailers) = match found {
        Ok(found) => found,
        Err(failed) => return broken(out, &failed),
    };
    let trailers = trailers.map(|trailers| field_lines(&trailers)).unwrap_or_default();
    text(out, 200, &format!("{length} {hash:016x}\n{trailers}"))
}

pub fn slow_reader(call: &Call, out: ResponseOutparam) -> Outcome {
    match count(&call.body(), |_| sleep(call.number(0))) {
        Ok(length) => text(out, 200, &format!("{length}\n")),
        Err(failed) => broken(out, &failed),
    }
}

/// Reads to the end; gives the length.
pub fn count(reader: &Reader, mut each: impl FnMut(&[u8])) -> Result<u64, Failed> {
    let mut length = 0;
    while let Some(piece) = reader.next()? {
        length += piece.len() as u64;
        each(&piece);
    }
    Ok(length)
}

/// The body of the request did not come to its end.
fn broken(out: ResponseOutparam, failed: &Failed) -> Outcome {
    text(out, 400, &format!("error {failed}\n"))
}
