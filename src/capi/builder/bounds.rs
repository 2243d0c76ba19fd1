use super::{runtime_builder_t, set_value};
use crate::builder::RuntimeBuilder;

/// Sets how large the arguments, the environment and the configuration of a sandbox may be
/// together.
///
/// A guest may ask for them as often as it likes, and each time they are copied. A component with a
/// larger sandbox is refused with RUNTIME_ERROR_RESOURCE_LIMIT when it is made.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 1 MiB; from 1 byte to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_environment(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_environment",
            builder,
            bytes,
            RuntimeBuilder::max_environment,
        );
    }
}

/// Sets how many threads there may be that wait for the system's resolver.
///
/// A look-up cannot be stopped: it takes as long as the resolver does, also after its call has
/// ended. Components take turns, and none has more than half of the threads. Threads start as they
/// are needed and end when they are not.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 16; from 1 to 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_lookup_threads(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_lookup_threads", builder, count, RuntimeBuilder::lookup_threads);
    }
}

/// Sets how many name look-ups of one instance may be unanswered at once.
///
/// A guest that wants more is told `temporary-resolver-failure`; if it gives up by a trap, the call
/// is RUNTIME_ERROR_LOOKUP_LIMIT.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 16; from 1 to 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_lookups(builder: *mut runtime_builder_t, count: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_lookups", builder, count, RuntimeBuilder::max_lookups);
    }
}

/// Sets how many threads there may be for file operations of guests.
///
/// Components take turns, and none has more than half of the threads, so that a file system that
/// hangs under one guest holds up no other. Threads start as they are needed and end when they are
/// not.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 32; from 1 to 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_file_threads(builder: *mut runtime_builder_t, count: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_file_threads", builder, count, RuntimeBuilder::file_threads);
    }
}

/// Sets how many threads there may be for functions of the host that asynchronous calls run.
///
/// Callbacks for what such a guest reads from stdin and prints run there too. Components take
/// turns, and none has more than half of the threads, so that a function that blocks under one
/// guest holds up no other component. What finds no thread waits, and its call's time runs on: if
/// half as many functions as there are threads wait for other asynchronous calls of their own
/// component, they wait until their time is over. What a late call has printed, and no thread is
/// free to tell, is left out. Threads start as they are needed, end when they are not, and have
/// 8 MiB of stack.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 64; from 1 to 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_host_threads(builder: *mut runtime_builder_t, count: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_host_threads", builder, count, RuntimeBuilder::host_threads);
    }
}

/// Sets how many file operations of one instance may run at once.
///
/// A guest has several only if it reads or writes by several streams; the others wait their turn.
/// What a call leaves behind when it is stopped counts until it is done.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 8; from 1 to 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_file_operations(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_file_operations",
            builder,
            count,
            RuntimeBuilder::max_file_operations,
        );
    }
}

/// Sets how much the streams of all instances may have read ahead or not yet written.
///
/// A stream without room fails with `insufficient-memory`.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 256 MiB; from 1 MiB to 128 TiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_total_buffers(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_total_buffers",
            builder,
            bytes,
            RuntimeBuilder::max_total_buffers,
        );
    }
}

/// Sets how much the streams of one instance may have read ahead or not yet written.
///
/// Streams of files count; a socket has 128 KiB at most, and counts as a descriptor. A stream
/// without room fails with `insufficient-memory`.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 4 MiB; from 128 KiB to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_buffers(builder: *mut runtime_builder_t, bytes: u64) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_buffers", builder, bytes, RuntimeBuilder::max_buffers);
    }
}

/// Sets how many descriptors all instances and granted directories of a runtime may hold together.
///
/// So that guests leave some to the process. A component whose granted directories would be too
/// many is refused with RUNTIME_ERROR_DESCRIPTOR_LIMIT; a guest is told the same as by
/// runtime_builder_max_descriptors().
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default half of what the process may open; from 1 to 1000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_total_descriptors(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_total_descriptors",
            builder,
            count,
            RuntimeBuilder::max_total_descriptors,
        );
    }
}

/// Sets how many descriptors of the process one instance may hold at once.
///
/// Files, directories, streams of directory entries, sockets and accepted connections count, one
/// each, and two for a socket that listens. Granted directories are opened once for a component and
/// count for the runtime only. A guest that wants more is told `insufficient-memory` for a file and
/// `new-socket-limit` for a socket; if it gives up by a trap, the call is
/// RUNTIME_ERROR_DESCRIPTOR_LIMIT.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 64; from 1 to 1000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_descriptors(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_descriptors",
            builder,
            count,
            RuntimeBuilder::max_descriptors,
        );
    }
}

/// Sets how much all instances of a runtime may have together besides memories and tables.
///
/// A call or an instance that would be too much is refused with RUNTIME_ERROR_MEMORY_LIMIT; see
/// runtime_builder_max_instance_state(), and `instance_state` of runtime_stats().
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 4 GiB; from 1 MiB to 128 TiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_total_instance_state(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_total_instance_state",
            builder,
            bytes,
            RuntimeBuilder::max_total_instance_state,
        );
    }
}

/// Sets how much one instance may have besides memories and tables: 16 bytes for each
/// global, 32 for each function that is referred to, 64 for each import, 16 for each element that
/// waits to be copied into a table, and 1 KiB for each core instance.
///
/// It is counted from the component before there is an instance, for all its core instances, and
/// rather too high than too low. A component with more is refused with RUNTIME_ERROR_MEMORY_LIMIT
/// when it is loaded. Most programs have some hundred KiB, DuckDB 2.5 MiB.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 8 MiB; from 4 KiB to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_instance_state(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_instance_state",
            builder,
            bytes,
            RuntimeBuilder::max_instance_state,
        );
    }
}
