//! What all calls of a runtime share.

mod bounds;
mod settings;
pub(crate) mod sizes;

pub(crate) use settings::Settings;
