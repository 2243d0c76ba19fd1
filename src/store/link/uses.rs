//! What the definitions of the host serve.

use std::collections::HashMap;
use std::sync::Arc;

use crate::types::FunctionType;

/// Which definitions serve a component, by their paths, and what the first import was that each
/// serves.
#[derive(Default)]
pub(super) struct Uses {
    pub imports: HashMap<String, (String, Arc<FunctionType>)>,
    /// The definition in each place of wasmtime's that several versions come to.
    pub places: HashMap<String, String>,
}
