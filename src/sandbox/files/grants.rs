//! What each open file of a guest was granted by.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::share::Held;
use crate::sandbox::Rights;
use crate::sandbox::quota::Opened;

/// Which directory each open file came from, by the number of its descriptor.
#[derive(Default)]
pub(crate) struct Grants(pub(super) HashMap<u32, Grant>);

#[derive(Clone)]
pub(super) struct Grant {
    /// Which of the granted directories.
    pub directory: usize,
    pub rights: Rights,
    pub open: Arc<OpenFile>,
}

/// What an open file counts as, for as long as it is open.
#[derive(Default)]
pub(super) struct OpenFile {
    pub _opened: Option<Opened>,
    pub _held: Option<Held>,
}
