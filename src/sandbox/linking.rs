//! WASI 0.2, as components are linked to it.

use wasmtime::component::{HasData, Linker, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::bindings::{filesystem, sockets};
use wasmtime_wasi::p2::{SocketError, TcpSocket, UdpSocket};

use super::VERSION;
use super::files::Files;
use super::names::Names;
use super::view::SandboxView;

struct OurFiles;

impl HasData for OurFiles {
    type Data<'a> = Files<'a>;
}

struct OurNames;

impl HasData for OurNames {
    type Data<'a> = Names<'a>;
}

/// Defines WASI 0.2, with our checks in front of wasmtime's files, names and sockets.
pub(crate) fn add_to_linker<T: SandboxView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    filesystem::types::add_to_linker::<T, OurFiles>(linker, T::files)?;
    filesystem::preopens::add_to_linker::<T, OurFiles>(linker, T::files)?;
    sockets::ip_name_lookup::add_to_linker::<T, OurNames>(linker, T::names)?;
    shadow(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What a function of WASI answers; a trap is none.
fn answer<T>(result: Result<T, SocketError>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

/// Replaces those of wasmtime's functions that make and drop sockets.
fn shadow<T: SandboxView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
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
