//! Where a guest runs.

/// On which stack a guest runs, which says how wasmtime is asked for everything that runs it. What
/// that means for calls stands in `crate::store`, in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On its caller's, which it leaves when it is done.
    Here,
    /// On one of its own, where it can be left waiting.
    Fiber,
}

impl Way {
    /// Whether the guest can be left where it is, and taken up again.
    pub(crate) fn can_wait(self) -> bool {
        self == Self::Fiber
    }
}
