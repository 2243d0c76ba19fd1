//! Which definition of the host serves an import.

use std::sync::Arc;

use super::{Link, Otherwise, Place, resources};
use crate::error::{Code, Error, Result};
use crate::linker::{Function, Interface, Run};
use crate::types::{FunctionType, brief};

/// A definition that serves an import.
pub(super) struct Found<'a> {
    /// Where it was defined.
    pub path: String,
    pub function: &'a Function,
}

/// Why a definition does not serve an import.
enum Refusal {
    Type,
    /// It takes resources of its own interface, and the component gets those of another version.
    Resources,
    /// It is another component's, and takes or gives what is not passed between components.
    Withheld,
}

impl<'a> Link<'a> {
    /// The best definition for the function `name`, if there is one: that of the exact version, or
    /// else of the newest compatible one whose type fits.
    ///
    /// # Errors
    /// `LINK` if there are some and none fits.
    pub(super) fn find<'p>(
        &self,
        place: &Place<'p>,
        name: &str,
        wanted: &FunctionType,
    ) -> Result<Option<Found<'p>>> {
        let mut first = None;
        for (interface, defined) in &place.serving {
            let Some(function) = defined.functions.get(name) else { continue };
            let path = match interface.is_empty() {
                true => name.to_owned(),
                false => format!("{interface}#{name}"),
            };
            match self.refusal(place, function, (interface, defined), wanted) {
                None => return Ok(Some(Found { path, function })),
                Some(refusal) => {
                    let is_exact = *interface == place.path;
                    let error = contradicts(&place.path_of(name), &path, function, wanted, refusal);
                    first.get_or_insert(error);
                    if is_exact {
                        break;
                    }
                }
            }
        }
        first.map_or(Ok(None), Err)
    }

    fn refusal(
        &self,
        place: &Place<'_>,
        function: &Function,
        (interface, defined): (&str, &Interface),
        wanted: &FunctionType,
    ) -> Option<Refusal> {
        if function.is_withheld() {
            return Some(Refusal::Withheld);
        }
        let called = |a: &_, b: &_| self.resources.is_called(self.host, interface, a, b);
        if function.ty.as_ref().is_some_and(|declared| !declared.is_same(wanted, &called)) {
            return Some(Refusal::Type);
        }
        // Numbers of another version's resources would mean nothing to it, or something else.
        let strange = |ty| {
            let mut names = self.resources.names_in(ty, &place.path);
            let own = |name| defined.resources.get(name).map(|own| own.index);
            names.any(|name| own(name).is_some_and(|own| self.resources.host(ty) != Some(own)))
        };
        resources::of(wanted).into_iter().any(strange).then_some(Refusal::Resources)
    }

    /// Notes that a definition serves an import.
    ///
    /// # Errors
    /// `LINK` if it does not say its type, and serves another import of another one; or if it would
    /// take the place of another definition.
    pub(super) fn note(
        &mut self,
        place: &Place<'_>,
        name: &str,
        found: &Found<'_>,
        wanted: &Arc<FunctionType>,
    ) -> Result<()> {
        let import = place.path_of(name);
        if place.otherwise == Otherwise::Wasi {
            let shared = format!("{}#{name}", place.instance);
            let other = self.uses.places.entry(shared).or_insert_with(|| found.path.clone());
            if *other != found.path {
                let problem = format!(
                    "import `{import}`: the host defines `{}`, but `{other}` serves another \
                     version of it already, and WASI is only there once",
                    found.path
                );
                return Err(Error::new(Code::Link, problem).of_import(import));
            }
        }
        let Some((first, ty)) = self.uses.imports.get(&found.path) else {
            self.uses.imports.insert(found.path.clone(), (import, wanted.clone()));
            return Ok(());
        };
        let same = |a: &_, b: &_| self.resources.is_same(a, b);
        if ty.is_same(wanted, &same) {
            return Ok(());
        }
        let (one, other) = (brief(ty), brief(wanted));
        let problem = format!(
            "import `{import}`: the host's `{}` serves one type, and the component wants `{other}` \
             besides `{one}`, which it imports as `{first}`",
            found.path
        );
        Err(Error::new(Code::Link, problem).of_import(import))
    }
}

/// The error of a definition that the component contradicts.
fn contradicts(
    import: &str,
    definition: &str,
    function: &Function,
    wanted: &FunctionType,
    refusal: Refusal,
) -> Error {
    let version = match import == definition {
        true => String::new(),
        false => format!("{definition}: "),
    };
    let wanted = brief(wanted);
    let problem = match (refusal, &function.ty) {
        (Refusal::Withheld, Some(declared)) => format!(
            "a component provides `{version}{}`, and resources, streams and futures are not passed \
             between components",
            brief(declared)
        ),
        (Refusal::Type, Some(declared)) if matches!(function.run, Run::Component(_)) => format!(
            "a component provides `{version}{}`, this one wants `{wanted}`",
            brief(declared)
        ),
        (Refusal::Type, Some(declared)) => {
            let declared = brief(declared);
            format!("the host defines `{version}{declared}`, the component wants `{wanted}`")
        }
        _ => format!(
            "the host's `{definition}` works on resources that it defines itself, the component \
             wants `{wanted}` with those of another definition"
        ),
    };
    Error::new(Code::Link, format!("import `{import}`: {problem}")).of_import(import)
}
