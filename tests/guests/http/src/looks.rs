//! Looks at the body of the request without waiting for it.

use crate::Outcome;
use crate::answer::{begin_with, text};
use crate::call::{Call, sleep};
use crate::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::wasi::http::types::ResponseOutparam;
use crate::wasi::io::poll::poll;

/// One look, then something else that takes its time, then an answer.
fn look(call: &Call, out: ResponseOutparam, between: impl FnOnce()) -> Outcome {
    let reader = call.body();
    let first = reader.next_now()?;
    between();
    text(out, 200, &format!("saw {}\n", first.map_or(0, |piece| piece.len())))
}

pub fn look_sleep(call: &Call, out: ResponseOutparam) -> Outcome {
    look(call, out, || sleep(call.number(0)))
}

pub fn look_print(call: &Call, out: ResponseOutparam) -> Outcome {
    look(call, out, || println!("looked"))
}

/// Waits for the body and for a timer at once, until one of them comes to its end: the body, or
/// the timer after five ticks.
pub fn body_or_timer(call: &Call, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    let reader = call.body();
    let mut ticks = 0;
    let mut length = 0;
    while ticks < 5 {
        let timer = subscribe_duration(call.number(0) * 1_000_000);
        let ready = reader.ready();
        let which = poll(&[&ready, &timer]);
        drop(ready);
        if which.contains(&0) {
            match reader.next_now()? {
                Some(piece) => length += piece.len(),
                None => break,
            }
        }
        if which.contains(&1) {
            writer.write(b"tick\n")?;
            ticks += 1;
        }
    }
    writer.write(format!("read {length}\n").as_bytes())?;
    writer.finish(None)
}
