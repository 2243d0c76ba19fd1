//! Signals of the process that this library lives in, which belong to its host.

mod bell;
mod mask;

pub(crate) use bell::Bell;
pub(crate) use mask::{Blocked, Look, Open, ours};
