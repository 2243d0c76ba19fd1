//! Threads that share everything: components, functions, instances, tokens and the runtime, each
//! doing one of everything in an order of its own. `make tsan` runs it under ThreadSanitizer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmcell::marshal::Args;
use wasmcell::{
    CallOptions, CancelToken, Code, Component, ComponentLimits, ComponentOptions, Error, Instance,
    Reuse, Runtime, Value,
};

/// Counts, spins, traps, grows and sleeps.
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
    (memory 1)
    (global $n (mut i32) (i32.const 0))
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    (func (export "spin") (loop $again (br $again)))
    (func (export "trap") unreachable)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
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
  (func (export "grow") (param "n" u32) (result s32) (canon lift (core func $i "grow")))
  (func (export "sleep") (param "ms" u64) (canon lift (core func $i "sleep"))))
"#;

const THREADS: u64 = 6;

/// Instances that there may be at once: few, so that threads wait for each other.
const FEW: u64 = 16;

/// So many that the pools of two processors have room to give memory back in batches.
const MANY: u64 = 84;

/// What all threads use at once.
struct Shared {
    runtime: Runtime,
    component: Component,
    /// The same code, whose instances are used again.
    reusing: Component,
    /// The same, of which there are fewer than threads.
    narrow: Component,
    instance: Mutex<Instance>,
    token: Mutex<CancelToken>,
    instances: u64,
    done: AtomicU64,
}

const fn reuse() -> Reuse {
    let max_idle = Duration::from_millis(3);
    Reuse { max_instances: 3, max_calls: 20, max_idle, max_growth: 1 << 16 }
}

fn again(component: &Component, reuse: Option<Reuse>, max_instances: Option<u32>) -> Component {
    let limits = ComponentLimits { max_instances, ..ComponentLimits::default() };
    component.link_again(&ComponentOptions { reuse, limits, ..Default::default() }).unwrap()
}

impl Shared {
    fn new(pooling: bool, instances: u64) -> Self {
        let mut builder = Runtime::builder();
        builder.max_components(instances).max_linear_memory(4 << 20).epoch_tick(2);
        builder.instance_wait(60_000);
        builder.max_memories_per_component(1).max_core_instances_per_component(4);
        // ThreadSanitizer does not follow a guest's stack from one thread to another.
        builder.worker_threads(1);
        match pooling {
            true => builder.force_pooling_allocator(),
            false => builder.force_on_demand_allocator(),
        };
        let runtime = builder.build().unwrap();
        let component = load(&runtime);
        let reusing = again(&component, Some(reuse()), None);
        let narrow = again(&component, Some(reuse()), Some(2));
        let instance = Mutex::new(Instance::new(&component, &CallOptions::default()).unwrap());
        let (token, done) = Default::default();
        Self { runtime, component, reusing, narrow, instance, token, instances, done }
    }

    fn call(&self, name: &str, args: &[Value], options: &CallOptions) -> Result<Vec<Value>, Error> {
        self.component.function(name)?.call_values(args, options)
    }

    /// One of everything, chosen by `n`.
    fn step(&self, n: u64) {
        let plain = CallOptions::default();
        match n % 18 {
            0 | 1 => assert_eq!(self.call("count", &[], &plain).unwrap(), [Value::U32(1)]),
            2 | 3 => self.shared_instance(n),
            4 => self.own_instance(),
            5 => self.cancelled(n),
            6 => self.asynchronous(&self.component, n),
            7 => {
                // Another thread is often doing the same; all share one compilation.
                let again = load(&self.runtime);
                assert!(again.function("count").unwrap().call_values(&[], &plain).is_ok());
            }
            8 => expect(self.call("trap", &[], &plain), &[Code::Trap]),
            9 => {
                let timeout = Some(Duration::from_millis(1 + n % 5));
                let name = if n & 64 == 0 { "spin" } else { "sleep" };
                let hour = [Value::U64(3_600_000)];
                let args = if name == "spin" { &hour[..0] } else { &hour[..] };
                let options = CallOptions { timeout, ..plain };
                expect(self.call(name, args, &options), &[Code::Timeout]);
            }
            10 => {
                // Some of it more than there may be.
                let more = (n >> 8) as u32 % 30 + if n & 128 == 0 { 0 } else { 64 };
                let grown = self.call("grow", &[Value::U32(more)], &plain).unwrap();
                assert_eq!(grown, [Value::S32(if more < 64 { 1 } else { -1 })]);
            }
            11 | 12 => self.reused(&self.reusing, n),
            13 | 14 => self.reused(&self.narrow, n),
            15 | 16 => self.passing(n),
            _ => {
                let stats = self.runtime.statistics();
                assert!(stats.finished <= stats.started && stats.instances <= self.instances);
                assert!(self.component.clone().types().exports.len() == 5);
            }
        }
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn shared_instance(&self, n: u64) {
        let instance = self.instance.lock().unwrap().clone();
        let name = if n.is_multiple_of(32) { "trap" } else { "count" };
        let function = self.component.function(name).unwrap();
        let result = instance.call_values(&function, &[], &CallOptions::default());
        match result.as_ref().map_err(Error::code) {
            Ok(_) | Err(Code::Busy | Code::Trap) => {}
            Err(Code::Poisoned) => {
                assert!(instance.is_poisoned());
                let fresh = Instance::new(&self.component, &CallOptions::default()).unwrap();
                *self.instance.lock().unwrap() = fresh;
            }
            Err(other) => panic!("{other:?}: {result:?}"),
        }
    }

    fn own_instance(&self) {
        let instance = Instance::new(&self.component, &CallOptions::default()).unwrap();
        let function = self.component.function("count").unwrap();
        for n in 1..=3 {
            let counted = instance.call_values(&function, &[], &CallOptions::default()).unwrap();
            assert_eq!(counted, [Value::U32(n)]);
        }
    }

    /// Several threads wait under one token, and one of them replaces and triggers it.
    fn cancelled(&self, n: u64) {
        let token = self.token.lock().unwrap().clone();
        if n & 16 == 0 {
            let old = std::mem::take(&mut *self.token.lock().unwrap());
            old.trigger();
        }
        let timeout = Some(Duration::from_millis(20));
        let options = CallOptions { cancel: Some(token), timeout, ..CallOptions::default() };
        let (name, args) = match n & 32 {
            0 => ("spin", vec![]),
            _ => ("sleep", vec![Value::U64(3_600_000)]),
        };
        expect(self.call(name, &args, &options), &[Code::Cancelled, Code::Timeout]);
    }

    /// A component that ends after a few calls, while others have copies of its code.
    fn passing(&self, n: u64) {
        let plain = CallOptions::default();
        let reuse = if n & 64 == 0 { Some(reuse()) } else { None };
        let component = again(&self.component, reuse, None);
        let function = |name| component.function(name).unwrap();
        let (count, grow) = (function("count"), function("grow"));
        drop(component);
        for _ in 0..4 {
            let args = Args::from_values(&[], count.signature()).unwrap();
            count.call(args, &plain).unwrap();
        }
        // More than may wait for a batch of memory that is given back.
        if n & 128 == 0 {
            assert_eq!(grow.call_values(&[Value::U32(40)], &plain).unwrap(), [Value::S32(1)]);
        }
    }

    /// Calls find instances of others, end them by failing, or hand them on.
    fn reused(&self, component: &Component, n: u64) {
        let call = |name: &str, options: &CallOptions| {
            let function = component.function(name).unwrap();
            function.call(Args::from_values(&[], function.signature()).unwrap(), options)
        };
        match n % 8 {
            0 => expect(call("trap", &CallOptions::default()), &[Code::Trap]),
            1 => {
                let timeout = Some(Duration::from_millis(2));
                let options = CallOptions { timeout, ..CallOptions::default() };
                expect(call("spin", &options), &[Code::Timeout]);
            }
            2 | 3 => self.asynchronous(component, n),
            _ => assert!(call("count", &CallOptions::default()).is_ok()),
        }
    }

    fn asynchronous(&self, component: &Component, n: u64) {
        let (sender, receiver) = mpsc::channel();
        let function = component.function("count").unwrap();
        let calls = 1 + n % 8;
        for _ in 0..calls {
            let sender = sender.clone();
            let done = move |result: Result<_, Error>| sender.send(result.is_ok()).unwrap();
            let args = Args::from_values(&[], function.signature()).unwrap();
            function.call_async(args, &CallOptions::default(), done).unwrap();
        }
        drop((sender, function));
        assert_eq!(receiver.iter().filter(|ok| *ok).count() as u64, calls);
    }
}

fn load(runtime: &Runtime) -> Component {
    Component::new(runtime, GUEST.as_bytes(), &ComponentOptions::default()).unwrap()
}

fn expect<T: std::fmt::Debug>(result: Result<T, Error>, codes: &[Code]) {
    let error = result.unwrap_err();
    assert!(codes.contains(&error.code()), "{error:?}");
}

/// How many steps each thread makes.
fn steps() -> u64 {
    std::env::var("WASMCELL_STRESS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(300)
}

/// A call that waits until the end: all others meet it, and get pools of their processors. It is a
/// blocking one: ThreadSanitizer does not follow a guest that is given up by another thread.
struct Crowd {
    token: CancelToken,
    thread: JoinHandle<Option<Code>>,
}

impl Crowd {
    fn new(component: &Component) -> Self {
        let token = CancelToken::new();
        let options = CallOptions { cancel: Some(token.clone()), ..CallOptions::default() };
        let sleep = component.function("sleep").unwrap();
        let started = || component.runtime().statistics().started;
        let before = started();
        let sleeps = move || sleep.call_values(&[Value::U64(3_600_000)], &options);
        let thread = std::thread::spawn(move || sleeps().err().map(|error| error.code()));
        while started() == before {
            std::thread::yield_now();
        }
        Self { token, thread }
    }

    fn end(self) -> Option<Code> {
        self.token.trigger();
        self.thread.join().unwrap()
    }
}

/// Whether this process may use several processors at once.
fn has_processors() -> bool {
    std::thread::available_parallelism().is_ok_and(|count| count.get() > 1)
}

fn stress(pooling: bool, instances: u64) {
    let shared = Shared::new(pooling, instances);
    let crowd = Crowd::new(&shared.component);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stepping: Vec<_> = (1..=THREADS)
            .map(|seed| {
                let shared = &shared;
                scope.spawn(move || {
                    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    for _ in 0..steps() {
                        // xorshift: the same steps in every run, in another order in each thread
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        shared.step(random >> 16);
                    }
                })
            })
            .collect();
        // Reading the counters costs no lock, so anybody may do it all the time.
        let reader = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert!(shared.runtime.statistics().instances <= instances);
                std::thread::yield_now();
            }
        });
        for thread in stepping {
            thread.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(crowd.end(), Some(Code::Cancelled));
    assert_eq!(shared.done.load(Ordering::Relaxed), THREADS * steps());
    let pools = shared.runtime.statistics().pools;
    match pooling {
        // With many processors a few instances are less than one for each.
        true => assert!(pools > 1 || instances == FEW || !has_processors()),
        false => assert_eq!(pools, 0),
    }
    drop((shared.instance, shared.reusing, shared.narrow));
    let stats = shared.runtime.statistics();
    assert_eq!((stats.instances, stats.memory, stats.pool_slots), (0, 0, 0));
}

#[test]
fn threads_share_everything_with_a_pool() {
    stress(true, FEW);
}

#[test]
fn threads_share_everything_with_pools_that_wait_for_batches() {
    stress(true, MANY);
}

#[test]
fn threads_share_everything_on_demand() {
    stress(false, FEW);
}

/// Whatever is in the midst of making pools and copies finds that there is nothing left to do.
#[test]
fn a_shutdown_meets_threads_that_make_copies() {
    for round in 0..steps() / 30 {
        let shared = Shared::new(true, MANY);
        let crowd = Crowd::new(&shared.component);
        std::thread::scope(|scope| {
            let shared = &shared;
            for number in 0..THREADS {
                scope.spawn(move || {
                    let component =
                        if number % 2 == 0 { &shared.component } else { &shared.reusing };
                    let count = component.function("count").unwrap();
                    loop {
                        match count.call_values(&[], &CallOptions::default()) {
                            Ok(_) => shared.done.fetch_add(1, Ordering::Relaxed),
                            Err(error) => {
                                let codes = [Code::Shutdown, Code::Cancelled];
                                return assert!(codes.contains(&error.code()), "{error:?}");
                            }
                        };
                    }
                });
            }
            // From before the first copy to after the last.
            while shared.done.load(Ordering::Relaxed) < round * 8 {
                std::thread::yield_now();
            }
            shared.runtime.shutdown(None).unwrap();
        });
        assert!(crowd.end().is_some());
        let stats = shared.runtime.statistics();
        assert_eq!((stats.instances, stats.memory, stats.pool_slots), (0, 0, 0));
    }
}
