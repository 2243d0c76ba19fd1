use super::boundary::release;
use crate::error::Result;
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{Block, Results};

/// The results of one call, with everything they point to.
///
/// The caller owns it and releases it with runtime_values_free(), which releases every
/// string and list in it. It refers to nothing else and may outlive every other object. It does
/// not change, so any number of threads may read it at once.
///
/// @since 0.1
// In this spelling, because cbindgen would take it for another name of `Block`.
#[cfg_attr(all(), repr(transparent))]
pub struct runtime_values_t(Block);

impl runtime_values_t {
    /// For a caller to own. Transparent, so that a box of one is a box of the other.
    pub(super) fn new(results: Results) -> Result<*mut Self> {
        results.into_raw().map(|block| block.cast())
    }
}

/// Releases the results of a call.
///
/// @param values  The results, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different results.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_values_free(values: Option<Box<runtime_values_t>>) {
    release("runtime_values_free", values);
}

/// Points to the results.
///
/// @param values  The results, borrowed for the call; NULL is allowed.
///
/// @return The first of runtime_values_len() values; borrowed with everything they point to, and
///         alive as long as `values`. NULL if there are none, or if `values` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_values_data(
    values: *const runtime_values_t,
) -> *const runtime_value_t {
    // SAFETY: the header obliges callers to pass live results or NULL.
    let values = unsafe { values.as_ref() }.map_or(&[][..], |it| it.0.values());
    if values.is_empty() { std::ptr::null() } else { values.as_ptr() }
}

/// Counts the results.
///
/// @param values  The results, borrowed for the call; NULL is allowed.
///
/// @return 1, or 0 if the function gives nothing or `values` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_values_len(values: *const runtime_values_t) -> usize {
    // SAFETY: the header obliges callers to pass live results or NULL.
    unsafe { values.as_ref() }.map_or(0, |it| it.0.values().len())
}
