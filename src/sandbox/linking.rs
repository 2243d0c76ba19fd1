//! WASI 0.2, as components are linked to it.

use wasmtime::component::{HasData, Linker, Resource, ResourceType};
use wasmtime_wasi::p2::bindings::io::streams::{Host, HostOutputStream};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::bindings::{filesystem, sockets};
use wasmtime_wasi::p2::{DynOutputStream, SocketError, TcpSocket, UdpSocket};

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
    sockets(linker)?;
    streams(linker)?;
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

/// Replaces the function by which a guest has printed what it wrote without waiting for it: where a
/// callback of the host gets that, it gets it before the guest goes on.
fn streams<T: SandboxView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.instance(&format!("wasi:io/streams@{VERSION}"))?.func_wrap_async(
        "[method]output-stream.flush",
        |mut store, (stream,): (Resource<DynOutputStream>,)| {
            Box::new(async move {
                let table = store.data_mut().ctx().table;
                let flushed = match table.flush(stream) {
                    Ok(()) => Ok(()),
                    Err(error) => Err(table.convert_stream_error(error)?),
                };
                if let Some(stdio) = store.data_mut().stdio() {
                    stdio.flushed().await;
                }
                Ok((flushed,))
            })
        },
    )
}

/// Replaces those of wasmtime's functions that make and drop sockets.
fn sockets<T: SandboxView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
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
