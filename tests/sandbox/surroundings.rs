//! Arguments, environment, clocks, random numbers, configuration, log records, commands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Level;
use wasmcell::marshal::Args;
use wasmcell::sandbox::{Clocks, Random, Sink, Source};
use wasmcell::{
    CallOptions, Code, Component, ComponentOptions, Instance, Output, Runtime, Sandbox,
};

use crate::{call, check_stack, fails, guest, load, load_bare, on_large_stack, options, runtime};

#[test]
fn nothing_is_granted_unless_asked() {
    for component in [load_bare(), load(&Sandbox::new())] {
        assert_eq!(call(&component, "arguments()"), "[]");
        assert_eq!(call(&component, "environment()"), "[]");
        assert_eq!(call(&component, "initial-directory()"), "none");
        assert_eq!(call(&component, "directories()"), "[]");
        assert_eq!(call(&component, "read-all()"), r#"ok("")"#);
        assert_eq!(call(&component, "print(\"lost\")"), "()");
        assert_eq!(call(&component, "complain(\"lost\")"), "()");
        assert_eq!(call(&component, "config(\"key\")"), "ok(none)");
        assert_eq!(call(&component, "config-all()"), "ok([])");
        assert_eq!(call(&component, "log(\"error\", \"\", \"lost\")"), "()");
    }
}

#[test]
fn arguments_and_environment_are_as_given() {
    let mut sandbox = Sandbox::new();
    sandbox.arg("program").unwrap().arg("").unwrap().arg("ä b").unwrap();
    sandbox.env("KEY", "old").unwrap().env("OTHER", "a=b").unwrap().env("KEY", "new").unwrap();
    sandbox.initial_directory("/there").unwrap();
    let component = load(&sandbox);
    assert_eq!(call(&component, "arguments()"), r#"["program", "", "ä b"]"#);
    assert_eq!(call(&component, "environment()"), r#"[("KEY", "new"), ("OTHER", "a=b")]"#);
    assert_eq!(call(&component, "initial-directory()"), r#"some("/there")"#);
}

#[test]
fn what_cannot_be_granted_is_refused_at_once() {
    let mut sandbox = Sandbox::new();
    for (error, argument) in [
        (sandbox.arg("a\0b").unwrap_err(), "`arg`"),
        (sandbox.env("", "x").unwrap_err(), "`key`"),
        (sandbox.env("a=b", "x").unwrap_err(), "`key`"),
        (sandbox.env("a", "\0").unwrap_err(), "`value`"),
        (sandbox.initial_directory("").unwrap_err(), "`path`"),
    ] {
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(argument), "{error}");
    }
    assert_eq!(call(&load(&sandbox), "arguments()"), "[]");
}

#[test]
fn a_component_keeps_the_sandbox_it_was_made_with() {
    let mut sandbox = Sandbox::new();
    sandbox.arg("one").unwrap();
    let component = load(&sandbox);
    sandbox.arg("two").unwrap();
    drop(sandbox);
    assert_eq!(call(&component, "arguments()"), r#"["one"]"#);
}

#[test]
fn clocks_are_real_or_fixed() {
    let component = load_bare();
    let wall: u64 = call(&component, "wall-clock()").parse().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    assert!(now.abs_diff(wall) < 10_000_000_000, "{now} {wall}");

    let wall = Duration::new(1_000_000_000, 5);
    let mut sandbox = Sandbox::new();
    let component = load(sandbox.clocks(Clocks::Fixed { wall, step: Duration::ZERO }));
    let instance = Instance::new(&component, &options()).unwrap();
    let read = |name: &str| {
        let function = component.function(&format!("wasmcell:test/outside@0.1.0#{name}")).unwrap();
        instance.call_text(&function, "()", &options()).unwrap()
    };
    for _ in 0..2 {
        assert_eq!(read("wall-clock"), "1000000000000000005");
        assert_eq!(read("monotonic-clock"), "0");
    }
    let component = load(sandbox.clocks(Clocks::Fixed { wall, step: Duration::from_secs(1) }));
    let instance = Instance::new(&component, &options()).unwrap();
    let read = |name: &str| {
        let function = component.function(&format!("wasmcell:test/outside@0.1.0#{name}")).unwrap();
        instance.call_text(&function, "()", &options()).unwrap()
    };
    assert_eq!(read("wall-clock"), "1000000000000000005");
    assert_eq!(read("monotonic-clock"), "1000000000");
    assert_eq!(read("wall-clock"), "1000000002000000005");
    // Sleeping takes real time, and ends.
    assert_eq!(call(&component, "sleep(20)"), "()");
}

#[test]
fn random_numbers_are_real_or_seeded() {
    let bare = load_bare();
    assert_ne!(call(&bare, "random()"), call(&bare, "random()"));
    let seeded = |seed| load(Sandbox::new().random(Random::Seeded(seed)));
    let (one, two) = (seeded(1), seeded(2));
    let first = call(&one, "random()");
    assert_eq!(first, call(&one, "random()"));
    assert_ne!(first, call(&two, "random()"));
    assert_ne!(first, call(&one, "insecure-random()"));
    assert_eq!(call(&two, "insecure-random()"), call(&two, "insecure-random()"));
    // For ever: programs rely on it.
    assert_eq!(first, "12017601128915079454");
}

#[test]
fn configuration_reaches_the_guest() {
    let mut sandbox = Sandbox::new();
    sandbox.config("b", "2").config("a", "0").config("a", "1");
    let component = load(&sandbox);
    assert_eq!(call(&component, r#"config("a")"#), r#"ok(some("1"))"#);
    assert_eq!(call(&component, r#"config("c")"#), "ok(none)");
    assert_eq!(call(&component, "config-all()"), r#"ok([("a", "1"), ("b", "2")])"#);
}

type Records = Arc<Mutex<Vec<(Level, String, String)>>>;

fn logging(level: Level) -> (Runtime, Records) {
    let records = Records::default();
    let into = records.clone();
    let mut builder = Runtime::builder();
    let log = move |level: Level, target: &str, message: &str| {
        if target.starts_with("guest:") {
            into.lock().unwrap().push((level, target.to_owned(), message.to_owned()));
        }
    };
    builder.max_components(10).log(level, Arc::new(log));
    (builder.build().unwrap(), records)
}

#[test]
fn log_records_reach_the_runtimes_callback() {
    let (runtime, records) = logging(Level::INFO);
    let options = ComponentOptions { name: Some("shop".into()), ..ComponentOptions::default() };
    let component = Component::new(&runtime, &guest("wasi.wasm"), &options).unwrap();
    for (level, context, message) in
        [("info", "", "open"), ("debug", "", "lost"), ("critical", "till", "on fire")]
    {
        call(&component, &format!("log(\"{level}\", \"{context}\", \"{message}\")"));
    }
    let records = records.lock().unwrap();
    let [info, critical] = &records[..] else { panic!("{records:?}") };
    assert_eq!(*info, (Level::INFO, "guest:shop".into(), "open".into()));
    assert_eq!(critical.0, Level::ERROR);
    assert_eq!(critical.2, "on fire context=\"till\"");
}

#[test]
fn an_interface_of_another_type_is_refused() {
    let text = r#"(component (import "wasi:config/store@0.2.9" (instance
        (export "get" (func (param "key" u32) (result string))))))"#;
    let error = Component::new(runtime(), text.as_bytes(), &ComponentOptions::default());
    let error = error.unwrap_err();
    assert_eq!(error.code(), Code::Link);
    assert!(error.message().contains("func(key: u32) -> string"), "{error}");
}

#[test]
fn a_command_ends_with_a_status() {
    let run = |args: &[&str]| {
        let mut sandbox = Sandbox::new();
        args.iter().for_each(|arg| drop(sandbox.arg(arg).unwrap().clone()));
        sandbox.stdin(Source::Bytes((*b"in\n").into())).stdout(Sink::Capture);
        let options = ComponentOptions { sandbox: Some(sandbox), ..ComponentOptions::default() };
        let component = Component::new(runtime(), &guest("command.wasm"), &options).unwrap();
        let output = Arc::new(Output::new(1000));
        let options = CallOptions { output: Some(output.clone()), ..CallOptions::default() };
        let status = component.run(&options);
        (status, String::from_utf8(output.stdout()).unwrap())
    };
    let (status, printed) = run(&["command"]);
    assert_eq!((status.unwrap(), &printed[..]), (0, "arguments: command\nin\n"));
    assert_eq!(run(&["command", "0"]).0.unwrap(), 0);
    assert_eq!(run(&["command", "7"]).0.unwrap(), 7);
    assert_eq!(run(&["command", "255"]).0.unwrap(), 255);
    let (status, printed) = run(&["command", "x"]);
    assert_eq!((status.unwrap(), &printed[..]), (1, "arguments: command x\nin\n"));
    let (status, printed) = run(&["command", "trap"]);
    assert_eq!(status.unwrap_err().code(), Code::Trap);
    assert_eq!(printed, "arguments: command trap\nin\n");
}

#[test]
fn a_library_is_no_command() {
    let error = load_bare().run(&options()).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.message().contains("wasi:cli/run"), "{error}");
    assert_eq!(fails(&load_bare(), "print-and-exit(\"\")").exit_status(), Some(3));
}

#[test]
fn no_record_reaches_the_host_on_a_fiber() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let into = records.clone();
    let log = move |_: Level, target: &str, _: &str| {
        check_stack();
        into.lock().unwrap().push(target.to_owned());
    };
    let mut builder = Runtime::builder();
    builder.max_components(10).log(Level::TRACE, Arc::new(log));
    let runtime = builder.build().unwrap();
    let component =
        Component::new(&runtime, &guest("wasi.wasm"), &ComponentOptions::default()).unwrap();
    on_large_stack(|| {
        call(&component, r#"log("info", "", "x")"#);
        call(&component, "random()");
    });
    let function = component.function("wasmcell:test/outside@0.1.0#random").unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let done = move |result| send.send(result).unwrap();
    let args = Args::from_values(&[], function.signature()).unwrap();
    function.call_async(args, &options(), done).unwrap();
    receive.recv_timeout(Duration::from_secs(10)).unwrap().unwrap();
    let records = records.lock().unwrap();
    assert!(records.iter().any(|target| target == "guest:"), "{records:?}");
    // wasmtime's own, of a call of the guest.
    assert!(records.iter().any(|target| target.starts_with("wasmtime_wasi")), "{records:?}");
}
