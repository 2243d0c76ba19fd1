//! What a request's body begins with.

use std::sync::Arc;

use bytes::Bytes;

use crate::sandbox::ReadFn;

/// The body of a request as far as it is known when that begins.
#[derive(Default)]
pub struct Beginning {
    /// All of it, or what it begins with.
    pub bytes: Bytes,
    /// Whether more follows.
    pub has_more: bool,
    /// What provides that, if it is not written.
    pub read: Option<Arc<ReadFn>>,
}
