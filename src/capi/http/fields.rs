use std::ffi::c_char;
use std::ptr;

use crate::capi::boundary::slice;
use crate::error::Result;
use crate::http::{Fields, each_field};

/// One field of a head, or a trailer. Several may have the same name, and keep their order; that of
/// different names may change.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_http_field_t {
    /// The name; in lower case where the library hands it out. Not NUL-terminated.
    pub name: *const c_char,
    /// Length of `name`.
    pub name_len: usize,
    /// The value: any bytes but control characters. Not NUL-terminated.
    pub value: *const c_char,
    /// Length of `value`; if it is 0, `value` may be NULL.
    pub value_len: usize,
}

/// Fields as C sees them, with what they point to.
pub(super) struct Shown {
    all: Vec<runtime_http_field_t>,
    /// In a box, since short names lie in the set itself.
    _fields: Box<Fields>,
}

// SAFETY: the pointers are into `_fields`, which nobody changes, and which goes with them.
unsafe impl Send for Shown {}
// SAFETY: as above.
unsafe impl Sync for Shown {}

impl Shown {
    pub(super) fn new(fields: Fields) -> Self {
        let fields = Box::new(fields);
        let all = each_field(&fields).map(|(name, value)| runtime_http_field_t {
            name: name.as_ptr().cast(),
            name_len: name.len(),
            value: value.as_ptr().cast(),
            value_len: value.len(),
        });
        let all = all.collect();
        Self { all, _fields: fields }
    }

    pub(super) fn as_ptr(&self) -> *const runtime_http_field_t {
        match self.all.is_empty() {
            true => ptr::null(),
            false => self.all.as_ptr(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

/// Reads fields of the caller's, and gives each to `take` with what it is called in errors.
///
/// # Safety
/// `fields` points to `len` fields that are live with everything they point to.
pub(super) unsafe fn each_given(
    fields: *const runtime_http_field_t,
    len: usize,
    argument: &'static str,
    mut take: impl FnMut(&[u8], &[u8], &str) -> Result<()>,
) -> Result<()> {
    // SAFETY: as our own contract.
    let fields = unsafe { slice(fields, len, argument)? };
    for (place, field) in fields.iter().enumerate() {
        // SAFETY: as our own contract; `c_char` and `u8` have the same layout.
        let (name, value) = unsafe {
            let name = slice(field.name.cast::<u8>(), field.name_len, "name");
            (name, slice(field.value.cast::<u8>(), field.value_len, "value"))
        };
        let of = format!("{argument}[{place}]");
        let explain = |error: crate::Error| error.context(format_args!("{of}"));
        take(name.map_err(explain)?, value.map_err(explain)?, &of)?;
    }
    Ok(())
}
