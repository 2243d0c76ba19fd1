use super::boundary::{OutStruct, SizeTagged, borrow, guard};
use super::error::runtime_error_t;
use super::runtime::runtime_t;

/// What a runtime is doing and has done.
///
/// Initialise with RUNTIME_STATS_INIT; filled in by runtime_stats(). Each number is right by
/// itself; two of them may be from moments that a call lies between. Once no call is in flight,
/// `started` is the sum of `finished`, `trapped`, `timed_out`, `cancelled` and `failed`. Fields are
/// only ever appended, so a program built against an older header keeps working with a newer
/// library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_stats_t {
    /// sizeof(runtime_stats_t), as the caller was compiled.
    pub struct_size: usize,
    /// Calls that began; making an instance counts as one.
    pub started: u64,
    /// Calls that gave results.
    pub finished: u64,
    /// Calls that trapped, also by using up their stack or fuel.
    pub trapped: u64,
    /// Calls that ran out of time.
    pub timed_out: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Calls that failed in any other way.
    pub failed: u64,
    /// Instances alive.
    pub instances: u64,
    /// Most instances alive at once.
    pub instances_peak: u64,
    /// Bytes of linear memories and tables alive.
    pub memory: u64,
    /// Most such bytes at once.
    pub memory_peak: u64,
    /// Growths of memories and tables that a limit denied.
    pub denied: u64,
    /// Slots for instances of the pool in use; 0 without a pool.
    pub pool_slots: u64,
    /// Ticks of the thread that looks at the clock; it rests while no call is in flight.
    pub ticks: u64,
    /// Descriptors that guests hold, and those of granted directories.
    pub descriptors: u64,
    /// Most such descriptors at once.
    pub descriptors_peak: u64,
    /// How often a limit denied a descriptor.
    pub descriptors_denied: u64,
    /// Bytes that streams of guests have read ahead or not yet written.
    pub buffers: u64,
    /// Most such bytes at once.
    pub buffers_peak: u64,
    /// Name look-ups without an answer.
    pub lookups: u64,
    /// How often a limit denied a name look-up.
    pub lookups_denied: u64,
    /// File operations of guests that run or wait for a thread.
    pub file_operations: u64,
    /// How often a directory's limit denied a guest to add to it.
    pub disk_denied: u64,
    /// Bytes that instances alive have besides memories and tables: globals, function references
    /// and the like. An upper bound.
    pub instance_state: u64,
    /// Most such bytes at once.
    pub instance_state_peak: u64,
    /// Loads that wait for one of runtime_builder_max_compile_threads().
    pub loads_waiting: u64,
    /// Loads at work, those included that nobody waits for.
    pub loads_running: u64,
    /// Loads at work that nobody waits for, because they were cancelled or late.
    pub loads_abandoned: u64,
    /// Loads that a limit refused.
    pub loads_refused: u64,
    /// Functions of the host that asynchronous calls run, or that wait for one of
    /// runtime_builder_host_threads().
    pub host_functions: u64,
    /// Instances that wait for another call of their component: see runtime_component_reuse_t. They
    /// count in `instances` and `memory`, too.
    pub resting: u64,
    /// Calls that found such an instance.
    pub reused: u64,
    /// Pools that were made: see runtime_builder_max_pools(). 0 without a pool.
    pub pools: u64,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_stats_t {}

/// Tells what a runtime is doing and has done.
///
/// Takes no lock that a call takes, so it may be asked as often as one likes.
///
/// @param runtime     The runtime, borrowed for the call.
/// @param[out] stats  Filled in, as far as its `struct_size` goes; owned by the caller. Initialise
///                    it with RUNTIME_STATS_INIT. Zeroed after `struct_size` on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `stats` is NULL, or if `struct_size` is
///         not set.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_stats(
    runtime: *const runtime_t,
    stats: *mut runtime_stats_t,
) -> *mut runtime_error_t {
    guard("runtime_stats", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime) =
            unsafe { (OutStruct::new(stats, "stats")?, borrow(runtime, "runtime")?) };
        let (stats, loads) = (runtime.0.statistics(), runtime.0.load_statistics());
        out.set(&runtime_stats_t {
            struct_size: size_of::<runtime_stats_t>(),
            started: stats.started,
            finished: stats.finished,
            trapped: stats.trapped,
            timed_out: stats.timed_out,
            cancelled: stats.cancelled,
            failed: stats.failed,
            instances: stats.instances,
            instances_peak: stats.instances_peak,
            memory: stats.memory,
            memory_peak: stats.memory_peak,
            denied: stats.denied,
            pool_slots: stats.pool_slots,
            ticks: stats.ticks,
            descriptors: stats.descriptors,
            descriptors_peak: stats.descriptors_peak,
            descriptors_denied: stats.descriptors_denied,
            buffers: stats.buffers,
            buffers_peak: stats.buffers_peak,
            lookups: stats.lookups,
            lookups_denied: stats.lookups_denied,
            file_operations: stats.file_operations,
            disk_denied: stats.disk_denied,
            instance_state: stats.instance_state,
            instance_state_peak: stats.instance_state_peak,
            loads_waiting: loads.waiting,
            loads_running: loads.running,
            loads_abandoned: loads.abandoned,
            loads_refused: loads.refused,
            host_functions: stats.host_functions,
            resting: stats.resting,
            reused: stats.reused,
            pools: stats.pools,
        });
        Ok(())
    })
}
