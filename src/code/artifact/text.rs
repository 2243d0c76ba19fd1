//! WebAssembly text.

use crate::error::{Code, Error, Result};

/// The binary that `text` stands for.
///
/// # Errors
/// `COMPILE` with the place of the problem; `UNSUPPORTED` if this build reads no text.
#[cfg(feature = "text")]
pub(super) fn binary(text: &str) -> Result<Vec<u8>> {
    wat::parse_str(text).map_err(|error| bad(&error))
}

/// This build reads none.
#[cfg(not(feature = "text"))]
pub(super) fn binary(_: &str) -> Result<Vec<u8>> {
    let problem = "not a WebAssembly binary, and this build of the library reads no text";
    Err(Error::new(Code::Unsupported, problem))
}

/// One line for what `wat` prints as a picture of the source: the problem and its place.
#[cfg(feature = "text")]
fn bad(error: &wat::Error) -> Error {
    let picture = error.to_string();
    let mut lines = picture.lines();
    let problem = lines.next().unwrap_or_default();
    let place = lines.next().and_then(|line| line.split_once("<anon>:")).map(|(_, place)| place);
    let message = match place.and_then(|place| place.split_once(':')) {
        Some((line, column)) => {
            format!("not WebAssembly text: line {line}, column {column}: {problem}")
        }
        None => format!("not WebAssembly text: {problem}"),
    };
    Error::new(Code::Compile, message)
}
