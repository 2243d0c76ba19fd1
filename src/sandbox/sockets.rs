//! Sockets: wasmtime's, each counted as a descriptor for as long as the guest has it.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::HostUdpSocket;
use wasmtime_wasi::p2::bindings::sockets::{tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, SocketResult, TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::WasiSocketsCtxView;

use crate::engine::portion::Portion;
use crate::engine::share::Held;

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

    pub(super) fn create_tcp(
        &mut self,
        family: IpAddressFamily,
    ) -> SocketResult<Resource<TcpSocket>> {
        let held = self.take()?;
        let socket = tcp_create_socket::Host::create_tcp_socket(&mut self.inner, family)?;
        self.keep(socket.rep(), held);
        Ok(socket)
    }

    pub(super) async fn create_udp(
        &mut self,
        family: IpAddressFamily,
    ) -> SocketResult<Resource<UdpSocket>> {
        let held = self.take()?;
        let socket = udp_create_socket::Host::create_udp_socket(&mut self.inner, family).await?;
        self.keep(socket.rep(), held);
        Ok(socket)
    }

    pub(super) fn accept(&mut self, socket: Resource<TcpSocket>) -> SocketResult<Connection> {
        let held = self.take()?;
        let accepted = HostTcpSocket::accept(&mut self.inner, socket)?;
        self.keep(accepted.0.rep(), held);
        Ok(accepted)
    }

    /// A socket that listens has the next connection at hand, too.
    pub(super) async fn listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        let (rep, held) = (socket.rep(), self.take()?);
        HostTcpSocket::start_listen(&mut self.inner, socket).await?;
        self.keep(rep, held);
        Ok(())
    }

    pub(super) fn drop_tcp(&mut self, rep: u32) -> wasmtime::Result<()> {
        HostTcpSocket::drop(&mut self.inner, Resource::new_own(rep))?;
        self.places.0.remove(&rep);
        Ok(())
    }

    pub(super) fn drop_udp(&mut self, rep: u32) -> wasmtime::Result<()> {
        HostUdpSocket::drop(&mut self.inner, Resource::new_own(rep))?;
        self.places.0.remove(&rep);
        Ok(())
    }
}
