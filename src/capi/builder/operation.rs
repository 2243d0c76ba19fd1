use std::ffi::c_void;

use super::{runtime_builder_t, set, set_value};
use crate::builder::RuntimeBuilder;
use crate::capi::callback::{UserData, log_fn, log_level, runtime_finalizer_t, runtime_log_fn_t};

/// Sets how long one call may take.
///
/// Wall-clock time from entry to return, whether the guest computes or waits; then the call ends
/// with RUNTIME_ERROR_TIMEOUT, and no other call notices. runtime_call_options_t can shorten it.
/// What a guest does in one step, such as filling a memory or asking for random bytes, is not
/// interrupted: such a call comes back late, and ends with RUNTIME_ERROR_TIMEOUT all the same.
///
/// @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param milliseconds  Default 600000, ten minutes; from 1 to 31622400000, a year. Rounded up
///                       to whole ticks of runtime_builder_epoch_tick().
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_execution_time(
    builder: *mut runtime_builder_t,
    milliseconds: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_execution_time",
            builder,
            milliseconds,
            RuntimeBuilder::max_execution_time,
        );
    }
}

/// Sets how precise time limits are.
///
/// While a guest computes, the clock is looked at once a tick. A limit is rounded up to whole
/// ticks, at least one. While no call is in flight nothing ticks.
///
/// @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param milliseconds  Default 10; from 1 to 10000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_epoch_tick(
    builder: *mut runtime_builder_t,
    milliseconds: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_epoch_tick", builder, milliseconds, RuntimeBuilder::epoch_tick);
    }
}

/// Sets how long a call waits for a free instance.
///
/// It matters when as many are alive as runtime_builder_max_components() allows; afterwards the
/// call fails with RUNTIME_ERROR_INSTANCE_LIMIT.
///
/// @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param milliseconds  Default 1000; from 0, which does not wait, to 31622400000, a year.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_instance_wait(
    builder: *mut runtime_builder_t,
    milliseconds: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_instance_wait",
            builder,
            milliseconds,
            RuntimeBuilder::instance_wait,
        );
    }
}

/// Sets how much of each pooled memory and table stays resident between two instances.
///
/// That much is zeroed instead of given back to the system, which takes a system call and
/// interrupts every processor that runs another thread of the process: in the first pool for each
/// instance, in others for several at a time (runtime_builder_max_pools()). So for small guests
/// without data of their own, in many threads, the size of their memory is a good value. The price
/// is memory that stays in use, in each slot that was ever taken. Without the pool it has no
/// effect.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 10 KiB; from 0 to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_pool_keep_resident(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_pool_keep_resident",
            builder,
            bytes,
            RuntimeBuilder::pool_keep_resident,
        );
    }
}

/// Makes runtime_build() fail rather than run without the pool.
///
/// Without this setting a runtime whose pool does not fit into the address space gets a smaller
/// one, or none: slower to instantiate, equally safe. runtime_info() tells which it is.
///
/// Default: off. With it, runtime_build() reports RUNTIME_ERROR_POOL if even the smaller pool
/// does not fit.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_force_pooling_allocator(builder: *mut runtime_builder_t) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set("runtime_builder_force_pooling_allocator", builder, |builder| {
            builder.force_pooling_allocator();
            Ok(())
        });
    }
}

/// Makes the runtime run without the pool, also where there is room for one.
///
/// Instances are slower to make, and no address space is reserved for those that do not exist.
///
/// Default: off. Together with runtime_builder_force_pooling_allocator() it is an error that
/// runtime_build() reports.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_force_on_demand_allocator(
    builder: *mut runtime_builder_t,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set("runtime_builder_force_on_demand_allocator", builder, |builder| {
            builder.force_on_demand_allocator();
            Ok(())
        });
    }
}

/// Sets whether traps are told by signals of the system.
///
/// With true, the first such runtime installs handlers for SIGSEGV and SIGILL, and on x86-64 for
/// SIGFPE, which stay for the life of the process: see THE PROCESS, and
/// runtime_signal_handlers_restore() for hosts that have handlers of their own. With false, this
/// runtime needs none: guests check for themselves what would raise a signal, so that a host's
/// handlers, crash reporters and masks of signals are left as they are. Handlers that another
/// runtime of the process has installed stay. Traps are the same errors, and every other setting
/// works as it does.
///
/// Guests are slower without: by how much, docs/in-servers.md says. The pool is
/// RUNTIME_ALLOCATOR_POOLING_SHRUNK, since its slots need not be larger, and code of guests lacks
/// mitigations against Spectre, which work by signals: see SECURITY.md. Code that was compiled for
/// the other setting is refused by runtime_component_deserialize(); a cache directory keeps both.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param enable   Default true.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_signal_handlers(
    builder: *mut runtime_builder_t,
    enable: bool,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_signal_handlers",
            builder,
            enable,
            RuntimeBuilder::signal_handlers,
        );
    }
}

/// Takes the host's word that its threads let the signals of traps through.
///
/// A guest's trap is a signal, and one that its thread blocks ends the process. So each call looks
/// at its thread's mask first, by a system call, and lets SIGSEGV, SIGBUS, SIGILL and SIGFPE
/// through while the guest runs. With true calls do not look, which makes the shortest ones a third
/// faster: see docs/in-servers.md. It is for hosts that know every thread that makes calls, and
/// every callback that runs in one.
///
/// WARNING: if a guest traps on a thread that blocks one of these signals all the same, the process
/// ends.
///
/// It is of no account with runtime_builder_signal_handlers() off, when no call looks.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param trust    Default false.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_trust_signal_masks(
    builder: *mut runtime_builder_t,
    trust: bool,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_trust_signal_masks",
            builder,
            trust,
            RuntimeBuilder::trust_signal_masks,
        );
    }
}

/// Has the pool find the pages that a guest wrote to, instead of giving back all that it might
/// have.
///
/// An instance of a component that writes here and there, as most that were made by toolchains do,
/// then takes about half the time; tests/bench/README.md has figures. It is the system call
/// PAGEMAP_SCAN of Linux 6.7 and later; where the system lacks it, runtime_build() is
/// RUNTIME_ERROR_UNSUPPORTED. Without a pool it is of no account.
///
/// WARNING: for hosts that do not fork, or that exec at once. The process gets, for good, an open
/// descriptor of /proc/self/pagemap, and a handler that wasmtime 48 runs in every child that it
/// forks, whether that one uses this library or not: it opens the file anew over that descriptor's
/// number, without close-on-exec, and ends the child if it cannot. A child that has closed the
/// descriptor, and uses its number for something else, loses that when it forks again.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param enable   Default false.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_pool_scan(builder: *mut runtime_builder_t, enable: bool) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_pool_scan", builder, enable, RuntimeBuilder::pool_scan);
    }
}

/// Sets how many threads the runtime keeps for timers, sockets and asynchronous calls.
///
/// Guests of blocking calls run on the thread that calls.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 0, which is one for each processor; at most 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_worker_threads(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_worker_threads", builder, count, RuntimeBuilder::worker_threads);
    }
}

/// Sets where the runtime's log records go.
///
/// There is one callback for each runtime, and never a process-wide one: the library leaves the
/// host's own logging alone. Setting it again replaces it. By default records go nowhere.
///
/// @param builder    The builder, borrowed for the call; NULL is allowed: then nothing is set, and
///                   `finalizer` runs at once.
/// @param level      A runtime_log_level_t: records of this level and of more important ones. Any
///                   other number is reported by runtime_build().
/// @param callback   Receives the records, on any thread. NULL is reported by runtime_build().
/// @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens;
///                   may be NULL.
/// @param finalizer  Runs once with `user_data` when the builder and every runtime built from it
///                   are gone, or when registration fails. NULL if there is nothing to release.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_log(
    builder: *mut runtime_builder_t,
    level: i32,
    callback: runtime_log_fn_t,
    user_data: *mut c_void,
    finalizer: runtime_finalizer_t,
) {
    let user = UserData::new(user_data, finalizer);
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set("runtime_builder_log", builder, |builder| {
            builder.log(log_level(level)?, log_fn(callback, user)?);
            Ok(())
        });
    }
}
