//! Why reading ends early.

use wasmparser::BinaryReaderError;

use crate::error::Error;

/// Why reading ends early.
pub(super) enum Problem {
    Refused(Error),
    Malformed(BinaryReaderError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<BinaryReaderError> for Problem {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}
