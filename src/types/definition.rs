//! The paths that a host defines things by: only what some component could import.

use wasmparser::names::{ComponentName, ComponentNameKind};

use super::brief;
use crate::error::{Error, Result};

/// What stands between an interface and what is in it.
const IN: char = '#';

/// What is defined at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defined {
    Function,
    Resource,
}

/// Splits `path` into the interface, which is empty for the world itself, and the name in it.
/// Interfaces within interfaces are `outer#inner`.
///
/// # Errors
/// `INVALID_ARGUMENT` says why no component imports it.
pub(crate) fn split(path: &str, defined: Defined) -> Result<(&str, &str)> {
    // A URL may have a `#` of its own.
    if is_found_elsewhere(path) {
        return Ok(("", path));
    }
    let (interface, name) = match path.rsplit_once(IN) {
        Some((interface, name)) => (Some(interface), name),
        None => (None, path),
    };
    let checked = interface.map_or(Ok(()), interfaces).and_then(|()| check(name, defined));
    checked.map_err(|problem| {
        let problem = format!("`{}` is not `interface#name` or `name`: {problem}", brief(path));
        Error::invalid("path", problem)
    })?;
    Ok((interface.unwrap_or_default(), name))
}

/// Checks the name of what is defined.
fn check(name: &str, defined: Defined) -> Result<(), String> {
    let parsed = parse(name)?;
    match parsed.kind() {
        ComponentNameKind::Label(_) => Ok(()),
        ComponentNameKind::Interface(_) => {
            Err(format!("behind `{}` belong a `#` and the name of what is in it", brief(name)))
        }
        _ if defined == Defined::Function => Ok(()),
        _ => Err(format!("`{}` is a function of a resource, not a resource", brief(name))),
    }
}

/// Checks `outer#inner`.
fn interfaces(path: &str) -> Result<(), String> {
    if is_found_elsewhere(path) {
        return Ok(());
    }
    for part in path.split(IN) {
        let parsed = parse(part)?;
        match parsed.kind() {
            ComponentNameKind::Label(_) => {}
            ComponentNameKind::Interface(name) => {
                if let Err(error) = name.version(None) {
                    return Err(format!("`{}` has not a version: {error}", brief(part)));
                }
            }
            _ => return Err(format!("`{}` is not an interface", brief(part))),
        }
    }
    Ok(())
}

fn parse(name: &str) -> Result<ComponentName, String> {
    if name.is_empty() {
        return Err("a name is empty".to_owned());
    }
    if let Some(resource) = name.strip_prefix("[resource-drop]") {
        let resource = brief(resource);
        return Err(format!("what runs when `{resource}` is dropped is part of its definition"));
    }
    ComponentName::new(name, 0)
        .map_err(|error| format!("`{}` is not a name: {}", brief(name), brief(error.message())))
}

/// Whether it names what is imported by a place outside of WIT: a URL, a hash or a package.
fn is_found_elsewhere(name: &str) -> bool {
    use ComponentNameKind::{Dependency, Hash, Url};
    let parsed = ComponentName::new(name, 0);
    parsed.is_ok_and(|it| matches!(it.kind(), Dependency(_) | Hash(_) | Url(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_components_import_is_split() {
        for (path, interface, name) in [
            ("f", "", "f"),
            ("get-URL", "", "get-URL"),
            ("a1-2b", "", "a1-2b"),
            ("[constructor]cart", "", "[constructor]cart"),
            ("inst#f", "inst", "f"),
            ("a:b/c#f", "a:b/c", "f"),
            ("a:b/c-D@1.2.3#[method]r.f", "a:b/c-D@1.2.3", "[method]r.f"),
            ("a:b/c@1.2.3-rc.1+build.5#[static]r.f", "a:b/c@1.2.3-rc.1+build.5", "[static]r.f"),
            ("outer#inner#f", "outer#inner", "f"),
            ("a:b/c@1.0.0#d:e/f@0.1.0#g", "a:b/c@1.0.0#d:e/f@0.1.0", "g"),
            ("unlocked-dep=<a:b@{>=1.0.0}>#f", "unlocked-dep=<a:b@{>=1.0.0}>", "f"),
            ("locked-dep=<a:b/c@1.0.0>#f", "locked-dep=<a:b/c@1.0.0>", "f"),
            ("url=<https://example.com/a.wasm#b>#f", "url=<https://example.com/a.wasm#b>", "f"),
            ("url=<https://example.com/#b>", "", "url=<https://example.com/#b>"),
            ("integrity=<sha256-AAAA>#f", "integrity=<sha256-AAAA>", "f"),
        ] {
            assert_eq!(split(path, Defined::Function).unwrap(), (interface, name), "{path}");
        }
        for path in ["r", "inst#r", "a:b/c@1.0.0#some-R"] {
            assert!(split(path, Defined::Resource).is_ok(), "{path}");
        }
    }

    #[test]
    fn what_no_component_imports_is_refused() {
        for (path, problem) in [
            ("", "a name is empty"),
            ("#", "a name is empty"),
            ("#f", "a name is empty"),
            ("a:b/c#", "a name is empty"),
            ("a##b", "a name is empty"),
            ("x.y", "`x.y` is not a name"),
            ("x y", "`x y` is not a name"),
            ("x_y", "`x_y` is not a name"),
            ("getUrl", "`getUrl` is not a name"),
            ("a--b", "`a--b` is not a name"),
            ("1a", "`1a` is not a name"),
            ("é", "`é` is not a name"),
            ("f()", "`f()` is not a name"),
            ("[method]r", "`[method]r` is not a name"),
            ("[method]r.f.g", "is not a name"),
            ("[getter]r.f", "is not a name"),
            ("a:b/c#[resource-drop]r", "when `r` is dropped is part of its definition"),
            ("a:b/c", "behind `a:b/c` belong a `#`"),
            ("a:b/c@1.0.0", "belong a `#`"),
            ("a:b/c@1.0.0/f", "belong a `#`"),
            ("a:b/c.f", "is not a name"),
            ("a:b#f", "expected `/` after package name"),
            ("a:b/c/d#f", "is not a name"),
            ("a:b:c/d#f", "is not a name"),
            ("A:b/c#f", "is not lowercase"),
            ("a:b/c@1#f", "`a:b/c@1` has not a version"),
            ("a:b/c@#f", "has not a version"),
            ("a:b/c@1.0.0#d:e/f#a:b/c", "belong a `#`"),
            ("[method]r.f#g", "`[method]r.f` is not an interface"),
            ("in#url=<a>#f", "is not an interface"),
        ] {
            let error = split(path, Defined::Function).unwrap_err();
            assert!(error.message().contains(problem), "{path}: {error}");
        }
        for path in ["[method]r.f", "a:b/c#[constructor]r", "x.y"] {
            assert!(split(path, Defined::Resource).is_err(), "{path}");
        }
    }
}
