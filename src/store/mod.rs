//! A store, the guest in it, and what the two sides pass each other.

mod basis;
mod blueprint;
pub(crate) mod capability;
mod errand;
mod export;
mod guest;
#[cfg(feature = "http")]
mod handling;
mod link;
mod live;
mod near;
mod parts;
mod passage;
mod profile;
mod provider;
mod session;
mod shelf;
mod view;
mod wasi;
mod way;

pub(crate) use basis::Basis;
pub(crate) use blueprint::Blueprint;
pub(crate) use export::Export;
pub(crate) use guest::Guest;
pub(crate) use link::{Linked, link};
pub(crate) use live::Live;
pub(crate) use parts::{Parts, Remade, Remake};
pub(crate) use passage::{HostNumbers, Passage};
pub(crate) use profile::{Profile, next_id};
pub(crate) use provider::{Provider, Source};
pub(crate) use session::Session;
pub use shelf::Reuse;
