//! Threads that compile one component and end with it.

use super::nesting;
use crate::error::{Code, Error, Result};
use crate::signals::Blocked;
use crate::thread::ours;

/// Bytes of address space that a thread takes: its stack, and what the C library's allocator sets
/// aside for it.
const PER_THREAD: usize = 130 << 20;
/// What there has to be besides.
const BASE: usize = 64 << 20;
/// Enough for any number of threads: the allocator sets nothing aside where it cannot.
const ENOUGH: usize = 512 << 20;
/// Bytes that the compiler takes for each byte of a component, at most.
const PER_BYTE: usize = 40;

/// How many threads there is room for to compile a component of `binary` bytes: one a processor, or
/// just one. Without memory the compiler would end the process.
///
/// # Errors
/// `RESOURCE_LIMIT` if the allocator has no room for one.
pub(super) fn fitting(binary: usize) -> Result<usize> {
    let most = std::thread::available_parallelism().map_or(1, usize::from);
    let needed = |threads: usize| {
        let fixed = threads.saturating_mul(PER_THREAD).saturating_add(BASE).min(ENOUGH);
        fixed.saturating_add(binary.saturating_mul(PER_BYTE))
    };
    // Asked for and given back: nothing of it is ever touched.
    let fits = |threads| Vec::<u8>::new().try_reserve_exact(needed(threads)).is_ok();
    [most, 1].into_iter().find(|threads| fits(*threads)).ok_or_else(|| {
        let problem = format!(
            "compiling a component of {binary} bytes takes up to {} MiB of address space, which \
             this process cannot have",
            needed(1) >> 20
        );
        Error::new(Code::ResourceLimit, problem)
    })
}

/// Runs `compile` with `threads` threads of its own, joined before this returns.
///
/// Left alone, wasmtime compiles on rayon's global pool, whose threads outlive every runtime and
/// do not exist in a fork, where waiting for them never ends.
pub(super) fn compile<T: Send>(threads: usize, compile: impl FnOnce() -> T + Send) -> Result<T> {
    let masked = Blocked::all();
    let run = |thread: rayon::ThreadBuilder| {
        ours();
        thread.run();
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "wasmcell-compile".to_owned())
        .stack_size(nesting::STACK)
        .build_scoped(run, move |pool| {
            drop(masked);
            pool.install(compile)
        })
        .map_err(|error| Error::new(Code::Io, format!("starting threads to compile: {error}")))
}
