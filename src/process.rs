//! Which process something was made in. Threads do not survive a fork; what they own does.

use crate::error::{Code, Error, Result};

/// The process that made an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birthplace(u32);

impl Birthplace {
    pub(crate) fn here() -> Self {
        Self(std::process::id())
    }

    /// Whether this is a fork of the process that made the object.
    pub(crate) fn is_forked(self) -> bool {
        self.0 != std::process::id()
    }

    /// Refuses to go on in a fork: nothing would ever stop a guest there.
    pub(crate) fn check(self) -> Result<()> {
        if self.is_forked() {
            let problem =
                "the runtime was built before this process was forked; build another here";
            return Err(Error::new(Code::Forked, problem));
        }
        Ok(())
    }
}
