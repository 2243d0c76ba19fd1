//! Sockets: wasmtime's, each counted as a descriptor for as long as the guest has it.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::HostUdpSocket;
use wasmtime_wasi::p2::bindings::sockets::{tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, SocketError, SocketResult, TcpSocket, UdpSocket,
};
use wasmtime_wasi::sockets::WasiSocketsCtxView;

use super::VERSION;
use crate::guest::Guest;
use crate::portion::Portion;
use crate::share::Held;

/// What each socket counts as, by its number.
#[derive(Default)]
pub(crate) struct Places(HashMap<u32, Vec<Held>>);

/// The sockets of a guest.
pub(crate) struct Sockets<'a> {
    pub inner: WasiSocketsCtxView<'a>,
    pub places: &'a mut Places,
    pub portion: Arc<Portion>,
}

type Connection = (Resource<TcpSocket>, Resource<DynInputStream>, Resource<DynOutputStream>);

impl Sockets<'_> {
    fn take(&self) -> SocketResult<Held> {
        self.portion.descriptors(1).map_err(|_| ErrorCode::NewSocketLimit.into())
    }

    fn keep(&mut self, rep: u32, held: Held) {
        self.places.0.entry(rep).or_default().push(held);
    }

    fn create_tcp(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        let held = self.take()?;
        let socket = tcp_create_socket::Host::create_tcp_socket(&mut self.inner, family)?;
        self.keep(socket.rep(), held);
        Ok(socket)
    }

    async fn create_udp(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        let held = self.take()?;
        let socket = udp_create_socket::Host::create_udp_socket(&mut self.inner, family).await?;
        self.keep(socket.rep(), held);
        Ok(socket)
    }

    fn accept(&mut self, socket: Resource<TcpSocket>) -> SocketResult<Connection> {
        let held = self.take()?;
        let accepted = HostTcpSocket::accept(&mut self.inner, socket)?;
        self.keep(accepted.0.rep(), held);
        Ok(accepted)
    }

    /// A socket that listens has the next connection at hand, too.
    async fn listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        let (rep, held) = (socket.rep(), self.take()?);
        HostTcpSocket::start_listen(&mut self.inner, socket).await?;
        self.keep(rep, held);
        Ok(())
    }

    fn drop_tcp(&mut self, rep: u32) -> wasmtime::Result<()> {
        HostTcpSocket::drop(&mut self.inner, Resource::new_own(rep))?;
        self.places.0.remove(&rep);
        Ok(())
    }

    fn drop_udp(&mut self, rep: u32) -> wasmtime::Result<()> {
        HostUdpSocket::drop(&mut self.inner, Resource::new_own(rep))?;
        self.places.0.remove(&rep);
        Ok(())
    }
}

/// What a function of WASI answers; a trap is none.
fn answer<T>(result: Result<T, SocketError>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

/// Replaces those of wasmtime's functions that make and drop sockets.
pub(super) fn shadow(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker
        .instance(&format!("wasi:sockets/tcp-create-socket@{VERSION}"))?
        .func_wrap("create-tcp-socket", |mut store, (family,)| {
            answer(store.data_mut().sockets().create_tcp(family))
        })?;
    linker.instance(&format!("wasi:sockets/udp-create-socket@{VERSION}"))?.func_wrap_async(
        "create-udp-socket",
        |mut store, (family,)| {
            Box::new(async move { answer(store.data_mut().sockets().create_udp(family).await) })
        },
    )?;
    let mut tcp = linker.instance(&format!("wasi:sockets/tcp@{VERSION}"))?;
    tcp.resource("tcp-socket", ResourceType::host::<TcpSocket>(), |mut store, rep| {
        store.data_mut().sockets().drop_tcp(rep)
    })?;
    tcp.func_wrap("[method]tcp-socket.accept", |mut store, (socket,)| {
        answer(store.data_mut().sockets().accept(socket))
    })?;
    tcp.func_wrap_async("[method]tcp-socket.start-listen", |mut store, (socket,)| {
        Box::new(async move { answer(store.data_mut().sockets().listen(socket).await) })
    })?;
    let mut udp = linker.instance(&format!("wasi:sockets/udp@{VERSION}"))?;
    udp.resource("udp-socket", ResourceType::host::<UdpSocket>(), |mut store, rep| {
        store.data_mut().sockets().drop_udp(rep)
    })
}
