//! Defines functions and resources as a component imports them.

use std::sync::Arc;

use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{LinkerInstance, ResourceType};

use super::absent::{self, Left};
use super::import::{self, Import};
use super::{Link, Otherwise, Place};
use crate::error::{Error, Result};
use crate::host::Answer;
use crate::store::capability::{self, Item};
use crate::store::guest::Guest;
use crate::types::{FunctionType, Name};

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
                let import = Import::new(place.path_of(name), found.function.run.clone(), wanted);
                import::define(into, name, import, self.directly)?;
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
            define_resource(into, index, name, self.directly)?;
            let path = if interface.is_empty() { name } else { &format!("{interface}#{name}") };
            return Ok(Some(Name::new(path)));
        }
        match place.otherwise {
            Otherwise::Wasi => self.left.push(Left::Resource(name.to_owned())),
            Otherwise::Trap => absent::resource(into, name)?,
            Otherwise::Refuse => return Err(self.missing(place, name)),
        }
        Ok(None)
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
            guest.lent.remove(index, rep);
            let Some(drop) = guest.lent.destructor(index) else { return Ok(()) };
            let mailbox = guest.mailbox.clone();
            let request = move || {
                drop(rep);
                Answer::done(Ok(()))
            };
            mailbox.ask(request).await.map(|_| ()).map_err(Error::into_wasmtime)
        })
    })?;
    Ok(())
}
