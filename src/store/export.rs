//! Exported functions, without the component that they are of.

use wasmtime::component::{Component, ComponentExportIndex};

use crate::error::{Code, Error, Result};
use crate::linker::version::{Fit, completed, fit};
use crate::types::{ComponentTypes, FunctionType, Item, Name, Type, brief};

/// An exported function of a component.
pub(crate) struct Export {
    pub name: Name,
    /// Its type: always [`Type::Function`].
    pub ty: Type,
    pub index: ComponentExportIndex,
    /// Which of the component's exports it is.
    pub position: usize,
    /// Whether resources cross the boundary in a call of it.
    pub has_resources: bool,
}

impl Export {
    /// Looks `name` up in a component of these types: that function, or else the one of the newest
    /// compatible version of its interface, where a version that is left out is the one that is
    /// there.
    ///
    /// # Errors
    /// `NOT_FOUND`, with the names that are there.
    pub(crate) fn find(types: &ComponentTypes, compiled: &Component, name: &str) -> Result<Self> {
        let missing = || not_found(types, name);
        let exact = types.exports.iter().position(|item| item.name.is(name) && is_function(item));
        let position = exact.map_or_else(|| compatible(types, name), Ok)?;
        Self::at(types, compiled, position).ok_or_else(missing)
    }

    /// The function that is the export at `position`.
    pub(crate) fn at(
        types: &ComponentTypes,
        compiled: &Component,
        position: usize,
    ) -> Option<Self> {
        let item = types.exports.get(position).filter(|item| is_function(item))?;
        let index = resolve(compiled, item.name.as_str())?;
        let ty = item.ty.clone()?;
        let has_resources = ty.has_resources();
        Some(Self { name: item.name.clone(), ty, index, position, has_resources })
    }

    /// Whether text that calls `name` may mean it: by its name, with its interface or without, or
    /// by that of a compatible version.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let short = self.name.in_interface().map(|(_, own)| own);
        short == Some(name) || self.name.is(name) || fitting(&self.name, name).is_some()
    }

    /// Its parameters and result.
    pub(crate) fn signature(&self) -> &FunctionType {
        match &self.ty {
            Type::Function(signature) => signature,
            _ => unreachable!("`find` takes functions only"),
        }
    }

    /// Where it is in another copy of the same component.
    pub(super) fn index_in(&self, copy: &Component) -> Option<ComponentExportIndex> {
        resolve(copy, self.name.as_str())
    }

    pub(crate) fn has_result(&self) -> bool {
        self.signature().result.is_some()
    }
}

/// What stands between an interface and what is in it.
const IN: char = '#';

fn is_function(item: &Item) -> bool {
    matches!(item.ty, Some(Type::Function(_)))
}

/// How well `own` serves a look-up of `wanted`, and the interface that this means.
fn fitting(own: &Name, wanted: &str) -> Option<(Fit, String)> {
    let ((own, name), (wanted, called)) = (own.in_interface()?, wanted.rsplit_once(IN)?);
    if name != called {
        return None;
    }
    let meant = completed(wanted, own.as_str());
    Some((fit(own.as_str(), &meant)?, meant))
}

/// Most bytes of a name that is looked for among versions: no name in a component is so long.
const MOST_BYTES: usize = 200_000;

/// Which export serves a look-up of `wanted`, which is not the name of any.
fn compatible(types: &ComponentTypes, wanted: &str) -> Result<usize> {
    let missing = || not_found(types, wanted);
    if wanted.len() > MOST_BYTES {
        return Err(missing());
    }
    let levels = wanted.matches(IN).count();
    let functions =
        types.exports.iter().enumerate().filter(|(_, item)| {
            is_function(item) && item.name.as_str().matches(IN).count() == levels
        });
    let fitting = functions.filter_map(|(position, item)| {
        let (fit, meant) = fitting(&item.name, wanted)?;
        Some((fit, meant, position))
    });
    let fitting: Vec<_> = fitting.collect();
    let (_, meant, _) = fitting.first().ok_or_else(missing)?;
    if fitting.iter().any(|(_, other, _)| other != meant) {
        let items = fitting.iter().filter_map(|(.., position)| types.exports.get(*position));
        let (names, count) = (names(items.clone()), items.count());
        let problem = format!(
            "the component has `{}` in {count} versions: {names}; say which is meant",
            brief(wanted)
        );
        return Err(Error::new(Code::NotFound, problem));
    }
    fitting.into_iter().max().map(|(.., position)| position).ok_or_else(missing)
}

/// Where the export is in the component.
fn resolve(compiled: &Component, name: &str) -> Option<ComponentExportIndex> {
    let mut parts = name.split(IN);
    let outermost = compiled.get_export_index(None, parts.next()?)?;
    parts.try_fold(outermost, |outer, name| compiled.get_export_index(Some(&outer), name))
}

/// How many of the functions that there are it names.
const NAMED: usize = 8;

/// The first of these names, and how many more there are.
fn names<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let named = items.clone().take(NAMED).map(|item| format!("`{}`", brief(&item.name)));
    let names = named.collect::<Vec<_>>().join(", ");
    match items.count().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn not_found(types: &ComponentTypes, name: &str) -> Error {
    let last = |name: &str| name.rsplit(IN).next().unwrap_or_default().to_ascii_lowercase();
    let wanted = last(name);
    // Those that may be meant come first.
    let is_near = |item: &&Item| {
        let own = item.name.in_interface().map_or_else(|| item.name.as_str(), |(_, own)| own);
        own.eq_ignore_ascii_case(&wanted)
    };
    let functions = types.exports.iter().filter(|item| is_function(item));
    let (near, others) = (functions.clone().filter(is_near), functions.filter(|it| !is_near(it)));
    let there = match near.chain(others) {
        functions if functions.clone().next().is_none() => "it exports no functions".to_owned(),
        functions => format!("it exports {}", names(functions)),
    };
    let problem = format_args!("the component has no function `{}`; {there}", brief(name));
    Error::new(Code::NotFound, problem)
}
