//! For hosts in Rust: values of wasmtime in place of values in C memory. Without resources, which
//! need the handles of an instance.

use super::check::{Args, keep};
use super::results::Results;
use super::val::{lift_args, lift_one, lift_results, lower_args, lower_results};
use crate::error::Result;
use crate::marshal::handles::NoHandles;
use crate::types::{FunctionType, Type};
use crate::value::Value;

impl Args<'static> {
    /// The arguments of a call of a function of type `ty`.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` names the place.
    pub fn from_values(values: &[Value], ty: &FunctionType) -> Result<Self> {
        keep(lift_args(values, ty, &[])?, ty, &mut NoHandles)
    }
}

impl Results {
    /// What a function of type `ty` returned.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` if they are of another function, `UNSUPPORTED` for resources.
    pub fn to_values(&self, ty: &FunctionType) -> Result<Vec<Value>> {
        // SAFETY: results own everything they point to.
        unsafe { lower_results(self.values(), ty, &mut NoHandles) }
    }

    /// What a guest passes to a host function of type `ty`.
    ///
    /// # Errors
    /// As [`to_values`](Self::to_values).
    pub fn to_args(&self, ty: &FunctionType) -> Result<Vec<Value>> {
        // SAFETY: as above.
        unsafe { lower_args(self.values(), ty, &mut NoHandles) }
    }

    /// One value of type `ty`.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` names the place; `RESOURCE_LIMIT`.
    pub fn of(value: &Value, ty: &Type) -> Result<Self> {
        lift_one(value, ty)
    }

    /// What a host function of type `ty` answers.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` names the place.
    pub fn from_values(values: &[Value], ty: &FunctionType) -> Result<Self> {
        lift_results(values, ty, &[])
    }
}
