//! Answers requests in every way that a host has to be ready for, as the path of the request says.
//!
//! What stands after `?` are parameters, separated by `&`; a number that is missing is 0.

mod answer;
mod bodies;
mod bombs;
mod call;
mod endings;
mod errors;
mod fetch;
mod fields;
mod kept;
mod looks;
mod pipe;
mod plain;
mod reader;
mod sizes;
mod statuses;
mod writer;

use std::sync::atomic::{AtomicU32, Ordering};

use call::Call;
use errors::Failed;
use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{IncomingRequest, ResponseOutparam};

wit_bindgen::generate!({ path: "../wit", world: "web", generate_all });

type Outcome = Result<(), Failed>;
type Behaviour = fn(&Call, ResponseOutparam) -> Outcome;

const PATHS: &[(&str, Behaviour)] = &[
    ("/hello", plain::hello),
    ("/status", plain::status),
    ("/show", plain::show),
    ("/count", plain::count),
    ("/trailers", plain::trailers),
    ("/informational", plain::informational),
    ("/grow", plain::grow),
    ("/echo", bodies::echo),
    ("/sum", bodies::sum),
    ("/slow-reader", bodies::slow_reader),
    ("/bytes", sizes::bytes),
    ("/length", sizes::length),
    ("/short", sizes::short),
    ("/long", sizes::long),
    ("/length-sleep", sizes::length_sleep),
    ("/ticks", sizes::ticks),
    ("/body-bomb", sizes::body_bomb),
    ("/write-unchecked", sizes::write_unchecked),
    ("/trap-before", endings::trap_before),
    ("/trap-after", endings::trap_after),
    ("/spin-before", endings::spin_before),
    ("/spin-after", endings::spin_after),
    ("/sleep-before", endings::sleep_before),
    ("/sleep-after", endings::sleep_after),
    ("/exit-after", endings::exit_after),
    ("/after", endings::after),
    ("/after-trap", endings::after_trap),
    ("/no-finish", endings::no_finish),
    ("/leak", endings::leak),
    ("/no-response", endings::no_response),
    ("/dropped", endings::dropped),
    ("/twice", endings::twice),
    ("/error", endings::error),
    ("/forbidden", fields::forbidden),
    ("/field-bomb", fields::field_bomb),
    ("/value-bomb", fields::value_bomb),
    ("/fields-bomb", fields::fields_bomb),
    ("/trailer-names", fields::trailer_names),
    ("/look-sleep", looks::look_sleep),
    ("/look-print", looks::look_print),
    ("/body-or-timer", looks::body_or_timer),
    ("/stash", kept::stash),
    ("/stash-write", kept::stash_write),
    ("/stash-out", kept::stash_out),
    ("/stash-set", kept::stash_set),
    ("/leak-request", kept::leak_request),
    ("/long-methods", bombs::long_methods),
    ("/long-authorities", bombs::long_authorities),
    ("/long-paths", bombs::long_paths),
    ("/bad-trailers", bombs::bad_trailers),
    ("/emptied-fields", bombs::emptied_fields),
    ("/status-body", statuses::status_body),
    ("/status-then-read", statuses::status_then_read),
    ("/fetch", fetch::fetch),
    ("/fetch-post", fetch::fetch_post),
    ("/fetch-drop", fetch::fetch_drop),
    ("/fetch-many", fetch::fetch_many),
];

/// How many requests this instance has had.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

struct Web;

impl Guest for Web {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        let call = Call::new(request);
        let found = PATHS.iter().find(|(path, _)| *path == call.path);
        let behave = found.map_or(plain::not_here as Behaviour, |(_, behave)| *behave);
        // Whoever asked is gone, or a body was not what it said: there is nobody left to tell.
        let _ = behave(&call, response_out);
        call.release();
    }
}

export!(Web);
