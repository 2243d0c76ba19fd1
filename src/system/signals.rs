//! Signals of the process that this library lives in, which belong to its host.

mod bell;
#[cfg(target_os = "linux")]
mod chain;
#[cfg(target_os = "linux")]
mod covered;
#[cfg(target_os = "linux")]
mod handlers;
mod mask;
#[cfg(not(target_os = "linux"))]
mod no_handlers;
#[cfg(target_os = "linux")]
mod pass;
mod quiet;

pub(crate) use bell::Bell;
#[cfg(target_os = "linux")]
pub(crate) use handlers::{installed, restore, with_handlers};
pub(crate) use mask::{Blocked, Open, ours};
#[cfg(not(target_os = "linux"))]
pub(crate) use no_handlers::{installed, restore, with_handlers};
pub(crate) use quiet::Quiet;
