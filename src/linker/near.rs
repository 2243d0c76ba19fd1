//! What a host may have meant to define for an import that nobody serves.

use super::{Linker, version};

/// How far a definition is from what is imported. The least is the nearest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    /// In another version of the interface.
    Version,
    /// In upper or lower case.
    Case,
    /// Without its interface, or in one.
    Interface,
}

impl Linker {
    /// The definition that comes closest to `name` in the interface `import`, if one comes close.
    pub(crate) fn near(&self, import: &str, name: &str) -> Option<String> {
        let each = self.interfaces.iter().flat_map(|(path, interface)| {
            let names = interface.functions.keys().chain(interface.resources.keys());
            names.map(move |defined| (path.as_str(), defined.as_str()))
        });
        let near = each.filter_map(|(path, defined)| {
            Some((distance((path, defined), (import, name))?, path, defined))
        });
        let (_, path, defined) = near.min_by_key(|(distance, ..)| *distance)?;
        Some(if path.is_empty() { defined.to_owned() } else { format!("{path}#{defined}") })
    }
}

/// How far a definition is from an import, each the path of an interface and a name in it; `None`
/// if they have little in common.
fn distance((path, defined): (&str, &str), (import, name): (&str, &str)) -> Option<Distance> {
    if path.is_empty() != import.is_empty() {
        return defined.eq_ignore_ascii_case(name).then_some(Distance::Interface);
    }
    let (path, import) = (versionless(path), versionless(import));
    match (path == import, defined == name) {
        (true, true) => Some(Distance::Version),
        _ if path.eq_ignore_ascii_case(&import) && defined.eq_ignore_ascii_case(name) => {
            Some(Distance::Case)
        }
        _ => None,
    }
}

/// The path of an interface, of which each part may have a version, without any.
fn versionless(path: &str) -> String {
    path.split('#').map(version::unversioned).collect::<Vec<_>>().join("#")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_close_has_a_distance() {
        for (path, defined, expected) in [
            ("a:b/c@2.0.0", "get", Distance::Version),
            ("a:b/c", "get", Distance::Version),
            ("a:b/c@1.0.0", "Get", Distance::Case),
            ("a:b/C@1.0.0", "get", Distance::Case),
            ("", "get", Distance::Interface),
        ] {
            let found = distance((path, defined), ("a:b/c@1.0.0", "get"));
            assert!(found == Some(expected), "{path} {defined}");
        }
        assert!(distance(("a:b/c@1.0.0", "get"), ("", "get")) == Some(Distance::Interface));
        assert!(distance(("", "Get"), ("", "get")) == Some(Distance::Case));
        let nested = distance(("a:b/c@1.0.0#in@2.0.0", "get"), ("a:b/c@3.0.0#in", "get"));
        assert!(nested == Some(Distance::Version));
    }

    #[test]
    fn others_have_none() {
        for (path, defined) in [
            ("a:b/c@1.0.0", "set"),
            ("a:b/d@1.0.0", "get"),
            ("a:b/c@1.0.0#in", "get"),
            ("", "forget"),
            ("", ""),
        ] {
            let found = distance((path, defined), ("a:b/c@1.0.0", "get"));
            assert!(found.is_none(), "{path} {defined}");
        }
        assert!(distance(("", "set"), ("", "get")).is_none());
    }
}
