//! Streams of WASI 0.2 without the standard library in between.

use wasip2::cli::{stdin, stdout};
use wasip2::clocks::monotonic_clock;
use wasip2::io::poll;

/// Writes as much as the stream takes at once, then polls it in a loop, but never blocks on it.
pub fn print_without_waiting(mut bytes: &[u8]) {
    let stdout = stdout::get_stdout();
    let ready = stdout.subscribe();
    while !bytes.is_empty() {
        match stdout.check_write().expect("stdout is open") {
            0 => drop(ready.ready()),
            room => {
                let (now, later) = bytes.split_at(bytes.len().min(room as usize));
                stdout.write(now).expect("there is room");
                bytes = later;
            }
        }
    }
}

/// Waits for both, and tells which came, and what it brought.
pub fn stdin_or_timer(milliseconds: u64) -> String {
    let input = stdin::get_stdin();
    let timer = monotonic_clock::subscribe_duration(milliseconds * 1_000_000);
    let ready = poll::poll(&[&input.subscribe(), &timer]);
    if ready.contains(&0) {
        match input.read(4096) {
            Ok(bytes) => format!("stdin: {}", String::from_utf8_lossy(&bytes)),
            Err(error) => format!("stdin: {error:?}"),
        }
    } else {
        "timer".to_owned()
    }
}
