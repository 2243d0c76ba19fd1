//! Threads that compile one component and end with it.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use cranelift_codegen::timing::{self, Pass, Profiler};

use super::terms::{Stop, Terms};
use crate::error::{Code, Error, Result};
use crate::system::room::Room;
use crate::system::signals::Blocked;
use crate::system::thread::ours;

/// Bytes of address space that a thread takes: its stack, and what the C library's allocator sets
/// aside for it.
const PER_THREAD: usize = 130 << 20;
/// What there has to be besides.
const BASE: usize = 64 << 20;
/// Enough for any number of threads: the allocator sets nothing aside where it cannot.
const ENOUGH: usize = 512 << 20;
/// Bytes that the compiler takes for each byte of a component, at most.
const PER_BYTE: usize = 40;

/// How many threads there is room for to compile a component of `binary` bytes: `most`, or just
/// one. Without memory the compiler would end the process.
///
/// # Errors
/// `RESOURCE_LIMIT` if the allocator has no room for one.
pub(super) fn fitting(binary: usize, most: usize) -> Result<usize> {
    let needed = |threads: usize| {
        let fixed = threads.saturating_mul(PER_THREAD).saturating_add(BASE).min(ENOUGH);
        fixed.saturating_add(binary.saturating_mul(PER_BYTE))
    };
    let fits = |threads| Room::reserve(needed(threads)).is_some();
    [most, 1].into_iter().find(|threads| fits(*threads)).ok_or_else(|| {
        let problem = format!(
            "compiling a component of {binary} bytes takes up to {} MiB of address space, which \
             this process cannot have",
            needed(1) >> 20
        );
        Error::new(Code::ResourceLimit, problem)
    })
}

/// Stack of each thread. What compiles is iterative; what describes types is as deep as they are.
const STACK: usize = 16 << 20;

/// Runs `compile`, of a component of `binary` bytes, with threads of its own, joined before this
/// returns.
///
/// Left alone, wasmtime compiles on rayon's global pool, whose threads outlive every runtime and
/// do not exist in a fork, where waiting for them never ends.
///
/// # Errors
/// `IO` if threads cannot be started, `RESOURCE_LIMIT` if there is no address space; those of
/// [`Stop::check`] once that is set.
pub(super) fn compile<T: Send>(
    binary: usize,
    terms: &Terms,
    compile: impl FnOnce() -> T + Send,
) -> Result<T> {
    let most = match terms.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let threads = fitting(binary, most)?;
    let stop = terms.stop.clone();
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|_| "wasmcell-compile".to_owned())
        .num_threads(threads)
        .stack_size(STACK)
        .start_handler(move |_| {
            timing::set_thread_profiler(Box::new(Watch(stop.clone())));
        });
    let masked = Blocked::all();
    let run = |thread: rayon::ThreadBuilder| {
        ours();
        thread.run();
    };
    let compiled = panic::catch_unwind(AssertUnwindSafe(|| {
        pool.build_scoped(run, move |pool| {
            drop(masked);
            pool.install(compile)
        })
    }));
    match compiled {
        Ok(compiled) => compiled
            .map_err(|error| Error::new(Code::Io, format!("starting threads to compile: {error}"))),
        Err(payload) if payload.is::<Stopped>() => {
            terms.stop.check()?;
            Err(Error::panic(&*payload))
        }
        Err(payload) => panic::resume_unwind(payload),
    }
}

/// Looks, before each pass over each function, whether anybody still wants the outcome. wasmtime
/// has no way to be told, and a large component takes minutes.
struct Watch(Stop);

/// Unwinds out of a compiler.
struct Stopped;

impl Profiler for Watch {
    fn start_pass(&self, _: Pass) -> Box<dyn Any> {
        if self.0.is_set() {
            // Not `panic!`: that would call the host's panic hook.
            panic::resume_unwind(Box::new(Stopped));
        }
        Box::new(())
    }
}
