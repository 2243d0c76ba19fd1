//! What host functions answer.

use super::layout::runtime_value_t;
use super::results::Results;
use super::val::lower_results;
use crate::error::Result;
use crate::marshal::handles::Handles;
use crate::types::FunctionType;
use crate::value::Value;

/// Values that a host function answers with.
///
/// # Safety
/// The values are as [`super::check_args`] wants them, for as long as the reply lives.
pub unsafe trait Reply: Send + Sync {
    /// The values.
    fn values(&self) -> &[runtime_value_t];

    /// The guest owns the resources in it from here on.
    fn delivered(&mut self) {}

    /// The same for another thread, or for later: nothing in it is of whoever gave it.
    ///
    /// # Errors
    /// What is wrong with the values, or that there is no memory for them.
    fn keep(self: Box<Self>) -> Result<Box<dyn Reply>>;
}

// SAFETY: there are no values.
unsafe impl Reply for () {
    fn values(&self) -> &[runtime_value_t] {
        &[]
    }

    fn keep(self: Box<Self>) -> Result<Box<dyn Reply>> {
        Ok(self)
    }
}

// SAFETY: results own everything they point to.
unsafe impl Reply for Results {
    fn values(&self) -> &[runtime_value_t] {
        Results::values(self)
    }

    fn keep(self: Box<Self>) -> Result<Box<dyn Reply>> {
        Ok(self)
    }
}

impl dyn Reply {
    /// The values as those of wasmtime, where the guest's handles are at hand.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` and `INVALID_ARGUMENT` name the place.
    pub fn read(&mut self, ty: &FunctionType, handles: &mut dyn Handles) -> Result<Vec<Value>> {
        self.delivered();
        // SAFETY: `Reply` obliges its implementors.
        unsafe { lower_results(self.values(), ty, handles) }
    }
}
