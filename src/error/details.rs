//! What an error is about, as data.

/// What an error is about, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The import of the component, by its path.
    pub import: Option<Box<str>>,
    /// What was passed: to this library, by the name of the parameter or setting, or to a guest, by
    /// the place in the arguments.
    pub argument: Option<Box<str>>,
    /// The setting that limits what failed.
    pub setting: Option<&'static str>,
    /// How much there would have been of what it limits, in its unit.
    pub asked: Option<u64>,
    /// How much it allows.
    pub allowed: Option<u64>,
}
