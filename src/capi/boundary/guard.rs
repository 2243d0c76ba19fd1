//! How failures go out.

use std::ptr;

use super::catch::{catch, catch_with};
use crate::capi::error::runtime_error_t;
use crate::error::Result;
use crate::system::stack;

/// Runs `body` and reports how it went: NULL for success, otherwise an error the caller owns.
/// Nothing unwinds past this point. `name` is the exported function, for `failpoints`.
#[inline(always)]
pub(in crate::capi) fn guard(
    name: &'static str,
    body: impl FnOnce() -> Result<()>,
) -> *mut runtime_error_t {
    report(catch(name, body))
}

/// As [`guard`], for what takes so much stack that it is done elsewhere where that is not there.
pub(in crate::capi) fn guard_roomy(
    name: &'static str,
    body: impl FnOnce() -> Result<()>,
) -> *mut runtime_error_t {
    report(catch_with(name, |left| left.is_some_and(|left| left >= stack::ROOMY), body))
}

/// As [`guard`], for what reads values that it keeps: with little stack, another thread does it.
pub(in crate::capi) fn guard_keeping(
    name: &'static str,
    body: impl FnOnce() -> Result<()>,
) -> *mut runtime_error_t {
    report(catch_with(name, |left| left.is_none_or(|left| left >= stack::KEEPING), body))
}

#[inline(always)]
fn report(outcome: Result<()>) -> *mut runtime_error_t {
    match outcome {
        Ok(()) => ptr::null_mut(),
        Err(error) => Box::into_raw(Box::new(error.into())),
    }
}
