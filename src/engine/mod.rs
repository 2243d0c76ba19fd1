//! What all calls of a runtime share.

mod bounds;
mod end;
mod services;
mod settings;
pub(crate) mod shutdown;
pub(crate) mod sizes;

pub(crate) use services::Services;
pub(crate) use settings::Settings;
