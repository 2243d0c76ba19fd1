//! Makes the host keep much for things that are never sent.

use crate::Outcome;
use crate::answer::text;
use crate::call::Call;
use crate::wasi::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, ResponseOutparam};

/// Makes as many things as the first parameter says, holds them all, and tells how many times
/// `make` found that the host did what it was asked.
fn hold<T>(call: &Call, out: ResponseOutparam, make: impl Fn() -> (T, bool)) -> Outcome {
    let made: Vec<(T, bool)> = (0..call.number(0)).map(|_| make()).collect();
    let done = made.iter().filter(|(_, done)| *done).count();
    text(out, 200, &format!("{} made, {done} done\n", made.len()))
}

fn request() -> OutgoingRequest {
    OutgoingRequest::new(Fields::new())
}

pub fn long_methods(call: &Call, out: ResponseOutparam) -> Outcome {
    let method = Method::Other("A".repeat(call.length(1)));
    hold(call, out, || {
        let request = request();
        let done = request.set_method(&method).is_ok();
        (request, done)
    })
}

pub fn long_authorities(call: &Call, out: ResponseOutparam) -> Outcome {
    let authority = "a".repeat(call.length(1));
    hold(call, out, || {
        let request = request();
        let done = request.set_authority(Some(&authority)).is_ok();
        (request, done)
    })
}

pub fn long_paths(call: &Call, out: ResponseOutparam) -> Outcome {
    let path = format!("/{}", "a".repeat(call.length(1)));
    hold(call, out, || {
        let request = request();
        let done = request.set_path_with_query(Some(&path)).is_ok();
        (request, done)
    })
}

/// Ends bodies by trailers that no host takes.
pub fn bad_trailers(call: &Call, out: ResponseOutparam) -> Outcome {
    let value = vec![b'x'; call.length(1)];
    hold(call, out, || {
        let body = request().body().expect("the body is taken once");
        let trailers = Fields::new();
        let _ = trailers.append("content-type", &value);
        ((), OutgoingBody::finish(body, Some(trailers)).is_ok())
    })
}

/// Fields that are empty again, but once had so many values.
pub fn emptied_fields(call: &Call, out: ResponseOutparam) -> Outcome {
    let values = vec![Vec::new(); call.length(1)];
    hold(call, out, || {
        let fields = Fields::new();
        let done = fields.set("a", &values).is_ok();
        let _ = fields.delete("a");
        (fields, done)
    })
}
