//! What a module's functions take and give.

/// The types of a module's functions.
#[derive(Default)]
pub(super) struct Signatures {
    /// Parameters and results.
    pub(super) types: Vec<(u64, u64)>,
    pub(super) functions: Vec<u32>,
}

impl Signatures {
    /// How many values a function of this type takes and gives; none if the module is invalid.
    pub(super) fn ty(&self, index: u32) -> (u64, u64) {
        self.types.get(index as usize).copied().unwrap_or_default()
    }

    pub(super) fn function(&self, index: u32) -> (u64, u64) {
        self.functions.get(index as usize).map_or((0, 0), |ty| self.ty(*ty))
    }
}
