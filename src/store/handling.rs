//! A call that handles an HTTP request.

use bytes::Bytes;
use http::Request;
use http_body::Body;
use wasmtime::AsContextMut;

use super::export::Export;
use super::session::Session;
use crate::error::Result;
use crate::sandbox::http::{Answered, Broken, open};
use crate::value::Value;

impl Session {
    /// Has `export`, an incoming-handler's, handle a request. `answer` gets what it answers as soon
    /// as it does.
    pub(crate) async fn handle<B>(
        &mut self,
        export: &Export,
        request: Request<B>,
        is_secure: bool,
        answer: impl FnOnce(Answered) + Send + Sync + 'static,
    ) -> Result<()>
    where
        B: Body<Data = Bytes, Error = Broken> + Send + 'static,
    {
        let store = self.store().as_context_mut();
        let resources = open(store, request, is_secure, answer)?;
        self.call_values(export, &resources.map(Value::Resource)).await.map(drop)
    }
}
