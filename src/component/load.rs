//! Loading: checked for size and signature, compiled or fetched from the cache, linked.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Compiled, Component, ComponentOptions};
use crate::code::artifact::Artifact;
use crate::code::cache::{self, Content};
use crate::engine::limits::Limits;
use crate::engine::loads::{self, LoadLimit, Means};
use crate::error::{Code, Error, Result};
use crate::runtime::Runtime;
use crate::system::thread;

/// What reading types and linking take of a stack, beside what a call does.
const STACK: usize = 512 << 10;

/// Where a component comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Component {
    /// Loads a component from its binary, or from WebAssembly text.
    ///
    /// # Errors
    /// `COMPONENT_TOO_LARGE`, `SIGNATURE`, `COMPILE`, `LINK`, `MEMORY_LIMIT`, `RESOURCE_LIMIT`,
    /// `UNSUPPORTED`, `FORKED`; `TIMEOUT` and `CANCELLED` as the options ask for.
    pub fn new(runtime: &Runtime, bytes: &[u8], options: &ComponentOptions) -> Result<Self> {
        runtime.services().check_process()?;
        let _pass = runtime.services().gate().load()?;
        runtime.services().log().within(|| {
            let loaded = Self::load(runtime, bytes, options);
            runtime.services().loads().count(&loaded);
            loaded
        })
    }

    /// Loads a component from a file.
    ///
    /// # Errors
    /// `IO` naming the path, and as [`new`](Self::new).
    pub fn from_file(runtime: &Runtime, path: &Path, options: &ComponentOptions) -> Result<Self> {
        runtime.services().check_process()?;
        let _pass = runtime.services().gate().load()?;
        let bytes = read(path, runtime.services().settings().max_component_size);
        runtime.services().loads().count(&bytes);
        Self::new(runtime, &bytes?, options)
    }

    /// As [`new`](Self::new) and [`from_file`](Self::from_file), without waiting for the outcome,
    /// which goes to `done` on one of the runtime's workers.
    ///
    /// # Errors
    /// `FORKED`.
    pub(crate) fn load_async(
        runtime: &Runtime,
        source: Source,
        options: &ComponentOptions,
        done: impl FnOnce(Result<Self>) + Send + 'static,
    ) -> Result<()> {
        runtime.services().check_process()?;
        let pass = runtime.services().gate().task()?;
        let limit = options.limit(runtime);
        let deadlines = runtime.services().workers().deadlines().clone();
        let log = runtime.services().log().for_helper();
        let work = Work::new(runtime, source, None, options);
        let runtime_kept = runtime.clone();
        let load = async move {
            let loads = runtime_kept.services().loads();
            limit.check()?;
            let loaded = limit.within(&deadlines, loads.run(|means| work.run(means))).await;
            loads.count(&loaded);
            loaded
        };
        let load = log.follow(load);
        // The host may free its last object in there: what keeps the runtime alive is gone then.
        runtime.services().workers().workers().spawn(async move {
            let loaded = load.await;
            thread::standard();
            pass.complete(|| done(loaded));
        });
        Ok(())
    }

    /// Loads what [`serialize`](Self::serialize) gave.
    ///
    /// # Errors
    /// `COMPILE` if the bytes are from another version or other settings; `SIGNATURE` if the
    /// runtime requires signatures, which compiled code does not carry; and as
    /// [`new`](Self::new).
    ///
    /// # Safety
    /// The bytes are machine code that will run in this process, outside any sandbox. They must
    /// come unmodified from [`serialize`](Self::serialize).
    #[expect(unsafe_code, reason = "the caller vouches for the bytes, as the contract says")]
    pub unsafe fn deserialize(
        runtime: &Runtime,
        bytes: &[u8],
        options: &ComponentOptions,
    ) -> Result<Self> {
        runtime.services().check_process()?;
        let _pass = runtime.services().gate().load()?;
        let deserialize = || {
            if runtime.services().settings().require_signature {
                let problem = "compiled code carries no signature; load the signed component";
                return Err(Error::new(Code::Signature, problem));
            }
            let limits = Limits::of(runtime.services().settings());
            // SAFETY: the caller vouches for the bytes.
            let artifact = unsafe { Artifact::deserialize(runtime.services().engine(), bytes) }
                .map_err(|error| limits.explain_load(error))?;
            Self::of_code(runtime, Arc::new(artifact), options)
        };
        runtime.services().log().within(|| thread::with_room(STACK, deserialize)?)
    }

    pub(super) fn of_code(
        runtime: &Runtime,
        artifact: Arc<Artifact>,
        options: &ComponentOptions,
    ) -> Result<Self> {
        Self::link(runtime, Compiled::new(runtime.services(), artifact)?, options)
    }

    fn load(runtime: &Runtime, bytes: &[u8], options: &ComponentOptions) -> Result<Self> {
        let limit = options.limit(runtime);
        limit.check()?;
        check_size(bytes.len() as u64, runtime.services().settings().max_component_size)?;
        let mut content = None;
        if limit.is_none() && thread::stack().left().is_some_and(|left| left >= STACK) {
            // Compiled code takes less than the thread that the rest is for.
            verify(runtime, bytes)?;
            let services = runtime.services();
            let (engine, terms) = (services.engine(), services.settings().terms());
            let found = cache::content(bytes);
            if let Some(artifact) = runtime.cache().at_hand(engine, bytes, &found, &terms) {
                return Self::of_code(runtime, artifact, options);
            }
            content = Some(found);
        }
        // Copied, since the thread may be left alone with them.
        let work = Work::new(runtime, Source::copy(bytes)?, content, options);
        loads::block_on(&limit, runtime.services().loads().run(|means| work.run(means)))
    }
}

impl Source {
    pub(crate) fn copy(bytes: &[u8]) -> Result<Self> {
        let mut copy = Vec::new();
        let problem = |_| Error::new(Code::ResourceLimit, "no memory for a copy of the component");
        copy.try_reserve_exact(bytes.len()).map_err(problem)?;
        copy.extend_from_slice(bytes);
        Ok(Self::Bytes(copy))
    }
}

impl ComponentOptions {
    fn limit(&self, runtime: &Runtime) -> LoadLimit {
        LoadLimit::start(self.timeout, self.cancel.as_ref(), runtime.services())
    }
}

/// A load for a thread that does nothing else.
struct Work {
    runtime: Runtime,
    source: Source,
    /// The hash of bytes whose signature was verified.
    content: Option<Content>,
    options: ComponentOptions,
    log: crate::system::log::Log,
}

impl Work {
    fn new(
        runtime: &Runtime,
        source: Source,
        content: Option<Content>,
        options: &ComponentOptions,
    ) -> Self {
        let log = runtime.services().log().for_helper();
        Self { runtime: runtime.clone(), source, content, options: options.clone(), log }
    }

    fn run(self, means: Means) -> Result<Component> {
        let Self { runtime, source, content, options, log } = self;
        log.gather(|| {
            let settings = runtime.services().settings();
            let bytes = match source {
                Source::Bytes(bytes) => bytes,
                Source::File(path) => read(&path, settings.max_component_size)?,
            };
            check_size(bytes.len() as u64, settings.max_component_size)?;
            let content = match content {
                Some(content) => content,
                None => {
                    verify(&runtime, &bytes)?;
                    cache::content(&bytes)
                }
            };
            let limits = Limits::of(settings);
            let mut terms = settings.terms();
            (terms.threads, terms.stop) = (means.threads, means.stop);
            let artifact = runtime
                .cache()
                .load_on(runtime.services().engine(), &bytes, &content, &terms)
                .map_err(|error| limits.explain_load(error))?;
            terms.stop.check()?;
            Component::of_code(&runtime, artifact, &options)
        })
    }
}

fn verify(runtime: &Runtime, bytes: &[u8]) -> Result<()> {
    let settings = runtime.services().settings();
    match settings.require_signature {
        true => settings.verifier.verify(bytes),
        false => Ok(()),
    }
}

fn check_size(size: u64, max: u64) -> Result<()> {
    match size > max {
        true => {
            let problem = format!("the binary has {size} bytes; `max_component_size` is {max}");
            let error = Error::new(Code::ComponentTooLarge, problem);
            Err(error.met("max_component_size", Some(size), max))
        }
        false => Ok(()),
    }
}

/// Reads a file, but never more than one byte above `max`, whatever it claims to be.
fn read(path: &Path, max: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::io(path, &error))?;
    let size = file.metadata().map_err(|error| Error::io(path, &error))?.len();
    check_size(size, max)?;
    let mut bytes = Vec::new();
    // One byte more, so that the end shows at once. Without room the reading says so.
    let _ = bytes.try_reserve_exact(usize::try_from(size + 1).unwrap_or(usize::MAX));
    file.take(max + 1).read_to_end(&mut bytes).map_err(|error| Error::io(path, &error))?;
    check_size(bytes.len() as u64, max)?;
    Ok(bytes)
}
