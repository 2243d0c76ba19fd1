use std::ffi::c_char;
use std::time::Duration;

use super::boundary::{Out, OutStruct, SizeTagged, borrow, guard, guard_roomy, release, text};
use super::builder::runtime_builder_t;
use super::error::runtime_error_t;
use crate::engine::pool::Allocator;
use crate::runtime::Runtime;

/// Where a runtime takes the memory of its instances from. See runtime_info().
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum runtime_allocator_t {
    /// A pool whose slots are large enough to leave bounds checks out of the guest's code: the
    /// fastest.
    RUNTIME_ALLOCATOR_POOLING = 1,
    /// A pool whose slots are only as large as the limits need; bounds checks are compiled in.
    RUNTIME_ALLOCATOR_POOLING_SHRUNK = 2,
    /// No pool: memory is mapped for each instance when it is made.
    RUNTIME_ALLOCATOR_ON_DEMAND = 3,
}

impl From<Allocator> for runtime_allocator_t {
    fn from(allocator: Allocator) -> Self {
        match allocator {
            Allocator::Pooling => Self::RUNTIME_ALLOCATOR_POOLING,
            Allocator::PoolingShrunk => Self::RUNTIME_ALLOCATOR_POOLING_SHRUNK,
            Allocator::OnDemand => Self::RUNTIME_ALLOCATOR_ON_DEMAND,
        }
    }
}

/// A place where components are compiled and run: the engine, the pool, and the threads that
/// keep time.
///
/// The caller owns it and releases it with runtime_free(). Objects made from it keep what
/// they need of it, so it may be freed before or after them. Any number of threads may use it at
/// once. In a fork of the process, using it is RUNTIME_ERROR_FORKED.
///
/// @since 0.1
pub struct runtime_t(pub(super) Runtime);

/// What a runtime got of what was asked for, and why.
///
/// Initialise with RUNTIME_INFO_INIT; filled in by runtime_info(). Fields are only ever appended,
/// so a program built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_info_t {
    /// sizeof(runtime_info_t), as the caller was compiled.
    pub struct_size: usize,
    /// A runtime_allocator_t.
    pub allocator: u32,
    /// 0.
    pub reserved: u32,
    /// Instances that may be alive at once, each counted once for each of its linear memories.
    pub max_components: u64,
    /// Linear memories that the pool holds; 0 without a pool.
    pub total_memories: u64,
    /// Bytes of address space for each of them, without guard pages.
    pub memory_reservation: u64,
    /// Bytes of address space that the pool reserves; 0 without a pool. Reserved is not used:
    /// memory is committed as guests touch it.
    pub address_space: u64,
    /// Why `allocator` is not RUNTIME_ALLOCATOR_POOLING, in one line; empty if it is. Borrowed
    /// from the runtime and NUL-terminated.
    pub reason: *const c_char,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_info_t {}

/// Builds a runtime.
///
/// Reserves the pool and starts the threads. This is the place where an unusable setting is
/// reported, whichever setter it was given to.
///
/// @param builder   The settings, borrowed for the call; it can build again.
/// @param[out] out  Receives the runtime, owned by the caller: release it with runtime_free().
///                  Set to NULL on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `builder` or `out` is NULL, or naming the first
///         unusable setting,
///         RUNTIME_ERROR_POOL if runtime_builder_force_pooling_allocator() was called and no pool
///         fits,
///         RUNTIME_ERROR_IO if the cache directory or a thread cannot be made.
///
/// @threadsafe Yes, while no thread changes the builder.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_build(
    builder: *const runtime_builder_t,
    out: *mut *mut runtime_t,
) -> *mut runtime_error_t {
    guard_roomy("runtime_build", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, builder) = unsafe { (Out::new(out, "out")?, borrow(builder, "builder")?) };
        out.set(runtime_t(builder.0.build()?));
        Ok(())
    })
}

/// Releases a runtime.
///
/// What was made from it goes on working. Once that is released too, no thread of the library
/// remains: the last release waits for them to end, unless it happens on one of them.
///
/// @param runtime  The runtime, owned; NULL is allowed and does nothing.
///
/// @threadsafe Yes, for different runtimes.
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn runtime_free(runtime: Option<Box<runtime_t>>) {
    release("runtime_free", runtime);
}

/// Ends all that a runtime does, while its handles are still there.
///
/// From the first moment new calls and loads are RUNTIME_ERROR_SHUTDOWN, and calls in flight end
/// with RUNTIME_ERROR_CANCELLED: blocking ones, asynchronous ones, and those that wait for
/// runtime_reply_complete(); those that compute within two ticks of runtime_builder_epoch_tick().
/// Loads under way end by themselves. Then this waits until every callback has returned, every
/// completion was delivered, and every thread of the runtime has ended.
///
/// Once it has returned NULL, nothing of the runtime calls the host any more, whatever is released
/// later, so a plugin whose callbacks it had can be unloaded. Components and instances have given
/// up what they kept: destructors of resources that guests owned have run, and so have the
/// finalizers of whatever the host itself has released. What it still owns of its own making
/// (builders, linkers, sandboxes, replies that it owes, outcomes of asynchronous calls that it has
/// not taken, with the resources in them) runs its finalizers and destructors when the host
/// releases that, in the host's own call. Threads of the host that are about to return from this
/// library, or that wait in runtime_pending_wait(), are the host's to wait for. All handles have to
/// be released as ever; what only reads, such as runtime_info() or runtime_component_serialize(),
/// still works.
///
/// It may be called any number of times, by any number of threads at once. A shutdown that ran out
/// of time goes on; call again to wait for its end. Once it began, there is no way back.
///
/// @param runtime     The runtime, borrowed for the call.
/// @param timeout_ms  Milliseconds to wait at most; 0 only begins, or looks whether it is done;
///                    UINT64_MAX waits for ever.
///
/// @return NULL once nothing of the runtime runs, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` is NULL,
///         RUNTIME_ERROR_TIMEOUT if something runs on after `timeout_ms`; the message says what: a
///         callback that does not return, a load, or a thread that waits for the system,
///         RUNTIME_ERROR_BUSY within any callback of this library, of whichever runtime, for which
///         it would have to wait; nothing was begun,
///         RUNTIME_ERROR_IO if there is no thread to be had for it; nothing was begun,
///         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime, where nothing of
///         it runs.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_shutdown(
    runtime: *const runtime_t,
    timeout_ms: u64,
) -> *mut runtime_error_t {
    guard("runtime_shutdown", || {
        // SAFETY: the header obliges callers to pass a live pointer.
        let runtime = unsafe { borrow(runtime, "runtime")? };
        runtime.0.shutdown((timeout_ms != u64::MAX).then(|| Duration::from_millis(timeout_ms)))
    })
}

/// Tells what a runtime got of what was asked for, and why.
///
/// The pool needs much address space; where the machine, a container or `ulimit -v` refuses it,
/// the runtime takes a smaller pool or none. Limits hold in any case.
///
/// @param runtime    The runtime, borrowed for the call.
/// @param[out] info  Filled in, as far as its `struct_size` goes; owned by the caller. Initialise
///                   it with RUNTIME_INFO_INIT. Zeroed after `struct_size` on failure.
///
/// @return NULL on success, otherwise an error owned by the caller:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `info` is NULL, or if `struct_size` is
///         not set.
///
/// @threadsafe Yes.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_info(
    runtime: *const runtime_t,
    info: *mut runtime_info_t,
) -> *mut runtime_error_t {
    guard("runtime_info", || {
        // SAFETY: the header obliges callers to pass live, unaliased pointers.
        let (out, runtime) =
            unsafe { (OutStruct::new(info, "info")?, borrow(runtime, "runtime")?) };
        let info = runtime.0.info();
        out.set(&runtime_info_t {
            struct_size: size_of::<runtime_info_t>(),
            allocator: runtime_allocator_t::from(info.allocator) as u32,
            reserved: 0,
            max_components: info.max_components,
            total_memories: info.total_memories,
            memory_reservation: info.memory_reservation,
            address_space: info.address_space,
            reason: info.reason.as_c_str().as_ptr(),
        });
        Ok(())
    })
}

/// Tells whether the runtime leaves an interface to the host because it belongs to an
/// experimental feature that is on.
///
/// A component may import such an interface although nothing provides it yet; calling into it
/// traps. Without the feature, importing it is RUNTIME_ERROR_LINK.
///
/// @param runtime   The runtime, borrowed for the call; NULL is allowed.
/// @param name      The interface with its version, such as `wrpc:rpc/transport@0.1.0`. Borrowed
///                  for the call.
/// @param name_len  Length of `name`.
///
/// @return true if the interface is skipped; false if not, if `runtime` is NULL, or if `name` is
///         NULL or not UTF-8.
///
/// @threadsafe Yes.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_skip_feature_gated_instance(
    runtime: *const runtime_t,
    name: *const c_char,
    name_len: usize,
) -> bool {
    // SAFETY: the header obliges callers to pass a live runtime and a live string, or NULL.
    let (runtime, name) = unsafe { (runtime.as_ref(), text(name, name_len, "name")) };
    match (runtime, name) {
        (Some(runtime), Ok(name)) => runtime.0.skip_feature_gated_instance(name),
        _ => false,
    }
}
