//! Makes requests, and answers with what came of them.

use std::fmt;

use crate::Outcome;
use crate::answer::{begin_with, text};
use crate::bodies::count;
use crate::call::Call;
use crate::errors::Failed;
use crate::pipe::{Pipe, Step};
use crate::reader::Reader;
use crate::wasi::http::outgoing_handler;
use crate::wasi::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    ResponseOutparam, Scheme,
};
use crate::wasi::io::poll::{Pollable, poll};
use crate::writer::Writer;

/// Why there is no response.
enum Problem {
    /// Refused already while the request was made up: which part.
    Refused(&'static str),
    Failed(Failed),
}

impl<T: Into<Failed>> From<T> for Problem {
    fn from(failed: T) -> Self {
        Self::Failed(failed.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Refused(part) => write!(f, "refused {part}"),
            Self::Failed(failed) => write!(f, "error {failed}"),
        }
    }
}

/// A request that is on its way, and its body.
fn start(method: &Method, url: &str) -> Result<(FutureIncomingResponse, OutgoingBody), Problem> {
    let (scheme, rest) = url.split_once("://").ok_or(Problem::Refused("url"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let path = if path.is_empty() { "/" } else { path };
    let refused = |part| move |()| Problem::Refused(part);

    let request = OutgoingRequest::new(Fields::new());
    request.set_method(method).map_err(refused("method"))?;
    request.set_scheme(Some(&scheme)).map_err(refused("scheme"))?;
    request.set_authority(Some(authority)).map_err(refused("authority"))?;
    request.set_path_with_query(Some(path)).map_err(refused("path"))?;
    let body = request.body().expect("the body is taken once");
    Ok((outgoing_handler::handle(request, None)?, body))
}

fn get(url: &str) -> Result<FutureIncomingResponse, Problem> {
    let (future, body) = start(&Method::Get, url)?;
    OutgoingBody::finish(body, None)?;
    Ok(future)
}

/// Waits for the head, and sends on what there is to upload.
fn response(
    future: &FutureIncomingResponse,
    upload: &mut Option<Pipe>,
) -> Result<IncomingResponse, Problem> {
    loop {
        if let Some(outcome) = future.get() {
            return Ok(outcome.expect("the response is taken once")?);
        }
        if !advance(upload) {
            wait(future.subscribe(), upload.as_ref());
        }
    }
}

/// Moves an upload on; false if it must wait, or is over. One that fails is given up: the response
/// says what became of it.
fn advance(upload: &mut Option<Pipe>) -> bool {
    match upload.as_mut().map(Pipe::step) {
        Some(Ok(Step::Moved)) => true,
        None | Some(Ok(Step::Waits)) => false,
        Some(Ok(Step::Ended)) => upload.take().is_some_and(|pipe| pipe.finish().is_ok()),
        Some(Err(_)) => upload.take().is_none(),
    }
}

fn wait(first: Pollable, upload: Option<&Pipe>) {
    match upload.map(Pipe::ready) {
        Some(second) => drop(poll(&[&first, &second])),
        None => first.block(),
    }
}

fn body(response: &IncomingResponse) -> Reader {
    Reader::new(response.consume().expect("the body is taken once"))
}

/// Status and body of a response; if the body breaks, the error follows.
fn relay(response: &IncomingResponse, mut upload: Option<Pipe>, out: ResponseOutparam) -> Outcome {
    let writer = begin_with(out, &[]);
    writer.write(format!("{}\n", response.status()).as_bytes())?;
    let mut download = Pipe::new(body(response), writer);
    loop {
        match download.step() {
            Ok(Step::Ended) => return download.finish(),
            Ok(Step::Moved) => drop(advance(&mut upload)),
            Ok(Step::Waits) if advance(&mut upload) => {}
            Ok(Step::Waits) => wait(download.ready(), upload.as_ref()),
            Err(failed) => {
                download.to.write(format!("\nerror {failed}\n").as_bytes())?;
                return download.to.finish(None);
            }
        }
    }
}

pub fn fetch(call: &Call, out: ResponseOutparam) -> Outcome {
    match get(&call.query).and_then(|future| response(&future, &mut None)) {
        Ok(response) => relay(&response, None, out),
        Err(problem) => text(out, 200, &format!("{problem}\n")),
    }
}

pub fn fetch_post(call: &Call, out: ResponseOutparam) -> Outcome {
    let mut upload = None;
    let got = start(&Method::Post, &call.query).and_then(|(future, body)| {
        upload = Some(Pipe::new(call.body(), Writer::new(body)));
        response(&future, &mut upload)
    });
    match got {
        Ok(response) => relay(&response, upload, out),
        Err(problem) => text(out, 200, &format!("{problem}\n")),
    }
}

pub fn fetch_drop(call: &Call, out: ResponseOutparam) -> Outcome {
    match get(&call.query) {
        Ok(future) => {
            drop(future);
            text(out, 200, "dropped\n")
        }
        Err(problem) => text(out, 200, &format!("{problem}\n")),
    }
}

/// All are started before the first is waited for; a line for each: status and length of its body.
pub fn fetch_many(call: &Call, out: ResponseOutparam) -> Outcome {
    let url = call.query.split_once('&').map_or("", |(_, url)| url);
    let started: Vec<_> = (0..call.number(0)).map(|_| get(url)).collect();
    let lines = started.into_iter().map(|started| match started.and_then(status_and_length) {
        Ok((status, length)) => format!("{status} {length}\n"),
        Err(problem) => format!("{problem}\n"),
    });
    text(out, 200, &lines.collect::<String>())
}

fn status_and_length(future: FutureIncomingResponse) -> Result<(u16, u64), Problem> {
    let response = response(&future, &mut None)?;
    let length = count(&body(&response), |_| {})?;
    Ok((response.status(), length))
}
