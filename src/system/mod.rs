//! What the process and its threads have, and how the library treats it.

pub(crate) mod closing;
pub(crate) mod floats;
pub(crate) mod lanes;
pub(crate) mod log;
pub(crate) mod process;
pub(crate) mod room;
pub(crate) mod signals;
pub(crate) mod stack;
pub(crate) mod thread;
