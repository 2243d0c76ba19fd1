//! Sockets of WASI 0.2: the standard library has none on WASI 0.1.

use std::net::SocketAddr;

use wasip2::io::streams::StreamError;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::OutgoingDatagram;
use wasip2::sockets::udp_create_socket::create_udp_socket;
use wasip2::sockets::ip_name_lookup;

fn name(error: ErrorCode) -> String {
    error.name().to_owned()
}

fn address(text: &str) -> Result<(IpAddressFamily, IpSocketAddress), String> {
    let parsed: SocketAddr = text.parse().map_err(|_| format!("`{text}` is no address"))?;
    Ok(match parsed {
        SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            let address = Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) };
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(address))
        }
        SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            let address = Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: (a, b, c, d, e, f, g, h),
                scope_id: v6.scope_id(),
            };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(address))
        }
    })
}

/// The outcome of an operation that may not be there yet.
fn wait<T>(
    pollable: &wasip2::io::poll::Pollable,
    mut finish: impl FnMut() -> Result<T, ErrorCode>,
) -> Result<T, String> {
    loop {
        match finish() {
            Err(ErrorCode::WouldBlock) => pollable.block(),
            other => return other.map_err(name),
        }
    }
}

pub fn connect(to: &str, line: &str) -> Result<String, String> {
    let (family, address) = address(to)?;
    let socket = create_tcp_socket(family).map_err(name)?;
    let pollable = socket.subscribe();
    socket.start_connect(&instance_network(), address).map_err(name)?;
    let (input, output) = wait(&pollable, || socket.finish_connect())?;
    let text = format!("{line}\n");
    output.blocking_write_and_flush(text.as_bytes()).map_err(|error| format!("{error:?}"))?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\n") {
        match input.blocking_read(4096) {
            Ok(bytes) => answer.extend(bytes),
            Err(StreamError::Closed) => break,
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    Ok(String::from_utf8_lossy(&answer).trim_end().to_owned())
}

pub fn listen(at: &str) -> Result<u16, String> {
    let (family, address) = address(at)?;
    let socket = create_tcp_socket(family).map_err(name)?;
    let pollable = socket.subscribe();
    socket.start_bind(&instance_network(), address).map_err(name)?;
    wait(&pollable, || socket.finish_bind())?;
    socket.start_listen().map_err(name)?;
    wait(&pollable, || socket.finish_listen())?;
    Ok(match socket.local_address().map_err(name)? {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    })
}

pub fn send_datagram(to: &str, text: &str) -> Result<(), String> {
    let (family, remote) = address(to)?;
    let any = match family {
        IpAddressFamily::Ipv4 => address("0.0.0.0:0")?.1,
        IpAddressFamily::Ipv6 => address("[::]:0")?.1,
    };
    let socket = create_udp_socket(family).map_err(name)?;
    let pollable = socket.subscribe();
    socket.start_bind(&instance_network(), any).map_err(name)?;
    wait(&pollable, || socket.finish_bind())?;
    let (_, outgoing) = socket.stream(None).map_err(name)?;
    outgoing.subscribe().block();
    let permit = outgoing.check_send().map_err(name)?;
    assert!(permit > 0);
    let datagram =
        OutgoingDatagram { data: text.as_bytes().to_vec(), remote_address: Some(remote) };
    outgoing.send(&[datagram]).map(drop).map_err(name)
}

pub fn look_up(of: &str) -> Result<Vec<String>, String> {
    let stream = ip_name_lookup::resolve_addresses(&instance_network(), of).map_err(name)?;
    let pollable = stream.subscribe();
    let mut found = Vec::new();
    while let Some(address) = wait(&pollable, || stream.resolve_next_address())? {
        found.push(match address {
            IpAddress::Ipv4((a, b, c, d)) => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
            IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => {
                std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h).to_string()
            }
        });
    }
    Ok(found)
}
