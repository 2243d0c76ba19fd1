//! Bodies of a given length, or of another than they say.

use crate::Outcome;
use crate::answer::begin_with;
use crate::call::{Call, sleep};
use crate::wasi::http::types::ResponseOutparam;
use crate::writer::Writer;

/// Byte `i` of the pattern is `i % 251`, and each piece begins with 0.
const PERIOD: usize = 251;
const PIECE: usize = PERIOD * 64;

fn pattern() -> Vec<u8> {
    (0..PIECE).map(|i| (i % PERIOD) as u8).collect()
}

fn write_pattern(writer: &Writer, mut length: u64) -> Outcome {
    let piece = pattern();
    while length > 0 {
        let count = length.min(PIECE as u64);
        writer.write(&piece[..count as usize])?;
        length -= count;
    }
    Ok(())
}

fn begin_with_length(out: ResponseOutparam, length: u64) -> Writer {
    begin_with(out, &[("content-length", &length.to_string())])
}

pub fn bytes(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    write_pattern(&writer, call.number(0))?;
    writer.finish(None)
}

pub fn length(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with_length(out, call.number(0));
    write_pattern(&writer, call.number(0))?;
    writer.finish(None)
}

/// Finished, it does not return yet: the second parameter is the length.
pub fn length_sleep(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with_length(out, call.number(1));
    write_pattern(&writer, call.number(1))?;
    writer.finish(None)?;
    sleep(call.number(0));
    Ok(())
}

pub fn short(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with_length(out, call.number(0));
    write_pattern(&writer, call.number(0).saturating_sub(1))?;
    writer.finish(None)
}

/// The byte too many comes alone, after all others are out.
pub fn long(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with_length(out, call.number(0));
    write_pattern(&writer, call.number(0))?;
    writer.flush()?;
    // Finished even so: whether that is an error is up to the host.
    let _ = writer.write(b"!");
    writer.finish(None)
}

pub fn ticks(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    for tick in 0..call.number(0) {
        writer.write(format!("tick {tick}\n").as_bytes())?;
        writer.flush()?;
        sleep(call.number(1));
    }
    writer.finish(None)
}

pub fn body_bomb(_: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    let piece = pattern();
    loop {
        writer.write(&piece)?;
    }
}

pub fn write_unchecked(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    writer.write_unchecked(&vec![b'x'; call.length(0)])?;
    writer.finish(None)
}
