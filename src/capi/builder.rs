use super::boundary::{catch, release};
use super::quiet;
use crate::builder::RuntimeBuilder;
use crate::error::Result;

mod bounds;
mod limits;
mod loads;
mod operation;
mod trust;

/// The settings of a runtime, before it is built.
///
/// The caller owns it and releases it with runtime_builder_free(), before or after the
/// runtimes built from it; they keep what they need. One thread at a time may use it.
///
/// Setters return nothing and accept a NULL builder, which they ignore: the first unusable value
/// is remembered, and runtime_build() reports it with the name of the setting. A setter called
/// twice overrides what it set before, unless it says that it adds to it.
///
/// @since 0.1
pub struct runtime_builder_t(pub(super) RuntimeBuilder);

/// Applies one setter. What goes wrong is left for runtime_build() to report.
///
/// # Safety
/// `builder` is NULL, or points to a live builder that nobody else uses meanwhile.
unsafe fn set(
    name: &'static str,
    builder: *mut runtime_builder_t,
    setter: impl FnOnce(&mut RuntimeBuilder) -> Result<()>,
) {
    // SAFETY: the caller vouches for a non-null `builder`; NULL becomes `None`.
    let Some(builder) = (unsafe { builder.as_mut() }) else {
        return;
    };
    if let Err(problem) = catch(name, || setter(&mut builder.0)) {
        builder.0.poison(problem);
    }
}

/// As [`set`], for the setters that take one number or switch, which the core checks.
///
/// # Safety
/// As for [`set`].
unsafe fn set_value<T>(
    name: &'static str,
    builder: *mut runtime_builder_t,
    value: T,
    setter: impl FnOnce(&mut RuntimeBuilder, T) -> &mut RuntimeBuilder,
) {
    // SAFETY: as our own contract.
    unsafe {
        set(name, builder, |builder| {
            setter(builder, value);
            Ok(())
        });
    }
}

/// Makes a builder with every setting at its default.
///
/// @return The builder, never NULL, owned by the caller; release it with runtime_builder_free().
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn runtime_builder_new() -> *mut runtime_builder_t {
    quiet::panics();
    Box::into_raw(Box::new(runtime_builder_t(RuntimeBuilder::new())))
}

/// Releases a builder.
///
/// @param builder  The builder, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different builders.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_builder_free(builder: Option<Box<runtime_builder_t>>) {
    release("runtime_builder_free", builder);
}
