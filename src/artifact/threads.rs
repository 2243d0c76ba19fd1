//! Threads that compile one component and end with it.

use super::nesting;
use crate::error::{Code, Error, Result};
use crate::signals::Blocked;
use crate::thread::ours;

/// Runs `compile` with threads of its own, one a processor, joined before this returns.
///
/// Left alone, wasmtime compiles on rayon's global pool, whose threads outlive every runtime and
/// do not exist in a fork, where waiting for them never ends.
pub(super) fn compile<T: Send>(compile: impl FnOnce() -> T + Send) -> Result<T> {
    let masked = Blocked::all();
    let run = |thread: rayon::ThreadBuilder| {
        ours();
        thread.run();
    };
    rayon::ThreadPoolBuilder::new()
        .thread_name(|_| "wasmcell-compile".to_owned())
        .stack_size(nesting::STACK)
        .build_scoped(run, move |pool| {
            drop(masked);
            pool.install(compile)
        })
        .map_err(|error| Error::new(Code::Io, format!("starting threads to compile: {error}")))
}
