//! A request, and the parameters in its path.

use std::cell::Cell;
use std::mem::forget;

use crate::reader::Reader;
use crate::wasi::clocks::monotonic_clock;
use crate::wasi::http::types::IncomingRequest;

pub struct Call {
    pub request: IncomingRequest,
    pub path: String,
    /// Everything after the first `?`.
    pub query: String,
    kept: Cell<bool>,
}

impl Call {
    pub fn new(request: IncomingRequest) -> Self {
        let whole = request.path_with_query().unwrap_or_default();
        let (path, query) = whole.split_once('?').unwrap_or((&whole, ""));
        Self { path: path.to_owned(), query: query.to_owned(), kept: Cell::new(false), request }
    }

    /// A parameter by its place.
    pub fn number(&self, place: usize) -> u64 {
        let parameter = self.query.split('&').nth(place).unwrap_or_default();
        parameter.parse().unwrap_or_default()
    }

    /// The same as a length; one that no memory holds is a trap once it is used.
    pub fn length(&self, place: usize) -> usize {
        usize::try_from(self.number(place)).unwrap_or(usize::MAX)
    }

    /// The body of the request, once.
    pub fn body(&self) -> Reader {
        Reader::new(self.request.consume().expect("the body is taken once"))
    }

    /// The request is there even after its handler returned.
    pub fn keep(&self) {
        self.kept.set(true);
    }

    pub fn release(self) {
        if self.kept.get() {
            forget(self);
        }
    }
}

pub fn sleep(milliseconds: u64) {
    monotonic_clock::subscribe_duration(milliseconds * 1_000_000).block();
}
