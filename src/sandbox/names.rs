//! Name look-up, for allowed names only, by threads that do nothing else.

use std::future::poll_fn;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::vec;

use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{
    Host, HostResolveAddressStream, ResolveAddressStream,
};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, Pollable, SocketError, subscribe};
use wasmtime_wasi::sockets::WasiSocketsCtxView;

use super::OpenSandbox;
use super::network::Wanted;
use crate::engine::offload::Answer;
use crate::engine::portion::Portion;

/// The look-ups of a guest.
pub(crate) struct Names<'a> {
    pub inner: WasiSocketsCtxView<'a>,
    pub portion: Arc<Portion>,
    pub sandbox: Option<Arc<OpenSandbox>>,
}

/// One look-up. When the guest drops it, it is not begun; or its answer is for nobody.
enum Lookup {
    Asked(Answer<Found>),
    Found(Found),
}

type Found = Result<vec::IntoIter<IpAddr>, ErrorCode>;

impl Lookup {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<&mut Found> {
        if let Self::Asked(answer) = self {
            match Pin::new(answer).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(found) => {
                    *self = Self::Found(found.unwrap_or(Err(ErrorCode::TemporaryResolverFailure)));
                }
            }
        }
        match self {
            Self::Found(found) => Poll::Ready(found),
            Self::Asked(_) => Poll::Pending,
        }
    }
}

#[async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        poll_fn(|context| self.poll(context).map(drop)).await;
    }
}

/// What the system knows `name` as. Takes as long as the system likes.
fn find(name: &str) -> Found {
    let found = (name, 0).to_socket_addrs().map_err(|error| {
        tracing::debug!(name, "name look-up: {error}");
        ErrorCode::NameUnresolvable
    })?;
    let addresses: Vec<IpAddr> = found.map(|address| address.ip().to_canonical()).collect();
    Ok(addresses.into_iter())
}

impl network::Host for Names<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.inner.convert_error_code(error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.inner.network_error_code(error)
    }
}

impl network::HostNetwork for Names<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.inner, network)
    }
}

impl Host for Names<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        self.inner.table.get(&network)?;
        let wanted = self.sandbox.as_ref().and_then(|it| it.network().allowed(&name));
        let lookup = match wanted.ok_or(ErrorCode::AccessDenied)? {
            Wanted::Address(address) => Lookup::Found(Ok(vec![address].into_iter())),
            Wanted::Name(mut plain) => {
                // A dot at the end keeps resolvers from trying other ends.
                if name.ends_with('.') {
                    plain.push('.');
                }
                let asked = self.portion.look_up(move || find(&plain));
                Lookup::Asked(asked.map_err(|_| ErrorCode::TemporaryResolverFailure)?)
            }
        };
        // Of a type of ours, which only the functions below look at.
        Ok(Resource::new_own(self.inner.table.push(lookup)?.rep()))
    }
}

/// A stream is a [`Lookup`]: nobody else makes any.
fn lookup(stream: &Resource<ResolveAddressStream>) -> Resource<Lookup> {
    match stream.owned() {
        true => Resource::new_own(stream.rep()),
        false => Resource::new_borrow(stream.rep()),
    }
}

impl HostResolveAddressStream for Names<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        let lookup = self.inner.table.get_mut(&lookup(&stream))?;
        match lookup.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Err(ErrorCode::WouldBlock.into()),
            Poll::Ready(Ok(found)) => Ok(found.next().map(IpAddress::from)),
            Poll::Ready(Err(error)) => Err((*error).into()),
        }
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.inner.table, lookup(&stream))
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.inner.table.delete(lookup(&stream))?;
        Ok(())
    }
}
