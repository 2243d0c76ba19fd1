//! Names that C can borrow, and those of what is in an interface, which share the interface's.

use std::ffi::CStr;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What stands between an interface and what is in it.
const IN: char = '#';

/// A name that C can borrow: NUL-terminated. Interior NULs, which no valid component has, become
/// U+FFFD.
#[derive(Clone)]
pub struct Name(Spelling);

#[derive(Clone)]
enum Spelling {
    /// With its terminator.
    Whole(Arc<str>),
    Member(Arc<Member>),
}

/// An interface may have a name of 100,000 bytes, and a million members. So a member's full name is
/// put together when it is asked for.
struct Member {
    interface: Name,
    name: Box<str>,
    full: OnceLock<Arc<str>>,
}

impl Name {
    /// Copies `text`.
    pub fn new(text: &str) -> Self {
        Self(Spelling::Whole(terminated(text.to_owned())))
    }

    /// The full name of `name`, which is in this interface: `ns:pkg/iface@1.0.0#name`.
    pub fn member(&self, name: &str) -> Self {
        let (interface, name) = (self.clone(), name.into());
        Self(Spelling::Member(Arc::new(Member { interface, name, full: OnceLock::new() })))
    }

    /// The name without its terminator.
    pub fn as_str(&self) -> &str {
        let full = self.full();
        full.strip_suffix('\0').unwrap_or(full)
    }

    /// The name with its terminator.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(self.full().as_bytes()).unwrap_or(c"")
    }

    /// How many bytes it has, without its terminator.
    pub fn len(&self) -> usize {
        match &self.0 {
            Spelling::Whole(name) => name.len() - 1,
            Spelling::Member(it) => it.interface.len() + IN.len_utf8() + it.name.len(),
        }
    }

    /// Whether it is the empty name.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is `text`; puts nothing together to find that out.
    pub fn is(&self, text: &str) -> bool {
        match &self.0 {
            Spelling::Whole(_) => self.as_str() == text,
            Spelling::Member(it) => text
                .strip_suffix(&*it.name)
                .and_then(|text| text.strip_suffix(IN))
                .is_some_and(|interface| it.interface.is(interface)),
        }
    }

    /// The interface that it is in and its name there, if it is in one.
    pub(crate) fn in_interface(&self) -> Option<(&Self, &str)> {
        match &self.0 {
            Spelling::Whole(_) => None,
            Spelling::Member(it) => Some((&it.interface, &it.name)),
        }
    }

    /// The outermost interface that it names something in, or itself.
    pub fn outermost(&self) -> &str {
        match &self.0 {
            Spelling::Whole(_) => self.as_str(),
            Spelling::Member(it) => it.interface.outermost(),
        }
    }

    /// All of it, with its terminator.
    fn full(&self) -> &str {
        match &self.0 {
            Spelling::Whole(name) => name,
            Spelling::Member(it) => it.full.get_or_init(|| {
                let mut text = String::with_capacity(self.len() + 1);
                self.spell(&mut text);
                terminated(text)
            }),
        }
    }

    fn spell(&self, text: &mut String) {
        match &self.0 {
            Spelling::Whole(_) => text.push_str(self.as_str()),
            Spelling::Member(it) => {
                it.interface.spell(text);
                text.push(IN);
                text.push_str(&it.name);
            }
        }
    }
}

fn terminated(text: String) -> Arc<str> {
    let mut text = if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text };
    text.push('\0');
    text.into()
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Spelling::Whole(a), Spelling::Whole(b)) => Arc::ptr_eq(a, b) || a == b,
            (Spelling::Whole(_), _) => other.is(self.as_str()),
            (_, Spelling::Whole(_)) => self.is(other.as_str()),
            (Spelling::Member(a), Spelling::Member(b)) => {
                Arc::ptr_eq(a, b) || (self.len() == other.len() && self.as_str() == other.as_str())
            }
        }
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_c_strings() {
        for (text, wanted) in [("", ""), ("greet", "greet"), ("a\0b", "a\u{FFFD}b")] {
            let name = Name::new(text);
            assert_eq!(name.as_str(), wanted);
            assert_eq!(name.as_c_str().to_str(), Ok(wanted));
            assert!(name.is(wanted) && name.len() == wanted.len());
        }
    }

    #[test]
    fn names_of_members_are_put_together() {
        let interface = Name::new("a:b/c@1.0.0");
        let inner = interface.member("d");
        for (name, wanted) in [
            (interface.member("f"), "a:b/c@1.0.0#f"),
            (interface.member(""), "a:b/c@1.0.0#"),
            (inner.member("[method]x.y"), "a:b/c@1.0.0#d#[method]x.y"),
        ] {
            assert!(name.is(wanted) && !name.is(&wanted[1..]) && !name.is("f"));
            assert_eq!((name.len(), name.outermost()), (wanted.len(), "a:b/c@1.0.0"));
            assert_eq!((name.as_str(), name.as_c_str().to_str()), (wanted, Ok(wanted)));
            assert_eq!(name, Name::new(wanted));
            assert_eq!(Name::new(wanted), name.clone());
            assert_ne!(name, interface);
        }
        assert_eq!(inner.member("x"), interface.member("d#x"));
        assert_ne!(inner.member("x"), interface.member("d#y"));
    }

    /// A million of these would fill a disk, put together.
    #[test]
    fn members_share_the_name_of_their_interface() {
        let interface = Name::new(&"i".repeat(100_000));
        let names: Vec<_> = (0..1_000_000).map(|i| interface.member(&i.to_string())).collect();
        let wanted = format!("{}#999999", interface.as_str());
        assert!(names.iter().rev().find(|name| name.is(&wanted)).is_some());
        assert_eq!(names[7].as_str().len(), 100_002);
    }

    #[test]
    fn a_name_is_as_large_as_a_slice() {
        assert_eq!(size_of::<Name>(), size_of::<&str>());
    }
}
