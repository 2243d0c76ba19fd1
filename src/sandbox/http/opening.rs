//! A request goes to a guest, and what the guest answers comes out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use wasmtime::component::ResourceAny;
use wasmtime::{AsContextMut, StoreContextMut};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};

use super::codes;
use super::view::{Bounded, HttpView};
use crate::error::{Error, Result};

/// What a guest answers: a response, or why there is none.
pub(crate) type Answered = Result<Response<ResponseBody>>;

/// A body of a request that ended badly. The guest is told that the connection did.
#[derive(Debug)]
pub(crate) struct Broken;

impl From<Broken> for wasmtime_wasi_http::Error {
    fn from(_: Broken) -> Self {
        Self::ConnectionTerminated
    }
}

/// The body that a guest writes.
///
/// It ends as if it were complete also when the guest is gone: whoever reads it has to know.
pub(crate) struct ResponseBody(WasiBody);

impl ResponseBody {
    /// The next piece, or the trailers, or the end; an error if the guest gave the body up.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Broken>>> {
        let frame = Pin::new(&mut self.0).poll_frame(context);
        frame.map(|it| it.map(|it| it.map_err(|_| Broken)))
    }
}

/// Puts a request where the guest of `store` finds it, and gives what stands for it and for its
/// answer, which `answer` gets once, or never.
///
/// # Errors
/// If the guest has too many resources.
pub(crate) fn open<T, B>(
    mut store: StoreContextMut<'_, T>,
    request: Request<B>,
    is_secure: bool,
    answer: impl FnOnce(Answered) + Send + Sync + 'static,
) -> wasmtime::Result<[ResourceAny; 2]>
where
    T: HttpView,
    B: Body<Data = Bytes, Error = Broken> + Send + 'static,
{
    let scheme = if is_secure { Scheme::Https } else { Scheme::Http };
    let Bounded { mut view, .. } = store.data_mut().bounded();
    let request = view.new_incoming_request(scheme, request)?;
    let out = view.new_response_outparam_from_callback(move |answered| {
        answer(match answered {
            Ok(response) => Ok(response.map(ResponseBody)),
            Err(code) => Err(refusal(&code)),
        });
    })?;
    let request = request.try_into_resource_any(store.as_context_mut())?;
    Ok([request, out.try_into_resource_any(store)?])
}

/// What a guest gave in the place of a response.
fn refusal(code: &ErrorCode) -> Error {
    Error::http(codes::cause(code), codes::remark(code))
}
