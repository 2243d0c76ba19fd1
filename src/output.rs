//! What a guest printed during a call, kept for the caller.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One of a guest's two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What it prints.
    Stdout,
    /// What it complains about.
    Stderr,
}

/// Receives what the guest of a call prints, if its sandbox captures that. It holds the output of
/// one call, since the next call that is given it starts anew, or [collects](Self::collect).
#[derive(Debug)]
pub struct Output {
    cap: usize,
    collects: AtomicBool,
    stdout: Mutex<Captured>,
    stderr: Mutex<Captured>,
}

#[derive(Debug)]
struct Captured {
    /// What was printed, and a NUL behind it, for C.
    bytes: Vec<u8>,
    truncated: bool,
}

impl Default for Captured {
    fn default() -> Self {
        Self { bytes: vec![0], truncated: false }
    }
}

impl Output {
    /// Keeps the first `cap` bytes of each stream.
    pub fn new(cap: usize) -> Self {
        // Room for the NUL.
        let cap = cap.min(isize::MAX as usize - 1);
        let collects = AtomicBool::new(false);
        Self { cap, collects, stdout: Mutex::default(), stderr: Mutex::default() }
    }

    /// Says whether calls add to what is there, rather than start anew. Starts anew itself.
    pub fn collect(&self, collects: bool) {
        self.collects.store(collects, Relaxed);
        self.clear();
    }

    /// What the guest printed to stdout.
    pub fn stdout(&self) -> Vec<u8> {
        self.bytes(Stream::Stdout)
    }

    /// What the guest printed to stderr.
    pub fn stderr(&self) -> Vec<u8> {
        self.bytes(Stream::Stderr)
    }

    /// Whether the guest printed more to either stream than was kept.
    pub fn is_truncated(&self) -> bool {
        [Stream::Stdout, Stream::Stderr].into_iter().any(|it| self.lock(it).truncated)
    }

    /// Where the bytes of a stream are, followed by a NUL, until a call writes here.
    pub(crate) fn place(&self, stream: Stream) -> (*const u8, usize) {
        let captured = self.lock(stream);
        (captured.bytes.as_ptr(), captured.bytes.len() - 1)
    }

    /// A call begins.
    pub(crate) fn begin(&self) {
        if !self.collects.load(Relaxed) {
            self.clear();
        }
    }

    /// Forgets what earlier calls printed.
    fn clear(&self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            *self.lock(stream) = Captured::default();
        }
    }

    /// Keeps as much of `bytes` as there is room for.
    pub(crate) fn push(&self, stream: Stream, bytes: &[u8]) {
        let mut captured = self.lock(stream);
        let room = self.cap - (captured.bytes.len() - 1);
        let kept = bytes.len().min(room);
        captured.bytes.pop();
        captured.bytes.extend_from_slice(&bytes[..kept]);
        captured.bytes.push(0);
        captured.truncated |= kept < bytes.len();
    }

    fn bytes(&self, stream: Stream) -> Vec<u8> {
        let captured = self.lock(stream);
        captured.bytes[..captured.bytes.len() - 1].to_vec()
    }

    fn lock(&self, stream: Stream) -> MutexGuard<'_, Captured> {
        let stream = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_ends_at_its_cap() {
        let output = Output::new(5);
        output.push(Stream::Stdout, b"abc");
        output.push(Stream::Stderr, b"x");
        assert!(!output.is_truncated());
        output.push(Stream::Stdout, b"defg");
        output.push(Stream::Stdout, b"h");
        assert_eq!((output.stdout(), output.stderr()), (b"abcde".to_vec(), b"x".to_vec()));
        assert!(output.is_truncated());
        output.clear();
        assert_eq!((output.stdout(), output.is_truncated()), (Vec::new(), false));
    }

    #[test]
    fn nothing_fits_into_nothing() {
        let output = Output::new(0);
        output.push(Stream::Stderr, b"");
        assert!(!output.is_truncated());
        output.push(Stream::Stderr, b"a");
        assert_eq!((output.place(Stream::Stderr).1, output.is_truncated()), (0, true));
    }
}
