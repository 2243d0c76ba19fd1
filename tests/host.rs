//! Host functions and resources, through the safe core.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use wasmcell::host::{Answer, Arguments, HostCall, HostFn};
use wasmcell::linker::Unresolved;
use wasmcell::marshal::layout::{runtime_value_of_t, runtime_value_t};
use wasmcell::marshal::{Args, Reply, Results};
use wasmcell::types::Kind;
use wasmcell::{
    CallOptions, Code, Component, ComponentOptions, Error, Linker, Runtime, RuntimeBuilder, Value,
};

/// Passes its arguments to the host, and the host's answer back.
const GUEST: &str = r#"
(component
  (import "acme:host/math@1.0.0" (instance $math
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core module $m
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (func (export "sum") (param i32 i32) (result i32)
      (call $add (local.get 0) (local.get 1))))
  (core func $add (canon lower (func $math "add")))
  (core instance $i (instantiate $m (with "host" (instance (export "add" (func $add))))))
  (func (export "sum") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "sum"))))
"#;

/// Takes a counter from the host, lends it back, and drops it.
const COUNTING: &str = r#"
(component
  (import "acme:host/counters@1.0.0" (instance $host
    (export "counter" (type $counter (sub resource)))
    (export "open" (func (param "start" u32) (result (own $counter))))
    (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))))
  (alias export $host "counter" (type $counter))
  (core module $m
    (import "host" "open" (func $open (param i32) (result i32)))
    (import "host" "next" (func $next (param i32) (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (func (export "twice") (param i32) (result i32)
      (local $c i32)
      (local.set $c (call $open (local.get 0)))
      (drop (call $next (local.get $c)))
      (call $next (local.get $c))
      (call $drop (local.get $c))))
  (core func $open (canon lower (func $host "open")))
  (core func $next (canon lower (func $host "[method]counter.next")))
  (core func $drop (canon resource.drop $counter))
  (core instance $i (instantiate $m (with "host" (instance
    (export "open" (func $open)) (export "next" (func $next)) (export "drop" (func $drop))))))
  (func (export "twice") (param "start" u32) (result u32) (canon lift (core func $i "twice"))))
"#;

fn runtime() -> Runtime {
    let mut builder: RuntimeBuilder = Runtime::builder();
    builder.max_components(100).build().unwrap()
}

fn sum_of(args: &Arguments) -> Value {
    let [Value::U32(a), Value::U32(b)] = args.read().unwrap()[..] else { panic!("{args:?}") };
    Value::U32(a + b)
}

fn add(_: &HostCall, args: Arguments) -> Answer {
    args.answer(&[sum_of(&args)])
}

fn load(path: &str, run: Arc<HostFn>) -> Result<Component, Error> {
    let mut linker = Linker::new();
    linker.define(path, run).unwrap();
    let options = ComponentOptions { linker: Some(linker), ..ComponentOptions::default() };
    Component::new(&runtime(), GUEST.as_bytes(), &options)
}

fn sum(
    run: impl Fn(&HostCall, Arguments) -> Answer + Send + Sync + 'static,
) -> Result<String, Error> {
    let component = load("acme:host/math@1.0.0#add", Arc::new(run)).unwrap();
    let timeout = Some(Duration::from_millis(500));
    component.call_text("sum(40, 2)", &CallOptions { timeout, ..CallOptions::default() })
}

#[test]
fn a_guest_calls_the_host() {
    assert_eq!(sum(add).unwrap(), "42");
}

#[test]
fn a_host_function_has_the_callers_whole_stack() {
    #[inline(never)]
    fn deep(depth: u32) -> u32 {
        let room = std::hint::black_box([depth as u8; 16 << 10]);
        if depth == 0 { 0 } else { deep(depth - 1) + u32::from(room[1] == room[2]) }
    }
    let caller = std::thread::Builder::new().stack_size(16 << 20);
    let caller = caller.spawn(|| {
        sum(|call, args| {
            assert_eq!(deep(512), 512); // 8 MiB, four times a fiber
            add(call, args)
        })
    });
    assert_eq!(caller.unwrap().join().unwrap().unwrap(), "42");
}

#[test]
fn an_error_of_the_host_comes_through_untouched() {
    let error =
        sum(|_, _| Answer::done(Err(Error::new(Code::Host, "no more numbers")))).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Host, "no more numbers"));
}

#[test]
fn the_host_may_answer_later_from_another_thread() {
    let later = |_: &HostCall, args: Arguments| {
        let (reply, answer) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let sum = Results::from_values(&[sum_of(&args)], &args.ty).unwrap();
            let _ = reply.send(Ok(Box::new(sum) as _));
        });
        Answer::Later(answer)
    };
    assert_eq!(sum(later).unwrap(), "42");
    let (keep, kept) = mpsc::channel();
    let never = move |_: &HostCall, _: Arguments| {
        let (reply, answer) = tokio::sync::oneshot::channel();
        keep.send(reply).unwrap();
        Answer::Later(answer)
    };
    assert_eq!(sum(never).unwrap_err().code(), Code::Timeout);
    drop(kept);
    let dropped = |_: &HostCall, _: Arguments| Answer::Later(tokio::sync::oneshot::channel().1);
    assert_eq!(sum(dropped).unwrap_err().code(), Code::Host);
}

#[test]
fn a_host_function_may_call_other_components() {
    let inner = load("acme:host/math@1.0.0#add", Arc::new(add)).unwrap();
    let outer = move |_: &HostCall, args: Arguments| {
        let function = inner.function("sum").unwrap();
        let sum = function.call_values(&args.read().unwrap(), &CallOptions::default());
        args.answer(&sum.unwrap())
    };
    assert_eq!(sum(outer).unwrap(), "42");
}

#[test]
fn asynchronous_calls_reach_the_host_too() {
    let component = load("acme:host/math@1.0.0#add", Arc::new(add)).unwrap();
    let (send, receive) = mpsc::channel();
    let done = move |result| send.send(result).unwrap();
    let sum = component.function("sum").unwrap();
    let args = Args::from_values(&[Value::U32(40), Value::U32(2)], sum.signature()).unwrap();
    sum.call_async(args, &CallOptions::default(), done).unwrap();
    let result = receive.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(result.unwrap().to_values(sum.signature()).unwrap(), [Value::U32(42)]);
}

#[test]
fn contradicting_types_are_refused_at_load() {
    load("acme:host/math@1.0.0#add: func(a: u32, b: u32) -> u32", Arc::new(add)).unwrap();
    let error = load("acme:host/math@1.0.0#add: func(a: u64) -> u32", Arc::new(add)).unwrap_err();
    assert_eq!(error.code(), Code::Link);
    let message = error.message();
    assert!(message.contains("func(a: u64) -> u32"), "{message}");
    assert!(message.contains("func(a: u32, b: u32) -> u32"), "{message}");
}

#[test]
fn unresolved_imports_can_wait_until_they_are_called() {
    let mut linker = Linker::new();
    linker.unresolved(Unresolved::Trap);
    let options = ComponentOptions { linker: Some(linker), ..ComponentOptions::default() };
    let component = Component::new(&runtime(), GUEST.as_bytes(), &options).unwrap();
    let error = component.call_text("sum(1, 2)", &CallOptions::default()).unwrap_err();
    assert_eq!(error.code(), Code::Trap, "{error}");
}

#[test]
fn wrong_results_are_an_error() {
    let error = sum(|_, _| Answer::done(Ok(()))).unwrap_err();
    assert_eq!(error.code(), Code::TypeMismatch, "{error}");
}

/// A resource as a result: its handle, as C has it.
struct Owned([runtime_value_t; 1]);

// SAFETY: handles are numbers.
unsafe impl Reply for Owned {
    fn values(&self) -> &[runtime_value_t] {
        &self.0
    }

    fn keep(self: Box<Self>) -> wasmcell::Result<Box<dyn Reply>> {
        Ok(self)
    }
}

// SAFETY (of both): as above, numbers.
unsafe impl Send for Owned {}
unsafe impl Sync for Owned {}

fn handle(kind: Kind, resource: u64) -> runtime_value_t {
    let of = runtime_value_of_t { resource };
    runtime_value_t { kind: kind as u8, element: 0, reserved: 0, index: 0, of }
}

#[test]
fn a_guest_uses_a_resource_of_the_host_and_drops_it_once() {
    let count = Arc::new(AtomicU32::new(0));
    let dropped = Arc::new(AtomicU32::new(0));
    let mut linker = Linker::new();
    let drops = dropped.clone();
    let destructor = move |rep: u32| {
        assert_eq!(rep, 77);
        drops.fetch_add(1, Ordering::Relaxed);
    };
    linker.define_resource("acme:host/counters@1.0.0#counter", Arc::new(destructor)).unwrap();
    let counter = count.clone();
    let open = move |_: &HostCall, args: Arguments| {
        let [Value::U32(start)] = args.read().unwrap()[..] else { panic!("{args:?}") };
        counter.store(start, Ordering::Relaxed);
        Answer::Now(Ok(Box::new(Owned([handle(Kind::Own, 77)]))))
    };
    linker.define("acme:host/counters@1.0.0#open", Arc::new(open)).unwrap();
    let next = move |_: &HostCall, args: Arguments| {
        let [borrowed] = args.values.values() else { panic!("{args:?}") };
        assert_eq!(borrowed.kind, Kind::Borrow as u8);
        // SAFETY: the kind says which field it is.
        assert_eq!(unsafe { borrowed.of.resource }, 77);
        args.answer(&[Value::U32(count.fetch_add(1, Ordering::Relaxed) + 1)])
    };
    linker.define("acme:host/counters@1.0.0#[method]counter.next", Arc::new(next)).unwrap();
    let options = ComponentOptions { linker: Some(linker), ..ComponentOptions::default() };
    let component = Component::new(&runtime(), COUNTING.as_bytes(), &options).unwrap();
    assert_eq!(component.call_text("twice(5)", &CallOptions::default()).unwrap(), "7");
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}
