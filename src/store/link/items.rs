//! Defines functions and resources as a component imports them.

use std::sync::Arc;

use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{LinkerInstance, ResourceType};

use super::absent::{self, Left};
use super::import::{self, Import, Runs};
use super::{Link, Otherwise, Place};
use crate::error::{Code, Error, Result};
use crate::host::{Answer, Returned};
use crate::linker::{Provided, Run};
use crate::store::capability::{self, Item};
use crate::store::errand::Errand;
use crate::store::guest::Guest;
use crate::store::provider::{Client, Provider};
use crate::types::{FunctionType, Name, brief};

impl Link<'_> {
    /// Defines the function `name`, and tells which definition of the host serves it.
    pub(super) fn function(
        &mut self,
        into: &mut LinkerInstance<'_, Guest>,
        place: &Place<'_>,
        name: &str,
        ty: &ComponentFunc,
    ) -> Result<Option<Name>> {
        let is_defined = place.serving.iter().any(|(_, it)| it.functions.contains_key(name));
        if is_defined {
            let wanted = Arc::new(FunctionType::from_wasmtime(ty));
            if let Some(found) = self.find(place, name, &wanted)? {
                self.note(place, name, &found, &wanted)?;
                let path = place.path_of(name);
                let runs = match &found.function.run {
                    Run::Host(run) => Runs::Host(run.clone()),
                    Run::Component(provided) => Runs::Provider(self.errand(&path, provided)?),
                };
                let import = Import::new(path, runs, wanted);
                import::define(into, name, import, self.calls.directly)?;
                return Ok(Some(Name::new(&found.path)));
            }
        }
        let item = Item { import: &place.path, name, ty };
        if let Some(family) = capability::of(&place.path)
            && family.define(into, &item)?
        {
            return Ok(None);
        }
        match place.otherwise {
            Otherwise::Wasi => self.left.push(Left::Function(name.to_owned())),
            Otherwise::Trap => absent::function(into, name, &place.path_of(name))?,
            Otherwise::Refuse => return Err(self.missing(place, name)),
        }
        Ok(None)
    }

    /// What serves `import` from another component.
    fn errand(&mut self, import: &str, provided: &Provided) -> Result<Errand> {
        let provider = provided.of.clone().downcast::<Provider>().map_err(|_| {
            Error::new(Code::Link, format_args!("import `{}`: nobody knows it", brief(import)))
        })?;
        let client = Client { services: self.services, calls: self.calls };
        let chain = provider.admit(&client, import)?;
        self.chain = self.chain.max(chain);
        self.uses_wasi |= provider.source().policy().uses_wasi;
        let export = provider.source().export(provided.position)?;
        Ok(Errand::new(provider, export, import.into()))
    }

    /// Defines the resource `name`, and tells which definition of the host serves it.
    pub(super) fn resource(
        &mut self,
        into: &mut LinkerInstance<'_, Guest>,
        place: &Place<'_>,
        name: &str,
        ty: ResourceType,
    ) -> Result<Option<Name>> {
        let defined = place
            .serving
            .iter()
            .find_map(|(interface, it)| Some((*interface, it.resources.get(name)?.index)));
        let index = defined.map(|(_, index)| index);
        if self.resources.add(ty, (&place.path, name), index)? {
            // The interface only uses what another one has.
            return Ok(None);
        }
        if let Some((interface, index)) = defined {
            define_resource(into, index, name, self.calls.directly)?;
            let path = if interface.is_empty() { name } else { &format!("{interface}#{name}") };
            return Ok(Some(Name::new(path)));
        }
        match place.otherwise {
            Otherwise::Wasi => self.left.push(Left::Resource(name.to_owned())),
            Otherwise::Trap => absent::resource(into, name)?,
            Otherwise::Refuse => return Err(self.withheld(place, name)),
        }
        Ok(None)
    }

    /// The error of a resource that nobody provides.
    fn withheld(&self, place: &Place<'_>, name: &str) -> Error {
        let called = place.serving.iter().find_map(|(_, it)| it.withheld.get(name));
        let Some(called) = called else { return self.missing(place, name) };
        let import = place.path_of(name);
        let problem = format!(
            "import `{import}`: {called} has that resource, and resources are not passed between \
             components"
        );
        Error::new(Code::Link, problem).of_import(import)
    }
}

fn define_resource(
    into: &mut LinkerInstance<'_, Guest>,
    index: u32,
    name: &str,
    directly: bool,
) -> Result<()> {
    let ty = ResourceType::host_dynamic(index);
    if directly {
        into.resource(name, ty, move |mut store, rep| {
            let guest = store.data_mut();
            guest.lent.remove(index, rep);
            if let Some(drop) = guest.lent.destructor(index) {
                drop(rep);
            }
            Ok(())
        })?;
        return Ok(());
    }
    into.resource_async(name, ty, move |mut store, rep| {
        Box::new(async move {
            let guest = store.data_mut();
            // Also if nobody gets to the request.
            let returned = Returned::new(&guest.lent, &[(index, rep)]);
            guest.lent.remove(index, rep);
            let mailbox = guest.mailbox.clone();
            let request = move || {
                drop(returned);
                Answer::done(Ok(()))
            };
            mailbox.ask(request).await.map(|_| ()).map_err(Error::into_wasmtime)
        })
    })?;
    Ok(())
}
