//! What all calls of a runtime share.

pub(crate) mod berths;
mod bounds;
pub mod deadline;
mod end;
mod engines;
pub(crate) mod epoch;
pub(crate) mod hosts;
pub(crate) mod limits;
pub(crate) mod loads;
pub(crate) mod offload;
pub(crate) mod parker;
pub mod pool;
pub(crate) mod portion;
mod services;
mod settings;
pub(crate) mod share;
pub(crate) mod shutdown;
pub(crate) mod sizes;
pub(crate) mod slots;
mod waiting;
mod workers;

pub(crate) use services::{Services, WeakServices};
pub(crate) use settings::{MOST_POOLS, Settings};
