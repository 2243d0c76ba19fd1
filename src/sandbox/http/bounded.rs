//! In the place of some functions of wasmtime's: the same, with a bound on what they take.

use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi_http::FieldMap;
use wasmtime_wasi_http::p2::HeaderResult;
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, HeaderError, HostFields, HostOutgoingBody as _, HostOutgoingRequest as _,
    Method, Scheme,
};
use wasmtime_wasi_http::p2::body::HostOutgoingBody;
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostOutgoingRequest, HostOutgoingResponse, HostResponseOutparam,
};

use super::hooks::PIECE;
use super::trailers::is_trailer;
use super::view::{Bounded, HttpView};
use crate::error::{Error, Result};
use crate::sandbox::VERSION;

/// What a field takes besides its name and its value.
const FIELD: usize = 128;

/// What may wait in a body for its reader, and what that takes besides.
const BODY: usize = 2 * PIECE + 512;

/// Most bytes of a request's method or scheme, of its authority, and of its path.
const MOST_WORD: usize = 32;
const MOST_AUTHORITY: usize = 255;
const MOST_PATH: usize = 16 << 10;

impl Bounded<'_> {
    /// Charges a set of fields with what it takes now.
    fn weigh(&mut self, fields: &Resource<FieldMap>) -> Result<()> {
        let Ok(map) = self.view.table.get(fields) else { return Ok(()) };
        let bytes = map.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD);
        self.ledger.charge(fields.rep(), bytes.sum())
    }

    /// Changes a set of fields.
    fn change(
        &mut self,
        fields: Resource<FieldMap>,
        change: impl FnOnce(&mut Self, Resource<FieldMap>) -> HeaderResult<()>,
    ) -> wasmtime::Result<Told<()>> {
        let number = fields.rep();
        let told = told(change(self, fields))?;
        self.weigh(&Resource::new_borrow(number)).map_err(Error::into_wasmtime)?;
        Ok(told)
    }

    /// A new set of fields.
    fn made(&mut self, fields: Resource<FieldMap>) -> wasmtime::Result<Resource<FieldMap>> {
        self.weigh(&fields).map_err(Error::into_wasmtime)?;
        Ok(fields)
    }

    /// A request or a response has a body now.
    fn has_body(&mut self, number: u32) -> wasmtime::Result<()> {
        self.ledger.add(number, BODY).map_err(Error::into_wasmtime)
    }

    fn finish(
        &mut self,
        body: Resource<HostOutgoingBody>,
        trailers: Option<Resource<FieldMap>>,
    ) -> wasmtime::Result<std::result::Result<(), ErrorCode>> {
        if let Some(trailers) = &trailers {
            self.ledger.release(trailers.rep());
            let named = self.view.table.get(trailers)?;
            if !named.keys().all(is_trailer) {
                self.view.table.delete(Resource::<FieldMap>::new_own(trailers.rep()))?;
                self.view.table.delete(body)?.abort();
                return Ok(Err(ErrorCode::HttpProtocolError));
            }
        }
        match self.view.finish(body, trailers) {
            Ok(()) => Ok(Ok(())),
            Err(error) => Ok(Err(error.downcast()?)),
        }
    }
}

/// What a function answers that can fail.
type Told<T> = (std::result::Result<T, HeaderError>,);

fn told<T>(result: HeaderResult<T>) -> wasmtime::Result<Told<T>> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

pub(super) fn add_to_linker<T: HttpView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let types = &mut linker.instance(&format!("wasi:http/types@{VERSION}"))?;
    fields(types)?;
    errors(types)?;
    changes(types)?;
    responses(types)?;
    requests(types)?;
    targets(types)?;
    let outgoing = &mut linker.instance(&format!("wasi:http/outgoing-handler@{VERSION}"))?;
    handler(outgoing)
}

fn fields<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    types.resource("fields", ResourceType::host::<FieldMap>(), |mut store, number| {
        let mut http = store.data_mut().bounded();
        http.ledger.release(number);
        HostFields::drop(&mut http.view, Resource::new_own(number))
    })?;
    types.func_wrap(
        "[static]fields.from-list",
        |mut store, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let mut http = store.data_mut().bounded();
            match told(http.view.from_list(entries))? {
                (Ok(fields),) => Ok((Ok(http.made(fields)?),)),
                (Err(error),) => Ok((Err(error),)),
            }
        },
    )?;
    types.func_wrap("[method]fields.clone", |mut store, (fields,): (Resource<FieldMap>,)| {
        let mut http = store.data_mut().bounded();
        let copy = HostFields::clone(&mut http.view, fields)?;
        Ok((http.made(copy)?,))
    })
}

/// wasmtime tells a guest only of the errors of bodies that it writes, not of those that it reads.
fn errors<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    types.func_wrap("http-error-code", |mut store, (error,): (Resource<types::IoError>,)| {
        let http = store.data_mut().bounded();
        let error = http.view.table.get(&error)?;
        let of_reading = || {
            let known = error.downcast_ref::<wasmtime_wasi_http::Error>()?;
            Some(match known {
                wasmtime_wasi_http::Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
                _ => ErrorCode::HttpProtocolError,
            })
        };
        Ok((error.downcast_ref::<ErrorCode>().cloned().or_else(of_reading),))
    })
}

fn changes<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]fields.set",
        |mut store, (fields, name, values): (Resource<FieldMap>, String, Vec<Vec<u8>>)| {
            let set = |http: &mut Bounded<'_>, fields| {
                HostFields::set(&mut http.view, fields, name, values)
            };
            store.data_mut().bounded().change(fields, set)
        },
    )?;
    types.func_wrap(
        "[method]fields.append",
        |mut store, (fields, name, value): (Resource<FieldMap>, String, Vec<u8>)| {
            let append = |http: &mut Bounded<'_>, fields| http.view.append(fields, name, value);
            store.data_mut().bounded().change(fields, append)
        },
    )?;
    types.func_wrap(
        "[method]fields.delete",
        |mut store, (fields, name): (Resource<FieldMap>, String)| {
            let delete =
                |http: &mut Bounded<'_>, fields| HostFields::delete(&mut http.view, fields, name);
            store.data_mut().bounded().change(fields, delete)
        },
    )
}

fn responses<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    let ty = ResourceType::host::<HostOutgoingResponse>();
    types.resource("outgoing-response", ty, |mut store, number| {
        let mut http = store.data_mut().bounded();
        http.ledger.release(number);
        types::HostOutgoingResponse::drop(&mut http.view, Resource::new_own(number))
    })?;
    types.func_wrap(
        "[constructor]outgoing-response",
        |mut store, (fields,): (Resource<FieldMap>,)| {
            let (http, number) = (store.data_mut().bounded(), fields.rep());
            let Bounded { mut view, ledger } = http;
            let response = types::HostOutgoingResponse::new(&mut view, fields)?;
            ledger.pass_on(number, response.rep());
            Ok((response,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.body",
        |mut store, (response,): (Resource<HostOutgoingResponse>,)| {
            let (mut http, number) = (store.data_mut().bounded(), response.rep());
            let body = types::HostOutgoingResponse::body(&mut http.view, response)?;
            if body.is_ok() {
                http.has_body(number)?;
            }
            Ok((body,))
        },
    )?;
    type Answer = std::result::Result<Resource<HostOutgoingResponse>, ErrorCode>;
    types.func_wrap(
        "[static]response-outparam.set",
        |mut store, (out, answer): (Resource<HostResponseOutparam>, Answer)| {
            let mut http = store.data_mut().bounded();
            if let Ok(response) = &answer {
                http.ledger.release(response.rep());
            }
            types::HostResponseOutparam::set(&mut http.view, out, answer)
        },
    )?;
    types.func_wrap(
        "[method]response-outparam.send-informational",
        |mut store, (_, _, fields): (Resource<HostResponseOutparam>, u16, Resource<FieldMap>)| {
            let mut http = store.data_mut().bounded();
            http.ledger.release(fields.rep());
            HostFields::drop(&mut http.view, fields)?;
            let problem = "there are no informational responses".to_owned();
            Ok((Err::<(), _>(ErrorCode::InternalError(Some(problem))),))
        },
    )?;
    types.func_wrap(
        "[static]outgoing-body.finish",
        |mut store, (body, trailers): (Resource<HostOutgoingBody>, Option<Resource<FieldMap>>)| {
            Ok((store.data_mut().bounded().finish(body, trailers)?,))
        },
    )
}

fn requests<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    let ty = ResourceType::host::<HostOutgoingRequest>();
    types.resource("outgoing-request", ty, |mut store, number| {
        let mut http = store.data_mut().bounded();
        http.ledger.release(number);
        types::HostOutgoingRequest::drop(&mut http.view, Resource::new_own(number))
    })?;
    types.func_wrap(
        "[constructor]outgoing-request",
        |mut store, (fields,): (Resource<FieldMap>,)| {
            let (http, number) = (store.data_mut().bounded(), fields.rep());
            let Bounded { mut view, ledger } = http;
            let request = types::HostOutgoingRequest::new(&mut view, fields)?;
            ledger.pass_on(number, request.rep());
            Ok((request,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.body",
        |mut store, (request,): (Resource<HostOutgoingRequest>,)| {
            let (mut http, number) = (store.data_mut().bounded(), request.rep());
            let body = types::HostOutgoingRequest::body(&mut http.view, request)?;
            if body.is_ok() {
                http.has_body(number)?;
            }
            Ok((body,))
        },
    )
}

/// Bounds on what a request is for, of which wasmtime takes any length.
fn targets<T: HttpView>(types: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    type Request = Resource<HostOutgoingRequest>;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store, (request, method): (Request, Method)| {
            let is_one = !matches!(&method, Method::Other(other) if other.len() > MOST_WORD);
            let mut view = store.data_mut().bounded().into_view();
            Ok((if is_one { view.set_method(request, method)? } else { Err(()) },))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-scheme",
        |mut store, (request, scheme): (Request, Option<Scheme>)| {
            let is_one = !matches!(&scheme, Some(Scheme::Other(it)) if it.len() > MOST_WORD);
            let mut view = store.data_mut().bounded().into_view();
            Ok((if is_one { view.set_scheme(request, scheme)? } else { Err(()) },))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        |mut store, (request, authority): (Request, Option<String>)| {
            // A user in front of the host would be a way to lie about it.
            let is_one = |it: &String| it.len() <= MOST_AUTHORITY && !it.contains('@');
            let is_one = authority.as_ref().is_none_or(is_one);
            let mut view = store.data_mut().bounded().into_view();
            Ok((if is_one { view.set_authority(request, authority)? } else { Err(()) },))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        |mut store, (request, path): (Request, Option<String>)| {
            let len = path.as_ref().map_or(0, String::len);
            let mut http = store.data_mut().bounded();
            if len > MOST_PATH {
                return Ok((Err(()),));
            }
            http.ledger.add(request.rep(), len).map_err(Error::into_wasmtime)?;
            Ok((http.view.set_path_with_query(request, path)?,))
        },
    )
}

/// Denies every request of a guest.
fn handler<T: HttpView>(outgoing: &mut LinkerInstance<'_, T>) -> wasmtime::Result<()> {
    type Options = Option<Resource<types::RequestOptions>>;
    type Sent = std::result::Result<Resource<HostFutureIncomingResponse>, ErrorCode>;
    outgoing.func_wrap(
        "handle",
        |mut store, (request, options): (Resource<HostOutgoingRequest>, Options)| {
            let http = store.data_mut().bounded();
            http.ledger.release(request.rep());
            http.view.table.delete(request)?;
            if let Some(options) = options {
                http.view.table.delete(options)?;
            }
            let denied: Sent = Err(ErrorCode::HttpRequestDenied);
            Ok((denied,))
        },
    )
}
