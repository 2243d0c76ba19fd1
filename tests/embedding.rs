//! The library inside somebody else's tokio: blocking and asynchronous calls, and the end of a
//! runtime, from within the tasks and threads of another tokio runtime.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use wasmcell::marshal::{Args, Results};
use wasmcell::{
    CallOptions, CancelToken, Code, Component, ComponentOptions, Function, Instance, Result,
    Runtime, Value,
};

/// Counts, spins, traps and sleeps.
const GUEST: &str = r#"
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $p (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $after (canon lower (func $clock "subscribe-duration")))
  (core func $drop (canon resource.drop $pollable))
  (core module $m
    (import "" "block" (func $block (param i32)))
    (import "" "after" (func $after (param i64) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $n (mut i32) (i32.const 0))
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    (func (export "spin") (loop $again (br $again)))
    (func (export "trap") unreachable)
    (func (export "sleep") (param i64) (local $p i32)
      (local.set $p (call $after (i64.mul (local.get 0) (i64.const 1000000))))
      (call $block (local.get $p))
      (call $drop (local.get $p))))
  (core instance $i (instantiate $m (with "" (instance
    (export "block" (func $block))
    (export "after" (func $after))
    (export "drop" (func $drop))))))
  (func (export "count") (result u32) (canon lift (core func $i "count")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "sleep") (param "ms" u64) (canon lift (core func $i "sleep"))))
"#;

/// Longer than any step here takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn load() -> Component {
    let mut builder = Runtime::builder();
    builder.max_components(64).max_linear_memory(1 << 20);
    let runtime = builder.build().unwrap();
    Component::new(&runtime, GUEST.as_bytes(), &ComponentOptions::default()).unwrap()
}

fn within(ms: u64) -> CallOptions {
    CallOptions { timeout: Some(Duration::from_millis(ms)), ..CallOptions::default() }
}

fn code<T>(result: Result<T>) -> Option<Code> {
    result.err().map(|error| error.code())
}

/// Runs `body` in a task of each kind of tokio runtime there is.
fn in_each_tokio<F>(body: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut multi = tokio::runtime::Builder::new_multi_thread();
    let mut current = tokio::runtime::Builder::new_current_thread();
    for builder in [multi.worker_threads(2).enable_all(), current.enable_all()] {
        let host = builder.build().unwrap();
        host.block_on(async {
            // As the root of `block_on`, in a task, and on a thread for blocking work.
            tokio::time::timeout(PATIENCE, body()).await.unwrap();
            tokio::time::timeout(PATIENCE, tokio::spawn(body())).await.unwrap().unwrap();
            let handle = tokio::runtime::Handle::current();
            let blocking = tokio::task::spawn_blocking(move || handle.block_on(body()));
            tokio::time::timeout(PATIENCE, blocking).await.unwrap().unwrap();
        });
    }
}

async fn blocking_calls() {
    let component = load();
    let function = |name: &str| component.function(name).unwrap();
    let options = CallOptions::default();
    assert_eq!(function("count").call_values(&[], &options).unwrap(), [Value::U32(1)]);
    function("sleep").call_values(&[Value::U64(5)], &options).unwrap();
    assert_eq!(code(function("trap").call_values(&[], &options)), Some(Code::Trap));
    assert_eq!(code(function("spin").call_values(&[], &within(20))), Some(Code::Timeout));
    let hour = [Value::U64(3_600_000)];
    assert_eq!(code(function("sleep").call_values(&hour, &within(20))), Some(Code::Timeout));
    let instance = Instance::new(&component, &options).unwrap();
    for n in 1..=3 {
        let counted = instance.call_values(&function("count"), &[], &options).unwrap();
        assert_eq!(counted, [Value::U32(n)]);
    }
}

#[test]
fn blocking_calls_work_in_a_tokio() {
    in_each_tokio(blocking_calls);
}

fn start(
    function: &Function,
    args: &[Value],
    options: &CallOptions,
) -> oneshot::Receiver<Result<Vec<Value>>> {
    let (sender, receiver) = oneshot::channel();
    let ty = function.signature().clone();
    let args = Args::from_values(args, &ty).unwrap();
    let done = move |result: Result<Results>| {
        let _ = sender.send(result.and_then(|results| results.to_values(&ty)));
    };
    function.call_async(args, options, done).unwrap();
    receiver
}

async fn asynchronous_calls() {
    let component = load();
    let count = component.function("count").unwrap();
    let sleep = component.function("sleep").unwrap();
    let options = CallOptions::default();
    assert_eq!(start(&count, &[], &options).await.unwrap().unwrap(), [Value::U32(1)]);
    // The other tokio's clock and ours are different ones, and both go on.
    let cancel = CancelToken::new();
    let options = CallOptions { cancel: Some(cancel.clone()), ..options };
    let sleeping = start(&sleep, &[Value::U64(3_600_000)], &options);
    tokio::time::sleep(Duration::from_millis(20)).await;
    cancel.trigger();
    assert_eq!(code(sleeping.await.unwrap()), Some(Code::Cancelled));
}

#[test]
fn asynchronous_calls_can_be_awaited_in_a_tokio() {
    in_each_tokio(asynchronous_calls);
}

async fn the_end_of_a_runtime() {
    // Idle, after a call that was cut off, with a call on its way, and with an instance.
    drop(load());
    let component = load();
    let sleep = component.function("sleep").unwrap();
    assert_eq!(code(sleep.call_values(&[Value::U64(3_600_000)], &within(20))), Some(Code::Timeout));
    drop((component, sleep));
    let component = load();
    let sleep = component.function("sleep").unwrap();
    let last = start(&sleep, &[Value::U64(30)], &CallOptions::default());
    let instance = Instance::new(&component, &CallOptions::default()).unwrap();
    drop((component, sleep, instance));
    assert!(last.await.unwrap().is_ok());
}

#[test]
fn a_runtime_may_end_in_a_tokio() {
    in_each_tokio(the_end_of_a_runtime);
}

/// A call that blocks one worker of the host leaves its other tasks alone.
#[test]
fn other_tasks_of_the_host_go_on() {
    let host =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let component = load();
    let spin = component.function("spin").unwrap();
    host.block_on(async {
        let blocked = tokio::spawn(async move { code(spin.call_values(&[], &within(500))) });
        let begin = Instant::now();
        for _ in 0..20 {
            tokio::spawn(tokio::time::sleep(Duration::from_millis(1))).await.unwrap();
        }
        assert!(begin.elapsed() < PATIENCE);
        assert_eq!(blocked.await.unwrap(), Some(Code::Timeout));
    });
    // Objects of ours outlive the host's tokio, whose threads made calls.
    let count = Arc::new(component.function("count").unwrap());
    let counter = count.clone();
    let called = host.spawn(async move { counter.call_values(&[], &CallOptions::default()) });
    assert!(host.block_on(called).unwrap().is_ok());
    drop(host);
    assert!(count.call_values(&[], &CallOptions::default()).is_ok());
}
