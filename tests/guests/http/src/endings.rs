//! Handlers that end otherwise than by a finished response.

use std::hint::black_box;
use std::mem::forget;

use crate::Outcome;
use crate::answer::{begin_with, text};
use crate::call::{Call, sleep};
use crate::errors::{Failed, by_name};
use crate::wasi::cli::exit::exit_with_code;
use crate::wasi::http::types::{Fields, OutgoingResponse, ResponseOutparam};
use crate::writer::Writer;

fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// A head and five bytes that are out.
fn begun(out: ResponseOutparam) -> Result<Writer, Failed> {
    let writer = begin_with(out, &[]);
    writer.write(b"begun")?;
    writer.flush()?;
    Ok(writer)
}

pub fn trap_before(_: &Call, _: ResponseOutparam) -> Outcome {
    trap()
}

pub fn trap_after(_: &Call, out: ResponseOutparam) -> Outcome {
    let _writer = begun(out)?;
    trap()
}

pub fn spin_before(_: &Call, _: ResponseOutparam) -> Outcome {
    spin()
}

pub fn spin_after(_: &Call, out: ResponseOutparam) -> Outcome {
    let _writer = begun(out)?;
    spin()
}

pub fn sleep_before(call: &Call, out: ResponseOutparam) -> Outcome {
    sleep(call.number(0));
    text(out, 200, "done\n")
}

pub fn sleep_after(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begun(out)?;
    sleep(call.number(0));
    writer.write(b" done\n")?;
    writer.finish(None)
}

pub fn exit_after(_: &Call, out: ResponseOutparam) -> Outcome {
    let _writer = begun(out)?;
    exit_with_code(3);
    Ok(())
}

pub fn after(call: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 200, "done\n")?;
    sleep(call.number(0));
    Ok(())
}

pub fn after_trap(_: &Call, out: ResponseOutparam) -> Outcome {
    text(out, 200, "done\n")?;
    trap()
}

/// Drops the body unfinished.
pub fn no_finish(_: &Call, out: ResponseOutparam) -> Outcome {
    begun(out).map(drop)
}

/// Returns while the body and its stream are still there.
pub fn leak(_: &Call, out: ResponseOutparam) -> Outcome {
    begun(out).map(forget)
}

/// Returns while the response may still be set.
pub fn no_response(_: &Call, out: ResponseOutparam) -> Outcome {
    forget(out);
    Ok(())
}

pub fn dropped(_: &Call, out: ResponseOutparam) -> Outcome {
    drop(out);
    Ok(())
}

pub fn twice(_: &Call, out: ResponseOutparam) -> Outcome {
    // Both are made before the handle is free, or one of them would get its number.
    let first = OutgoingResponse::new(Fields::new());
    let second = OutgoingResponse::new(Fields::new());
    // SAFETY: not at all: this handle is no longer ours after the first call, and a host traps.
    let again = unsafe { ResponseOutparam::from_handle(out.handle()) };
    ResponseOutparam::set(out, Ok(first));
    ResponseOutparam::set(again, Ok(second));
    Ok(())
}

pub fn error(call: &Call, out: ResponseOutparam) -> Outcome {
    match by_name(&call.query) {
        Some(code) => ResponseOutparam::set(out, Err(code)),
        None => return text(out, 404, "no such error\n"),
    }
    Ok(())
}
