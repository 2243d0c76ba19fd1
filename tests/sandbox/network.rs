//! Sockets and names, on this machine only.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::Duration;

use wasmcell::{CallOptions, Code, Sandbox};

use crate::{call, call_with, load, load_bare, options};

const DENIED: &str = r#"err("access-denied")"#;

/// A server on 127.0.0.1 that answers each line with the same line; its port.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let _ = stream.write_all(line.as_bytes());
        }
    });
    port
}

#[test]
fn without_a_grant_there_is_no_network() {
    let port = echo();
    let connect = format!(r#"connect("127.0.0.1:{port}", "hello")"#);
    let mut sandbox = Sandbox::new();
    sandbox.allow_name("localhost").unwrap();
    for component in [load_bare(), load(&Sandbox::new()), load(&sandbox)] {
        assert_eq!(call(&component, &connect), DENIED);
        assert_eq!(call(&component, r#"listen("127.0.0.1:0")"#), DENIED);
        assert_eq!(call(&component, r#"send-datagram("127.0.0.1:9", "x")"#), DENIED);
    }
    assert_eq!(call(&load_bare(), r#"look-up("localhost")"#), DENIED);
    assert_eq!(call(&load_bare(), r#"look-up("127.0.0.1")"#), DENIED);
}

#[test]
fn a_guest_connects_where_it_may() {
    let (port, other) = (echo(), echo());
    let mut sandbox = Sandbox::new();
    sandbox.allow_connect("127.0.0.1/32", port..=port).unwrap();
    let component = load(&sandbox);
    let connect = |address: String| call(&component, &format!(r#"connect("{address}", "hello")"#));
    assert_eq!(connect(format!("127.0.0.1:{port}")), r#"ok("hello")"#);
    assert_eq!(connect(format!("127.0.0.1:{other}")), DENIED);
    assert_eq!(connect(format!("127.0.0.2:{port}")), DENIED);
    assert_eq!(connect(format!("[::1]:{port}")), DENIED);
    assert_eq!(call(&component, r#"listen("127.0.0.1:0")"#), DENIED);
    assert_eq!(call(&component, r#"listen("0.0.0.0:0")"#), DENIED);
}

#[test]
fn a_guest_listens_where_it_may() {
    let mut sandbox = Sandbox::new();
    sandbox.allow_bind("127.0.0.1", 0..=65535).unwrap();
    let component = load(&sandbox);
    let answer = call(&component, r#"listen("127.0.0.1:0")"#);
    assert!(answer.starts_with("ok("), "{answer}");
    assert_eq!(call(&component, r#"listen("127.0.0.2:0")"#), DENIED);
    assert_eq!(call(&component, r#"listen("0.0.0.0:0")"#), DENIED);
    let connect = format!(r#"connect("127.0.0.1:{}", "hello")"#, echo());
    assert_eq!(call(&component, &connect), DENIED);
    // Port 0 among the ports, but not the one that is found.
    let mut sandbox = Sandbox::new();
    sandbox.allow_bind("127.0.0.1", 0..=0).unwrap();
    assert_eq!(call(&load(&sandbox), r#"listen("127.0.0.1:0")"#), DENIED);
}

#[test]
fn a_guest_sends_datagrams_where_it_may() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let mut sandbox = Sandbox::new();
    sandbox.allow_connect("127.0.0.0/8", port..=port).unwrap();
    let component = load(&sandbox);
    let send = |to: String| call(&component, &format!(r#"send-datagram("{to}", "hello")"#));
    assert_eq!(send(format!("127.0.0.1:{port}")), "ok");
    let mut buffer = [0; 10];
    assert_eq!(socket.recv(&mut buffer).unwrap(), 5);
    assert_eq!(send(format!("127.0.0.1:{}", port ^ 1)), DENIED);
}

#[test]
fn names_are_looked_up_if_allowed() {
    let mut sandbox = Sandbox::new();
    sandbox.allow_name("localhost").unwrap().allow_name("*.invalid").unwrap();
    let component = load(&sandbox);
    let answer = call(&component, r#"look-up("LOCALHOST")"#);
    assert!(answer.contains("127.0.0.1") || answer.contains("::1"), "{answer}");
    assert_eq!(call(&component, r#"look-up("invalid")"#), DENIED);
    assert_eq!(call(&component, r#"look-up("localhost.example")"#), DENIED);
    assert_eq!(call(&component, r#"look-up("127.0.0.1")"#), DENIED);
}

#[test]
fn a_deadline_ends_a_wait_on_a_socket() {
    // It accepts in the background, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut sandbox = Sandbox::new();
    sandbox.allow_connect("127.0.0.1", port..=port).unwrap();
    let short = CallOptions { timeout: Some(Duration::from_millis(200)), ..options() };
    let call = format!(r#"connect("127.0.0.1:{port}", "hello")"#);
    let error = call_with(&load(&sandbox), &call, &short).unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
}

#[test]
fn malformed_rules_are_refused() {
    let mut sandbox = Sandbox::new();
    for (error, argument) in [
        (sandbox.allow_connect("localhost", 1..=2).unwrap_err(), "`addresses`"),
        (sandbox.allow_bind("10.0.0.1/8", 1..=2).unwrap_err(), "`addresses`"),
        (sandbox.allow_name("*x").unwrap_err(), "`name`"),
    ] {
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(argument), "{error}");
    }
}
