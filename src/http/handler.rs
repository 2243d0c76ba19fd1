//! What handles requests: an export of a component, looked up once.

use std::fmt;
use std::sync::Arc;

use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::store::Export;
use crate::types::{ComponentTypes, Name, Type};

/// The function that handles a request, in the oldest version that it may have. Newer ones serve.
const HANDLE: &str = "wasi:http/incoming-handler@0.2.0#handle";

/// What it is called from WASI 0.3 on.
const LATER: &str = "wasi:http/handler@0.3";

/// A component that handles HTTP requests. Clones share it; any thread may use it.
#[derive(Clone)]
pub struct Handler(Arc<Inner>);

struct Inner {
    export: Export,
    component: Component,
}

impl Component {
    /// Its `wasi:http/incoming-handler`.
    ///
    /// # Errors
    /// `NOT_FOUND` if it exports none of 0.2, `UNSUPPORTED` if it exports a later one,
    /// `TYPE_MISMATCH` if what is called so is something else.
    pub fn http_handler(&self) -> Result<Handler> {
        let types = self.types();
        let export = Export::find(types, self.compiled(), HANDLE).map_err(|error| {
            let is_later = |name: &str| name.starts_with(LATER);
            match types.exports.iter().any(|item| is_later(item.name.as_str())) {
                true => {
                    Error::new(Code::Unsupported, "wasi:http 0.3 is not provided yet, only 0.2")
                }
                false => error,
            }
        })?;
        let signature = export.signature();
        let is_of = |ty: &Type, name: &str| match ty {
            Type::Own(resource) => is_imported(types, resource.name(), name),
            _ => false,
        };
        let fits = match &*signature.params {
            [request, out] => {
                is_of(&request.ty, "incoming-request")
                    && is_of(&out.ty, "response-outparam")
                    && !export.has_result()
            }
            _ => false,
        };
        if !fits {
            let problem = format_args!("`{}` is no handler of HTTP requests", export.name);
            return Err(Error::new(Code::TypeMismatch, problem));
        }
        Ok(Handler(Arc::new(Inner { export, component: self.clone() })))
    }
}

/// Whether `resource` is what a component imports as `name` of wasi:http.
fn is_imported(types: &ComponentTypes, resource: &Name, name: &str) -> bool {
    let is_there = types.imports.iter().any(|item| item.name == *resource);
    let own = resource.as_str().strip_prefix("wasi:http/types@0.2.");
    is_there && own.and_then(|it| it.split_once('#')).is_some_and(|(_, last)| last == name)
}

impl Handler {
    /// What it is of.
    pub fn component(&self) -> &Component {
        &self.0.component
    }

    pub(super) fn export(&self) -> &Export {
        &self.0.export
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").field("component", self.component()).finish_non_exhaustive()
    }
}
