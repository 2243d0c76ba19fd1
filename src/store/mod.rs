//! A store, the guest in it, and what the two sides pass each other.

mod passage;

pub(crate) use passage::{Loans, Passage, StoreHandles};
