//! Components of one process that others load without compiling, copying or writing a file.

use std::fs::File;
use std::sync::Arc;

use super::{Component, ComponentOptions};
use crate::code::artifact::Artifact;
use crate::engine::limits::Limits;
use crate::error::{Code, Error, Result};
use crate::runtime::Runtime;

impl Component {
    /// The compiled component in a file in memory that nobody can change, for
    /// [`from_shared`](Self::from_shared) in processes that inherit its descriptor.
    ///
    /// # Errors
    /// `UNSUPPORTED` where the system has no such files: other systems than Linux. `IO` if there is
    /// no descriptor or no memory for it.
    pub fn share(&self) -> Result<File> {
        self.0.artifact.share()
    }

    /// Loads what [`share`](Self::share) gave, from a descriptor of this process. The pages are
    /// those of the file: all processes that load it share them.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `fd` is not such a file; `IO` if it cannot be opened by its name in
    /// /proc; `COMPILE` if it is from another version or other settings; `SIGNATURE` if the runtime
    /// requires signatures, which compiled code does not carry; and as [`new`](Self::new).
    ///
    /// # Safety
    /// What is in the file is machine code that will run in this process, outside any sandbox. It
    /// must come from [`share`](Self::share).
    #[expect(unsafe_code, reason = "the caller vouches for the file, as the contract says")]
    pub unsafe fn from_shared(
        runtime: &Runtime,
        fd: i32,
        options: &ComponentOptions,
    ) -> Result<Self> {
        runtime.services().check_process()?;
        let _pass = runtime.services().gate().load()?;
        runtime.services().log().within(|| {
            if runtime.services().settings().require_signature {
                let problem = "compiled code carries no signature; load the signed component";
                return Err(Error::new(Code::Signature, problem));
            }
            if fd < 0 {
                return Err(Error::invalid("fd", format_args!("{fd} is no descriptor")));
            }
            // Opened once more: this process may close its descriptor meanwhile.
            let path = format!("/proc/thread-self/fd/{fd}");
            let is_file = std::fs::metadata(&path).is_ok_and(|it| it.is_file());
            if !is_file {
                return Err(Error::invalid("fd", format_args!("{fd} is no descriptor of a file")));
            }
            let file = File::open(&path).map_err(|error| Error::io(path.as_ref(), &error))?;
            let limits = Limits::of(runtime.services().settings());
            // SAFETY: the caller vouches for the file.
            let artifact = unsafe { Artifact::from_shared(runtime.services().engine(), &file) }
                .map_err(|error| limits.explain_load(error))?;
            Self::of_code(runtime, Arc::new(artifact), options)
        })
    }
}
