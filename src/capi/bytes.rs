use super::boundary::release;

/// Bytes that the library made: text, or a compiled component.
///
/// The caller owns it and releases it with runtime_bytes_free(). It refers to nothing
/// else and may outlive every other object. It does not change, so any number of threads may
/// read it at once.
///
/// @since 0.1
pub struct runtime_bytes_t {
    /// The contents, then one NUL.
    bytes: Vec<u8>,
}

impl From<Vec<u8>> for runtime_bytes_t {
    fn from(mut bytes: Vec<u8>) -> Self {
        bytes.push(0);
        Self { bytes }
    }
}

impl From<String> for runtime_bytes_t {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for runtime_bytes_t {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Releases bytes.
///
/// @param bytes  The bytes, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different bytes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_bytes_free(bytes: Option<Box<runtime_bytes_t>>) {
    release("runtime_bytes_free", bytes);
}

/// Points to the contents.
///
/// Text is UTF-8. A NUL byte that the length does not count always follows, so text without
/// NUL bytes of its own is also a C string after a cast to `const char *`.
///
/// @param bytes  The bytes, borrowed for the call; NULL is allowed.
///
/// @return The first byte, borrowed from `bytes` and alive as long as it is; NULL if `bytes` is
///         NULL, and only then.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_bytes_data(bytes: *const runtime_bytes_t) -> *const u8 {
    // SAFETY: the header obliges callers to pass live bytes or NULL.
    unsafe { bytes.as_ref() }.map_or(std::ptr::null(), |it| it.bytes.as_ptr())
}

/// Tells how many bytes there are.
///
/// @param bytes  The bytes, borrowed for the call; NULL is allowed.
///
/// @return The length without the NUL that follows; 0 if `bytes` is NULL.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_bytes_len(bytes: *const runtime_bytes_t) -> usize {
    // SAFETY: the header obliges callers to pass live bytes or NULL.
    unsafe { bytes.as_ref() }.map_or(0, |it| it.bytes.len().saturating_sub(1))
}
