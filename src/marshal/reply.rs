//! What host functions answer.

use std::slice;

use super::few::Number;
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

/// What a host function answered.
pub enum Replied {
    /// A value that leads nowhere.
    Number(Number),
    /// Any values.
    Kept(Box<dyn Reply>),
}

impl Replied {
    /// Any values.
    pub fn kept(reply: impl Reply + 'static) -> Self {
        Self::Kept(Box::new(reply))
    }

    /// The values.
    pub(super) fn values(&self) -> &[runtime_value_t] {
        match self {
            Self::Number(number) => slice::from_ref(number.value()),
            Self::Kept(reply) => reply.values(),
        }
    }

    /// The values as those of wasmtime, where the guest's handles are at hand.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` and `INVALID_ARGUMENT` name the place.
    pub fn read(&mut self, ty: &FunctionType, handles: &mut dyn Handles) -> Result<Vec<Value>> {
        if let Self::Kept(reply) = self {
            reply.delivered();
        }
        // SAFETY: `Reply` obliges its implementors, and numbers lead nowhere.
        unsafe { lower_results(self.values(), ty, handles) }
    }
}

impl std::fmt::Debug for Replied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replied")
    }
}
