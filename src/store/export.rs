//! Exported functions, without the component that they are of.

use wasmtime::component::{Component, ComponentExportIndex};

use crate::error::{Code, Error, Result};
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
    /// Looks `name` up in a component of these types.
    ///
    /// # Errors
    /// `NOT_FOUND`, with the names that are there.
    pub(crate) fn find(types: &ComponentTypes, compiled: &Component, name: &str) -> Result<Self> {
        let is_it = |item: &Item| item.name.is(name) && matches!(item.ty, Some(Type::Function(_)));
        let missing = || not_found(types, name);
        let position = types.exports.iter().position(is_it).ok_or_else(missing)?;
        let item = types.exports.get(position).ok_or_else(missing)?;
        let index = resolve(compiled, name).ok_or_else(missing)?;
        let ty = item.ty.clone().ok_or_else(missing)?;
        let has_resources = ty.has_resources();
        Ok(Self { name: item.name.clone(), ty, index, position, has_resources })
    }

    /// Its parameters and result.
    pub(crate) fn signature(&self) -> &FunctionType {
        match &self.ty {
            Type::Function(signature) => signature,
            _ => unreachable!("`find` takes functions only"),
        }
    }

    pub(crate) fn has_result(&self) -> bool {
        self.signature().result.is_some()
    }
}

/// Where the export is in the component.
fn resolve(compiled: &Component, name: &str) -> Option<ComponentExportIndex> {
    match name.split_once('#') {
        None => compiled.get_export_index(None, name),
        Some((interface, name)) => {
            let interface = compiled.get_export_index(None, interface)?;
            compiled.get_export_index(Some(&interface), name)
        }
    }
}

/// How many of the functions that there are it names.
const NAMED: usize = 8;

fn not_found(types: &ComponentTypes, name: &str) -> Error {
    let is_function = |item: &&Item| matches!(item.ty, Some(Type::Function(_)));
    let functions = || types.exports.iter().filter(is_function);
    let named = functions().take(NAMED).map(|item| format!("`{}`", brief(&item.name)));
    let (names, count) = (named.collect::<Vec<_>>().join(", "), functions().count());
    let there = match count.saturating_sub(NAMED) {
        _ if count == 0 => "it exports no functions".to_owned(),
        0 => format!("it exports {names}"),
        more => format!("it exports {names} and {more} more"),
    };
    let problem = format_args!("the component has no function `{}`; {there}", brief(name));
    Error::new(Code::NotFound, problem)
}
