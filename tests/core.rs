//! The safe core, used as a Rust crate.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use wasmcell::marshal::Args;
use wasmcell::{
    Allocator, CallOptions, CallReport, CancelToken, Code, Component, ComponentOptions, Instance,
    Runtime, RuntimeBuilder, Value,
};

/// Adds, spins, counts, traps, and grows its memory.
const GUEST: &str = r#"
(component
  (core module $m
    (memory (export "mem") 1)
    (global $n (mut i32) (i32.const 0))
    (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1)))
    (func (export "spin") (loop br 0))
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    (func $inner (export "trap") unreachable)
    (func (export "grow") (param i32) (result i32)
      (memory.grow (local.get 0)))
    (func (export "hoard")
      (loop
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
        br 0)))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "count") (result u32) (canon lift (core func $i "count")))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "grow") (param "pages" u32) (result s32) (canon lift (core func $i "grow")))
  (func (export "hoard") (canon lift (core func $i "hoard"))))
"#;

fn builder() -> RuntimeBuilder {
    let mut builder = Runtime::builder();
    builder.max_components(100).max_linear_memory(1 << 20);
    builder
}

fn load(builder: &RuntimeBuilder) -> Component {
    let runtime = builder.build().unwrap();
    Component::new(&runtime, GUEST.as_bytes(), &ComponentOptions::default()).unwrap()
}

fn within(ms: u64) -> CallOptions {
    CallOptions { timeout: Some(Duration::from_millis(ms)), ..CallOptions::default() }
}

#[test]
fn a_call_gives_results() {
    let component = load(&builder());
    let add = component.function("add").unwrap();
    let results =
        add.call_values(&[Value::U32(40), Value::U32(2)], &CallOptions::default()).unwrap();
    assert_eq!(results, [Value::U32(42)]);
    assert_eq!(component.call_text("add(1, 2)", &CallOptions::default()).unwrap(), "3");
}

#[test]
fn each_call_has_a_fresh_instance() {
    let component = load(&builder());
    let count = component.function("count").unwrap();
    for _ in 0..3 {
        assert_eq!(count.call_values(&[], &CallOptions::default()).unwrap(), [Value::U32(1)]);
    }
}

#[test]
fn an_instance_keeps_its_state_until_it_fails() {
    let component = load(&builder());
    let (count, trap) = (component.function("count").unwrap(), component.function("trap").unwrap());
    let instance = Instance::new(&component, &CallOptions::default()).unwrap();
    for n in 1..4 {
        assert_eq!(
            instance.call_values(&count, &[], &CallOptions::default()).unwrap(),
            [Value::U32(n)]
        );
    }
    assert_eq!(instance.call_values(&trap, &[], &within(1000)).unwrap_err().code(), Code::Trap);
    let error = instance.call_values(&count, &[], &CallOptions::default()).unwrap_err();
    assert_eq!(error.code(), Code::Poisoned);
    assert!(error.message().contains("unreachable"), "{error}");
}

#[test]
fn an_instance_takes_one_call_at_a_time() {
    let component = load(&builder());
    let (count, spin) = (component.function("count").unwrap(), component.function("spin").unwrap());
    let instance = Instance::new(&component, &CallOptions::default()).unwrap();
    let busy = instance.clone();
    let spinner = std::thread::spawn(move || busy.call_values(&spin, &[], &within(300)));
    std::thread::sleep(Duration::from_millis(100));
    let error = instance.call_values(&count, &[], &CallOptions::default()).unwrap_err();
    assert_eq!(error.code(), Code::Busy);
    assert_eq!(spinner.join().unwrap().unwrap_err().code(), Code::Timeout);
}

#[test]
fn time_runs_out_for_a_guest_that_computes() {
    let component = load(builder().epoch_tick(5));
    let spin = component.function("spin").unwrap();
    let start = Instant::now();
    let error = spin.call_values(&[], &within(50)).unwrap_err();
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert!(error.message().contains("50 ms"), "{error}");
    let took = start.elapsed();
    assert!((50..500).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_token_cancels_now_and_for_ever() {
    let component = load(&builder());
    let spin = component.function("spin").unwrap();
    let cancel = CancelToken::new();
    let options = CallOptions { cancel: Some(cancel.clone()), ..CallOptions::default() };
    let caller = std::thread::spawn({
        let (spin, options) = (spin.clone(), options.clone());
        move || spin.call_values(&[], &options)
    });
    std::thread::sleep(Duration::from_millis(50));
    cancel.trigger();
    assert_eq!(caller.join().unwrap().unwrap_err().code(), Code::Cancelled);
    assert_eq!(spin.call_values(&[], &options).unwrap_err().code(), Code::Cancelled);
}

#[test]
fn asynchronous_calls_answer_on_a_worker() {
    let component = load(&builder());
    let add = component.function("add").unwrap();
    let (send, receive) = mpsc::channel();
    for n in 0..50 {
        let send = send.clone();
        let done = move |result| send.send((n, result)).unwrap();
        let args = Args::from_values(&[Value::U32(n), Value::U32(1)], add.signature()).unwrap();
        add.call_async(args, &CallOptions::default(), done).unwrap();
    }
    for _ in 0..50 {
        let (n, result) = receive.recv_timeout(Duration::from_secs(10)).unwrap();
        let sum = result.unwrap().to_values(add.signature()).unwrap();
        assert_eq!(sum, [Value::U32(n + 1)]);
    }
    let spin = component.function("spin").unwrap();
    let nothing = Args::from_values(&[], spin.signature()).unwrap();
    spin.call_async(nothing, &within(50), move |result| send.send((0, result)).unwrap()).unwrap();
    let (_, result) = receive.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(result.unwrap_err().code(), Code::Timeout);
}

#[test]
fn memory_limits_hold_with_and_without_a_pool() {
    for pooled in [true, false] {
        let mut builder = builder();
        if !pooled {
            builder.force_on_demand_allocator();
        }
        let component = load(&builder);
        assert_eq!(component.runtime().info().allocator == Allocator::OnDemand, !pooled);
        assert_eq!(component.call_text("grow(15)", &within(1000)).unwrap(), "1");
        assert_eq!(component.call_text("grow(16)", &within(1000)).unwrap(), "-1");
        let error = component.call_text("hoard()", &within(1000)).unwrap_err();
        assert_eq!(error.code(), Code::MemoryLimit, "{error}");
        assert!(error.message().contains("max_linear_memory"), "{error}");
    }
}

#[test]
fn fuel_is_deterministic_and_reported() {
    let component = load(builder().fuel(10_000));
    let report = Arc::new(CallReport::default());
    let options = CallOptions { report: Some(report.clone()), ..CallOptions::default() };
    component.call_text("add(1, 2)", &options).unwrap();
    let used = report.fuel();
    assert!(used > 0);
    component.call_text("add(3, 4)", &options).unwrap();
    assert_eq!(report.fuel(), used);
    let error = component.call_text("spin()", &options).unwrap_err();
    assert_eq!(error.code(), Code::Fuel, "{error}");
    assert_eq!(report.fuel(), 10_000);
}

#[test]
fn statistics_add_up() {
    let component = load(&builder());
    let runtime = component.runtime().clone();
    component.call_text("add(1, 2)", &within(1000)).unwrap();
    component.call_text("trap()", &within(1000)).unwrap_err();
    component.call_text("spin()", &within(10)).unwrap_err();
    let instance = Instance::new(&component, &CallOptions::default()).unwrap();
    let stats = runtime.statistics();
    assert_eq!((stats.started, stats.finished), (4, 2));
    assert_eq!((stats.trapped, stats.timed_out, stats.instances), (1, 1, 1));
    assert_eq!((stats.memory, stats.pool_slots), (64 << 10, 1));
    drop(instance);
    let stats = runtime.statistics();
    assert_eq!((stats.instances, stats.memory), (0, 0));
}

#[test]
fn a_missing_import_names_who_could_provide_it() {
    let runtime = builder().build().unwrap();
    let refused = |text: &str| {
        let error = Component::new(&runtime, text.as_bytes(), &ComponentOptions::default());
        let error = error.unwrap_err();
        assert_eq!(error.code(), Code::Link, "{error}");
        error.message().to_owned()
    };
    let message =
        refused(r#"(component (import "acme:host/log@1.0.0" (instance (export "log" (func)))))"#);
    assert!(
        message.contains("acme:host/log@1.0.0") && message.contains("the host has to"),
        "{message}"
    );
    let message =
        refused(r#"(component (import "wasi:blobstore/a@0.2.0" (instance (export "x" (func)))))"#);
    assert!(message.contains("not among the WASI interfaces"), "{message}");
    let message = refused(
        r#"(component (import "wrpc:rpc/transport@0.1.0" (instance (export "x" (func)))))"#,
    );
    assert!(message.contains("experimental feature `rpc-interface`"), "{message}");
}

#[test]
fn features_decide_what_linking_leaves_to_the_host() {
    let runtime = builder().experimental_feature_names("RPC_INTERFACE").build().unwrap();
    assert!(runtime.skip_feature_gated_instance("wrpc:rpc/transport@0.1.0"));
    assert!(!runtime.skip_feature_gated_instance("wasmcloud:messaging/types@0.3.0"));
    assert!(!runtime.skip_feature_gated_instance("wasi:cli/run@0.2.0"));
}

#[test]
fn bad_settings_are_named() {
    type Set = fn(&mut RuntimeBuilder) -> &mut RuntimeBuilder;
    let bad: [(&str, Set); 7] = [
        ("max_components", |b| b.max_components(0)),
        ("max_components", |b| b.max_components(u64::MAX)),
        ("max_linear_memory", |b| b.max_linear_memory(1 << 48)),
        ("max_execution_time", |b| b.max_execution_time(0)),
        ("experimental_features", |b| b.experimental_feature_names("no-such")),
        ("require_signature", |b| b.require_signature(true)),
        ("force_on_demand_allocator", |b| b.force_pooling_allocator().force_on_demand_allocator()),
    ];
    for (name, set) in bad {
        let mut builder = builder();
        set(&mut builder);
        let error = builder.build().unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains(name), "{error}");
    }
}

#[test]
fn log_records_reach_their_own_runtime() {
    let seen = |level| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let mut builder = builder();
        builder.log(
            level,
            Arc::new(move |level, target, message| {
                sink.lock().unwrap().push(format!("{level} {target} {message}"));
            }),
        );
        load(&builder);
        let lines = lines.lock().unwrap();
        lines.join("\n")
    };
    let debug = seen(tracing::Level::DEBUG);
    assert!(debug.contains("DEBUG wasmcell::runtime runtime built"), "{debug}");
    assert_eq!(seen(tracing::Level::ERROR), "");
}

#[test]
fn the_default_runtime_describes_itself() {
    let runtime = Runtime::new().unwrap();
    let info = runtime.info();
    assert_eq!(info.max_components, 10_000);
    assert_ne!(info.allocator, Allocator::OnDemand, "{info:?}");
    assert!(format!("{runtime:?}").contains("max_execution_time"));
}
