use super::{runtime_builder_t, set_value};
use crate::builder::RuntimeBuilder;

/// Sets how many bytes the names of all that a component imports and exports may have together.
///
/// What is in an interface is named with it, `ns:pkg/iface@1.0.0#greet`, and counts so: a short
/// component can declare an interface with a long name and a million members. One that has more is
/// refused with RUNTIME_ERROR_RESOURCE_LIMIT when it is loaded.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 4 MiB; from 1 KiB to 1 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_names_size(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_names_size", builder, bytes, RuntimeBuilder::max_names_size);
    }
}

/// Sets how large a component may be that is given as WebAssembly text.
///
/// Text grows when it is read, so it has a limit of its own. A larger one is
/// RUNTIME_ERROR_COMPONENT_TOO_LARGE before anything looks inside. Whatever this says, one in text
/// of more than 12,000 imports, types and the like is RUNTIME_ERROR_RESOURCE_LIMIT.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param bytes    Default 1 MiB; from 0, which takes no text, to 4 GiB.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_text_size(
    builder: *mut runtime_builder_t,
    bytes: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value("runtime_builder_max_text_size", builder, bytes, RuntimeBuilder::max_text_size);
    }
}

/// Sets what compiling a component may cost beyond what ordinary code of its size does.
///
/// A few bytes can keep a compiler busy for minutes, so everything in a binary is priced before it
/// is compiled, in units: each is about a microsecond of one processor, and at most some 200 bytes
/// of memory meanwhile. Ordinary code costs from 0.7 to 2.2 units a byte (CPython 0.7, SpiderMonkey
/// 1.4, ITK 2.0, SQLite 2.1); 2.2 are always allowed, and 4 for each of the first 400000 bytes.
/// This is what may come on top, for the component and, at 5 units a byte, for each of its
/// functions. What costs more is RUNTIME_ERROR_RESOURCE_LIMIT, and the message has the figures.
/// Large programs that were built without any optimisation may cost more; raise it for them.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param units    Default 500000, half a second; from 0 to 1000000000000000.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_compile_cost(
    builder: *mut runtime_builder_t,
    units: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_compile_cost",
            builder,
            units,
            RuntimeBuilder::max_compile_cost,
        );
    }
}

/// Sets how many threads compile at once, for all loads of the runtime together.
///
/// A load takes the threads that are free when it starts, at least one; without one it waits. They
/// exist only while something is loaded.
///
/// @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
/// @param count    Default 0, which is one for each processor; at most 1024.
///
/// @threadsafe One thread at a time for each builder.
/// @since 0.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_builder_max_compile_threads(
    builder: *mut runtime_builder_t,
    count: u64,
) {
    // SAFETY: the header obliges callers to pass a live builder of their own.
    unsafe {
        set_value(
            "runtime_builder_max_compile_threads",
            builder,
            count,
            RuntimeBuilder::max_compile_threads,
        );
    }
}
