//! An engine as wasmcell configures it, and calls that keep wasmcell's promises: each has a
//! deadline, also while it waits; each instance has limits.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
    StoreLimits, StoreLimitsBuilder, UpdateDeadline,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// The defaults of wasmcell.
const TICK: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(600);
const MEMORY: usize = 256 << 20;
const STACK: usize = 512 << 10;
const HOST_STACK: usize = 1536 << 10;
const GUARD: u64 = 32 << 20;
const RESOURCES: usize = 10_000;
const HOSTCALL_MEMORY: usize = 128 << 20;

/// What may be tuned of a pool.
#[derive(Clone, Copy)]
pub struct Pool {
    pub slots: u32,
    pub memory_resident: usize,
    pub table_resident: usize,
    pub batch: usize,
    pub scan: bool,
    pub warm: u32,
    /// Stacks are zeroed between calls, by hand up to so many bytes.
    pub zeroed_stack: Option<usize>,
}

impl Default for Pool {
    /// As wasmcell has it.
    fn default() -> Self {
        Self {
            slots: 1000,
            memory_resident: 10 << 10,
            table_resident: 10 << 10,
            batch: 1,
            scan: false,
            warm: 100,
            zeroed_stack: None,
        }
    }
}

/// What a store holds.
pub struct Guest {
    limits: StoreLimits,
    deadline: Instant,
    /// Made when the guest first calls WASI.
    wasi: Option<Box<(WasiCtx, ResourceTable)>>,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (ctx, table) = &mut **self.wasi.get_or_insert_with(|| {
            Box::new((WasiCtx::builder().build(), ResourceTable::with_capacity(0)))
        });
        WasiCtxView { ctx, table }
    }
}

/// How a host function is provided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Called where the guest calls it.
    Direct,
    /// On a stack of the host's own, as wasmcell calls it: the guest's fiber waits for the answer.
    Outside,
}

/// An engine, and what all its instances share.
pub struct Host {
    engine: Engine,
    slots: Semaphore,
    /// For WASI, when it waits.
    reactor: Runtime,
}

impl Host {
    /// Without `epochs` a guest that computes cannot be interrupted.
    pub fn new(epochs: bool) -> Result<Self> {
        let slots = std::env::var("BENCH_SLOTS").ok().and_then(|it| it.parse().ok());
        let pool = Pool::default();
        Self::with_pool(&Pool { slots: slots.unwrap_or(pool.slots), ..pool }, epochs)
    }

    pub fn with_pool(pool: &Pool, epochs: bool) -> Result<Self> {
        let engine = Engine::new(&config(pool, epochs))?;
        let ticker = engine.weak();
        if epochs {
            thread::spawn(move || {
                while let Some(engine) = ticker.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    thread::sleep(TICK);
                }
            });
        }
        let reactor = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
        Ok(Self { engine, slots: Semaphore::new(pool.slots as usize), reactor })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Links a component of guest.wat.
    pub fn link(&self, component: &Component, ask: Ask) -> Result<InstancePre<Guest>> {
        let mut linker = Linker::new(&self.engine);
        match ask {
            Ask::Direct => linker.root().func_wrap("host", |_, (n,): (u32,)| Ok((n + 1,)))?,
            Ask::Outside => linker.root().func_wrap_async("host", |_, (n,): (u32,)| {
                Box::new(async move {
                    outside().await;
                    Ok((n + 1,))
                })
            })?,
        }
        linker.instantiate_pre(component)
    }

    /// Links a component that imports WASI.
    pub fn link_wasi(&self, component: &Component) -> Result<InstancePre<Guest>> {
        let mut linker = Linker::new(&self.engine);
        let nothing_experimental = Default::default();
        wasmtime_wasi::p2::add_to_linker_with_options_async(&mut linker, &nothing_experimental)?;
        linker.instantiate_pre(component)
    }

    /// A store for one instance, armed for a call.
    pub fn store(&self) -> Store<Guest> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        let guest = Guest { limits, deadline: Instant::now() + LIMIT, wasi: None };
        let mut store = Store::new(&self.engine, guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_hostcall_fuel(HOSTCALL_MEMORY);
        store.set_max_component_handles(RESOURCES);
        store.epoch_deadline_callback(|store| match Instant::now() < store.data().deadline {
            true => Ok(UpdateDeadline::Continue(1)),
            false => wasmtime::bail!("late"),
        });
        store.set_epoch_deadline(1);
        store
    }

    /// Runs a call in a fresh store, once one of the pool's slots is free.
    pub fn fresh<T>(&self, call: impl AsyncFnOnce(&mut Store<Guest>) -> Result<T>) -> Result<T> {
        let _reactor = self.reactor.enter();
        drive(Instant::now() + LIMIT, async {
            let _slot = self.slots.acquire().await?;
            call(&mut self.store()).await
        })
    }

    /// Gives a store's next call its deadline.
    pub fn arm(store: &mut Store<Guest>) -> Instant {
        let deadline = Instant::now() + LIMIT;
        store.data_mut().deadline = deadline;
        store.set_epoch_deadline(1);
        deadline
    }

    /// Runs a call in a store that is there already.
    pub fn live<'a, T, F>(
        &self,
        store: &'a mut Store<Guest>,
        call: impl FnOnce(&'a mut Store<Guest>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let _reactor = self.reactor.enter();
        let deadline = Self::arm(store);
        drive(deadline, call(store))
    }
}

fn config(tuned: &Pool, epochs: bool) -> Config {
    let yes = |it| if it { Enabled::Yes } else { Enabled::No };
    let slots = tuned.slots;
    let mut config = Config::new();
    config
        .epoch_interruption(epochs)
        .concurrency_support(false)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        .max_wasm_stack(STACK)
        .async_stack_size(STACK + HOST_STACK)
        .async_stack_zeroing(tuned.zeroed_stack.is_some())
        .memory_reservation_for_growth(GUARD)
        .memory_guard_size(GUARD);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * 30)
        .total_memories(slots)
        .total_tables(slots * 20)
        .total_stacks(slots)
        .max_core_instances_per_component(30)
        .max_memories_per_component(30)
        .max_memories_per_module(30)
        .max_tables_per_component(20)
        .max_tables_per_module(20)
        .table_elements(15_000)
        .max_memory_size(MEMORY)
        .linear_memory_keep_resident(tuned.memory_resident)
        .table_keep_resident(tuned.table_resident)
        .async_stack_keep_resident(tuned.zeroed_stack.unwrap_or_default())
        .decommit_batch_size(tuned.batch)
        .pagemap_scan(yes(tuned.scan))
        .max_unused_warm_slots(tuned.warm);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Leaves the guest's stack once.
async fn outside() {
    let mut asked = false;
    poll_fn(|context| match std::mem::replace(&mut asked, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

struct Parker(Thread);

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a call on this thread, and gives it up at its deadline.
fn drive<T>(deadline: Instant, call: impl Future<Output = Result<T>>) -> Result<T> {
    thread_local! {
        static WAKER: Waker = Waker::from(Arc::new(Parker(thread::current())));
    }
    WAKER.with(|waker| {
        let mut call = pin!(call);
        loop {
            if let Poll::Ready(it) = call.as_mut().poll(&mut Context::from_waker(waker)) {
                return it;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                wasmtime::bail!("late");
            }
            thread::park_timeout(left);
        }
    })
}
