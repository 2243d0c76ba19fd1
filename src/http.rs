//! Components that handle HTTP requests in the host's own server.

#[cfg(not(feature = "http"))]
mod absent;
mod beginning;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "http")]
mod handler;
#[cfg(feature = "http")]
mod head;
#[cfg(feature = "http")]
mod input;
#[cfg(feature = "http")]
mod output;
mod piece;
#[cfg(feature = "http")]
mod running;

pub use beginning::Beginning;
pub use piece::Piece;

#[cfg(not(feature = "http"))]
pub use absent::{
    Exchange, Fields, Handler, Request, ResponseHead, add as add_field, each as each_field,
};
#[cfg(feature = "http")]
pub use exchange::Exchange;
#[cfg(feature = "http")]
pub use handler::Handler;
#[cfg(feature = "http")]
pub use head::{Fields, Request, ResponseHead, add as add_field, each as each_field};
