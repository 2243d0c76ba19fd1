use super::{runtime_builder_t, set_value};
use crate::builder::RuntimeBuilder;

/// Sets how many instances may be alive at once.
///
/// Each call of a function makes an instance, so this bounds the calls in flight. One with several
/// linear memories counts once for each; a component with more of them than this is refused when it
/// is loaded, by RUNTIME_ERROR_RESOURCE_LIMIT. It holds with the pool and without it. When all are
/// taken a call waits for runtime_builder_instance_wait(), then fails with
/// RUNTIME_ERROR_INSTANCE_LIMIT.
///
/// It bounds also what guests take of the mappings of the process: at most seven for each, two for
/// a stack and up to five for a memory. The pool takes the two for all of them when it is built,
/// and the others when a place is first used, for as long as the runtime is there; without a pool
/// an instance takes what it needs and gives it back. Linux lets a process have 65530 mappings,
/// unless `vm.max_map_count` says otherwise: a host that has more than some 4000 instances alive at
/// once, or several runtimes, raises that, or sets this to what it needs. Once all are taken,
/// guests that want memory fail with RUNTIME_ERROR_MEMORY_LIMIT, and the host gets no memory and no
/// thread either.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 10000; from 1 to 1000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_components(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_components", builder, count, RuntimeBuilder::max_components);
    }
}

/// Sets how many pools instances may come from.
///
/// The first has room for all of runtime_builder_max_components(), and is the only one as long as
/// calls are made one after the other. Once there are several at once, each processor gets a pool
/// of its own, so that calls of functions in fresh instances hardly wait for each other: measured
/// on two processors (AMD EPYC, Linux 6.18), two threads do 1.6 to 1.9 times what one does, and 0.7
/// to 0.8 times with the first pool alone.
///
/// What such a pool takes: as much address space as its part of `max_components` (all together at
/// most as much as the first), some 2 MiB of memory, and for each component that is called there a
/// copy of its machine code and of what the library knows of it, and a descriptor. An eighth of the
/// descriptors that the process may open is the most that copies take. A copy is made when more
/// than 16 calls of the same code have met others, by a call of a component that is not the first
/// there to do so, if it has 50 ms left and as many more for each MiB of machine code; that takes
/// about as long as runtime_component_share() and runtime_component_from_shared() together, the
/// first one on a processor some milliseconds more, and nothing interrupts it.
///
/// Memory of ended instances goes back to the system up to 16 regions at a time, so up to 32 MiB of
/// each such pool may wait for that; an instance with more than 2 MiB goes back at once. That is
/// done by process_madvise(2) where Linux has it for that (6.13). A process that ends for system
/// calls which it does not expect has to expect this one, sched_setaffinity(2) on a thread of the
/// library and memfd_create(2), or sets 1 here.
///
/// Kept instances, those of providers, those of components with a smaller stack of their own, and
/// those of components whose instances have more than 2 MiB come from the first pool, as do others
/// where their processor's has no room, or copies too many descriptors. A process whose address
/// space or data is limited (RLIMIT_AS, RLIMIT_DATA; `ulimit -v` and `-d`) has the first pool only,
/// and so has a runtime without a pool. `pools` of runtime_stats_t tells how many there are.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 65, which is the first and one for each processor; from 1, which is the
///                 first alone, to 65.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_pools(builder: *mut runtime_builder_t, count: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_pools", builder, count, RuntimeBuilder::max_pools);
    }
}

/// Sets how many core instances may make up one component.
///
/// A component with more is refused when it is loaded or called.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 30; from 1 to 10000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_core_instances_per_component(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_core_instances_per_component",
            builder,
            count,
            RuntimeBuilder::max_core_instances_per_component,
        );
    }
}

/// Sets how many linear memories one component may have.
///
/// Each counts for runtime_builder_max_components(), so that fewer instances of a component with
/// several can be alive at once.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 30; from 1 to 10000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_memories_per_component(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_memories_per_component",
            builder,
            count,
            RuntimeBuilder::max_memories_per_component,
        );
    }
}

/// Sets how many tables one component may have.
///
/// The pool has this many for each of runtime_builder_max_components(), but at most four if it is
/// RUNTIME_ALLOCATOR_POOLING_SHRUNK.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 20; from 1 to 10000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_tables_per_component(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_tables_per_component",
            builder,
            count,
            RuntimeBuilder::max_tables_per_component,
        );
    }
}

/// Sets how many elements each table may have.
///
/// A guest that wants more is refused; what it does then is up to it, usually a trap.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 15000; from 1 to 10000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_table_elements(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_table_elements",
            builder,
            count,
            RuntimeBuilder::max_table_elements,
        );
    }
}

/// Sets how large a component's binary may be.
///
/// A larger one is RUNTIME_ERROR_COMPONENT_TOO_LARGE before anything looks inside.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 50 MiB; from 1 byte to 4 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_component_size(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_component_size",
            builder,
            bytes,
            RuntimeBuilder::max_component_size,
        );
    }
}

/// Sets how large each linear memory may grow.
///
/// A component that starts with more is refused; a guest that grows beyond it is told that it
/// cannot. See runtime_builder_max_instance_memory() for the sum.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 256 MiB; from 64 KiB to 4 GiB, which is what a 32-bit memory can
///                  address. Rounded down to whole pages of 64 KiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_linear_memory(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_linear_memory",
            builder,
            bytes,
            RuntimeBuilder::max_linear_memory,
        );
    }
}

/// Sets how much memory all linear memories and tables of one instance may take together.
///
/// Without it, a component with 30 memories would get 30 times the limit of one.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 512 MiB; from 64 KiB to 128 TiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_instance_memory(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_instance_memory",
            builder,
            bytes,
            RuntimeBuilder::max_instance_memory,
        );
    }
}

/// Sets how much stack a guest may use.
///
/// A guest that needs more ends with RUNTIME_ERROR_STACK_OVERFLOW.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 512 KiB; from 16 KiB to 64 MiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_stack(builder: *mut runtime_builder_t, bytes: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_stack", builder, bytes, RuntimeBuilder::max_stack);
    }
}

/// Sets how many calls may be within each other on one thread.
///
/// A guest that calls a host function, which calls a guest again, and so on, uses up the stack of
/// the thread. A call that would be deeper, in whichever instance, and by whichever callback, is
/// RUNTIME_ERROR_STACK_OVERFLOW. Calls of components that provide for others
/// (runtime_linker_component()) count as well. Calls that other threads make on behalf of a host
/// function are not counted; each has a thread of its own.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 128; from 1, which allows none within another, to 10000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_call_depth(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_call_depth", builder, count, RuntimeBuilder::max_call_depth);
    }
}

/// Sets how much of the host's own memory one transfer from a guest may take.
///
/// A transfer is the arguments of one host function, or the result of one call. A guest that gives
/// more does not get it through, and its call fails; so does a call by text whose result takes
/// 64 KiB more as text.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 128 MiB; from 1 byte to 4 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_hostcall_memory(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_hostcall_memory",
            builder,
            bytes,
            RuntimeBuilder::max_hostcall_memory,
        );
    }
}

/// Sets how many handles to resources one instance may hold at once.
///
/// This number also bounds the entries of WASI's own table for the instance.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 10000; from 1 to 10000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_resources(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_resources", builder, count, RuntimeBuilder::max_resources);
    }
}

/// Sets how many random bytes a guest may ask for at a time.
///
/// They are made in the host's memory, so without a limit a guest could ask for all of it.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 64 MiB; from 1 byte to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_random_size(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_random_size",
            builder,
            bytes,
            RuntimeBuilder::max_random_size,
        );
    }
}

/// Sets how much fuel each call gets, and makes guests count it.
///
/// A call that uses it up ends with RUNTIME_ERROR_FUEL. Unlike time, fuel is the same in every run,
/// about one unit an instruction; counting it makes guests slower.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param units    Default none, and nothing is counted; from 1 to UINT64_MAX.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_fuel(builder: *mut runtime_builder_t, units: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_fuel", builder, units, RuntimeBuilder::fuel);
    }
}
