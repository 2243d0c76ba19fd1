//! Which version of an interface serves the import or the look-up of which other.
//!
//! As Semantic Versioning says: what is defined for 1.0.0 serves an import of 1.2.3, and the other
//! way round; so do 0.2.0 and 0.2.6. Nothing is compatible with 0.0.x and with pre-releases.

use semver::Version;

/// How close a definition is to the import it serves. The greatest is the best: the exact one, then
/// the newest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Of a compatible version, for each interface of a path.
    Compatible(Vec<Part>),
    /// Of the same name.
    Exact,
}

/// The same for one interface of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Compatible(Version),
    Exact,
}

/// Whether definitions in the interface `defined` may serve imports of the interface `import`, and
/// how well. Interfaces within interfaces are `outer#inner`.
pub(crate) fn fit(defined: &str, import: &str) -> Option<Fit> {
    if defined == import {
        return Some(Fit::Exact);
    }
    if defined.split('#').count() != import.split('#').count() {
        return None;
    }
    let parts = defined.split('#').zip(import.split('#'));
    parts
        .map(|(defined, import)| compatible(defined, import))
        .collect::<Option<_>>()
        .map(Fit::Compatible)
}

/// Whether `defined` serves an import of `import`, and how well.
fn compatible(defined: &str, import: &str) -> Option<Part> {
    if defined == import {
        return Some(Part::Exact);
    }
    let ((own, defined), (name, import)) = (versioned(defined)?, versioned(import)?);
    (own == name && track(&defined)? == track(&import)?).then_some(Part::Compatible(defined))
}

/// The name of an interface without its version.
pub(crate) fn unversioned(interface: &str) -> &str {
    interface.split_once('@').map_or(interface, |(name, _)| name)
}

/// The interface `wanted` with each version that it leaves out as `present` has it, where that is
/// called the same otherwise.
pub(crate) fn completed(wanted: &str, present: &str) -> String {
    let mut present = present.split('#');
    let parts = wanted.split('#').map(|part| match present.next() {
        Some(full) if unversioned(full) == part => full,
        _ => part,
    });
    parts.collect::<Vec<_>>().join("#")
}

/// Splits the name of an interface: `a:b/c@1.0.0`.
fn versioned(interface: &str) -> Option<(&str, Version)> {
    let (name, version) = interface.split_once('@')?;
    Some((name, Version::parse(version).ok()?))
}

/// What compatible versions have in common: the major number, or the minor one while that is 0.
fn track(version: &Version) -> Option<(u64, u64)> {
    match (version.major, version.minor) {
        _ if !version.pre.is_empty() => None,
        (0, 0) => None,
        (0, minor) => Some((0, minor)),
        (major, _) => Some((major, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions_serve_each_other() {
        for (defined, import) in [
            ("a:b/c@1.0.0", "a:b/c@1.0.1"),
            ("a:b/c@1.2.0", "a:b/c@1.0.1"),
            ("a:b/c@0.2.0", "a:b/c@0.2.6"),
            ("a:b/c@1.0.0+build", "a:b/c@1.0.0"),
            ("a:b/c@1.0.0#d:e/f@0.1.0", "a:b/c@1.3.0#d:e/f@0.1.4"),
        ] {
            assert!(matches!(fit(defined, import), Some(Fit::Compatible(_))), "{defined} {import}");
        }
    }

    #[test]
    fn others_do_not() {
        for (defined, import) in [
            ("a:b/c@0.2.0", "a:b/c@0.3.0"),
            ("a:b/c@1.0.0", "a:b/c@2.0.0"),
            ("a:b/c@0.0.1", "a:b/c@0.0.2"),
            ("a:b/c@1.0.0-rc", "a:b/c@1.0.0"),
            ("a:b/c@1.0.0", "a:b/c@1.0.0-rc"),
            ("a:b/c", "a:b/c@1.0.0"),
            ("a:b/c@1.0.0", "a:b/d@1.0.0"),
            ("a:b/c@1", "a:b/c@1.0.0"),
            ("a:b/c@1.0.0", "a:b/c@1.0.0#d"),
            ("", "a:b/c@1.0.0"),
        ] {
            assert_eq!(fit(defined, import), None, "{defined} {import}");
        }
    }

    #[test]
    fn versions_that_are_left_out_are_filled_in() {
        assert_eq!(completed("a:b/c", "a:b/c@1.0.0-rc"), "a:b/c@1.0.0-rc");
        assert_eq!(completed("a:b/c", "a:b/d@1.0.0"), "a:b/c");
        assert_eq!(completed("a:b/c@1.0.0", "a:b/c@1.0.1"), "a:b/c@1.0.0");
        assert_eq!(completed("in#a:b/c", "in#a:b/c@2.0.0"), "in#a:b/c@2.0.0");
        assert_eq!(completed("a:b/c#d", "a:b/c@1.0.0"), "a:b/c@1.0.0#d");
    }

    #[test]
    fn the_exact_one_is_better_than_the_newest_and_that_than_others() {
        let [exact, newest, older] = ["1.0.1", "1.10.0", "1.9.0"]
            .map(|version| fit(&format!("a:b/c@{version}"), "a:b/c@1.0.1").unwrap());
        assert!(exact > newest && newest > older);
        let fit = |defined| fit(defined, "a:b/c@1.4.0#d:e/f@1.0.0").unwrap();
        let [exact, newest, older] =
            ["a:b/c@1.4.0#d:e/f@1.1.0", "a:b/c@1.5.0#d:e/f@1.2.0", "a:b/c@1.0.0#d:e/f@1.0.5"]
                .map(fit);
        assert!(exact > newest && newest > older);
    }
}
