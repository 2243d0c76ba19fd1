//! Keeps what belongs to one request until a later one of the same instance, or for good.

use std::cell::RefCell;
use std::mem::take;

use crate::Outcome;
use crate::answer::{begin_with, text};
use crate::call::Call;
use crate::wasi::http::types::ResponseOutparam;
use crate::writer::Writer;

thread_local! {
    static WRITERS: RefCell<Vec<Writer>> = const { RefCell::new(Vec::new()) };
    static OUTS: RefCell<Vec<ResponseOutparam>> = const { RefCell::new(Vec::new()) };
}

/// Returns with its body begun.
pub fn stash(_: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    writer.write(b"first\n")?;
    WRITERS.with_borrow_mut(|writers| writers.push(writer));
    Ok(())
}

/// Writes to the bodies that were kept, and tells for each whether that was taken.
pub fn stash_write(_: &Call, out: ResponseOutparam) -> Outcome {
    let write = |writer: &Writer| writer.write_now(b"of a later request\n").is_ok();
    let taken: Vec<bool> = WRITERS.with_borrow(|writers| writers.iter().map(write).collect());
    text(out, 200, &format!("{taken:?}\n"))
}

/// Returns with its response not yet set.
pub fn stash_out(_: &Call, out: ResponseOutparam) -> Outcome {
    OUTS.with_borrow_mut(|outs| outs.push(out));
    Ok(())
}

/// Sets the responses that were kept, then its own.
pub fn stash_set(_: &Call, out: ResponseOutparam) -> Outcome {
    for kept in OUTS.with_borrow_mut(take) {
        // Whether there is still somebody to answer is up to the host.
        let _ = text(kept, 200, "of a later request\n");
    }
    text(out, 200, "set\n")
}

/// Never lets go of its request, whose body nobody takes.
pub fn leak_request(call: &Call, out: ResponseOutparam) -> Outcome {
    call.keep();
    text(out, 200, "leaked\n")
}
