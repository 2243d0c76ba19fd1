//! What other components provide: their exports serve imports.

use std::any::Any;
use std::sync::Arc;

use super::version::{completed, fit};
use super::{Function, Linker, Provided, Run};
use crate::error::{Code, Error, Result};
use crate::types::definition::{Defined, split};
use crate::types::{Item, ItemKind, Name, Type, brief};

/// What a component offers.
pub(crate) struct Offer<'a> {
    /// The component, as those know it who link.
    pub of: Arc<dyn Any + Send + Sync>,
    /// What to call the component in messages.
    pub called: &'a str,
    pub exports: &'a [Item],
    /// The one interface that is meant; all of them otherwise.
    pub interface: Option<&'a str>,
    /// What that one is imported as.
    pub import: Option<&'a str>,
}

impl Linker {
    /// Defines what the offer says, or nothing.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is nothing of it; `INVALID_ARGUMENT` if something is defined already.
    pub(crate) fn provide(&mut self, offer: &Offer<'_>) -> Result<()> {
        if let Some(import) = offer.import {
            let problem = match offer.interface {
                None => "says what one interface is imported as, so `interface_name` has to be set",
                Some(_) if !is_interface(import) => "is not the name of an interface",
                Some(_) => return self.provide_checked(offer),
            };
            return Err(Error::invalid("options.import_name", problem));
        }
        self.provide_checked(offer)
    }

    fn provide_checked(&mut self, offer: &Offer<'_>) -> Result<()> {
        let chosen = offer.interface.map(|wanted| choose(offer, wanted)).transpose()?;
        let mut all = self.clone();
        let mut found = false;
        let same = |a: &Item, b: &Item| interface(a) == interface(b);
        let mut first = 0;
        for items in offer.exports.chunk_by(same) {
            let position = first;
            first += items.len();
            let Some(path) = items.first().and_then(interface) else { continue };
            let path = match chosen {
                None => path.as_str().to_owned(),
                Some(chosen) => match within(path.as_str(), chosen.as_str()) {
                    Some(rest) => format!("{}{rest}", offer.import.unwrap_or(chosen.as_str())),
                    None => continue,
                },
            };
            found |= all.provide_interface(offer, path, items, position)?;
        }
        if !found {
            return Err(nothing(offer));
        }
        *self = all;
        Ok(())
    }

    /// Defines what is in one interface. Tells whether that is something.
    fn provide_interface(
        &mut self,
        offer: &Offer<'_>,
        path: String,
        items: &[Item],
        position: usize,
    ) -> Result<bool> {
        let mut found = false;
        let place = self.interfaces.entry(path.clone()).or_default();
        for (position, item) in (position..).zip(items) {
            let Some((_, name)) = item.name.in_interface() else { continue };
            let is_new = match (&item.ty, item.kind) {
                (Some(Type::Function(ty)), _) => {
                    let run = Run::Component(Provided { of: offer.of.clone(), position });
                    let function = Function { ty: Some(ty.clone()), run };
                    place.functions.insert(name.to_owned(), function).is_none()
                }
                (_, ItemKind::Resource) => {
                    place.withheld.insert(name.to_owned(), offer.called.to_owned());
                    !place.resources.contains_key(name)
                }
                _ => continue,
            };
            if !is_new {
                let problem =
                    format_args!("`{}` is defined already", brief(format!("{path}#{name}")));
                return Err(Error::invalid("provider", problem));
            }
            found = true;
        }
        Ok(found)
    }
}

fn interface(item: &Item) -> Option<&Name> {
    item.name.in_interface().map(|(interface, _)| interface)
}

/// Whether a component could import something from an interface of this name.
fn is_interface(name: &str) -> bool {
    split(&format!("{name}#f"), Defined::Function).is_ok()
}

/// What follows the interface `outer` in the path of one that is it, or is within it.
fn within<'a>(path: &'a str, outer: &str) -> Option<&'a str> {
    path.strip_prefix(outer).filter(|rest| rest.is_empty() || rest.starts_with('#'))
}

/// The interfaces that a component exports something in.
fn interfaces(exports: &[Item]) -> Vec<&Name> {
    let mut found: Vec<&Name> = Vec::new();
    for interface in exports.iter().filter_map(interface) {
        if found.last() != Some(&interface) {
            found.push(interface);
        }
    }
    found
}

/// Which interface `wanted` means: that one, or the newest of a compatible version; one that is
/// left out is the one that is there.
fn choose<'a>(offer: &Offer<'a>, wanted: &str) -> Result<&'a Name> {
    let all = interfaces(offer.exports);
    // Also one in which there are only others.
    if let Some(exact) = all.iter().find(|it| it.is(wanted)) {
        return Ok(exact);
    }
    let fitting = all.iter().filter_map(|it| {
        let meant = completed(wanted, it.as_str());
        Some((fit(it.as_str(), &meant)?, meant, *it))
    });
    let fitting: Vec<_> = fitting.collect();
    let one = fitting.iter().all(|(_, meant, _)| Some(meant) == fitting.first().map(|it| &it.1));
    match fitting.into_iter().max_by(|a, b| a.0.cmp(&b.0)) {
        Some((.., interface)) if one => Ok(interface),
        _ => Err(nothing(offer)),
    }
}

/// How many of the interfaces that there are it names.
const NAMED: usize = 8;

fn nothing(offer: &Offer<'_>) -> Error {
    let mut all = interfaces(offer.exports);
    all.sort_by_key(|it| it.as_str());
    all.dedup();
    let named = all.iter().take(NAMED).map(|it| format!("`{}`", brief(it)));
    let named = named.collect::<Vec<_>>().join(", ");
    let there = match all.len().checked_sub(NAMED) {
        _ if all.is_empty() => "it exports none".to_owned(),
        None | Some(0) => format!("it exports {named}"),
        Some(more) => format!("it exports {named} and {more} more"),
    };
    let wanted = match offer.interface {
        Some(wanted) => format!("no single interface `{}`", brief(wanted)),
        None => "no interface with functions".to_owned(),
    };
    let problem = format_args!("{} exports {wanted}; {there}", offer.called);
    Error::new(Code::NotFound, problem).of_argument("options.interface_name")
}
