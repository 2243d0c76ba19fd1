//! Compiled components by content: in memory, on disk, or compiled now.
//!
//! Neither place knows about signatures. They are checked on the component's bytes before each
//! load, so that the cache never lets an unsigned component through.

#[cfg(unix)]
mod disk;
mod memory;
#[cfg(not(unix))]
mod no_disk;
pub(crate) mod vetted;

#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::code::artifact::{Artifact, Terms};
use crate::error::Result;

#[cfg(not(unix))]
use no_disk as disk;

/// Where its log records say that they come from.
const LOG: &str = "wasmcell::cache";

/// Where compiled code is kept for the next load of the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheSettings {
    /// Bytes of machine code kept in memory for components that nobody uses any more. With 0, only
    /// living components share their code.
    pub memory: u64,
    /// Directory that keeps compiled code between runs of the program.
    pub directory: Option<PathBuf>,
}

/// Compiled components, by the SHA-256 of their bytes.
#[derive(Debug)]
pub struct Cache {
    memory: memory::Memory<Artifact>,
    disk: Option<disk::Disk>,
    memory_hits: AtomicU64,
    disk_hits: AtomicU64,
    compiled: AtomicU64,
}

/// How loads ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// The code was in memory.
    pub memory_hits: u64,
    /// The code was on disk.
    pub disk_hits: u64,
    /// The code had to be compiled.
    pub compiled: u64,
}

impl Cache {
    /// A cache as `settings` say. Creates the directory if it is not there.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming `cache_directory` if others could write to it, `IO` if it cannot
    /// be used, `UNSUPPORTED` where this library cannot tell who may write to a directory.
    pub fn open(settings: &CacheSettings) -> Result<Self> {
        Ok(Self {
            memory: memory::Memory::new(settings.memory, Artifact::size),
            disk: settings.directory.as_deref().map(disk::Disk::open).transpose()?,
            memory_hits: AtomicU64::new(0),
            disk_hits: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
        })
    }

    /// The component `bytes`, compiled for `engine`. Threads that load the same bytes at the same
    /// time wait for one of them to compile.
    ///
    /// # Errors
    /// Those of [`Artifact::compile`]. A trouble with the disk is a warning in the log.
    pub fn load(&self, engine: &Engine, bytes: &[u8]) -> Result<Arc<Artifact>> {
        self.load_on(engine, bytes, &content(bytes), &Terms::default())
    }

    /// As [`load`](Self::load), of bytes with this hash, if nothing has to be compiled on these
    /// terms.
    pub(crate) fn at_hand(
        &self,
        engine: &Engine,
        bytes: &[u8],
        content: &Content,
        terms: &Terms,
    ) -> Option<Arc<Artifact>> {
        let in_memory = || self.memory.get(content, |artifact| is_for(artifact, engine));
        if let Some(artifact) = in_memory() {
            self.memory_hits.fetch_add(1, Relaxed);
            return Some(artifact);
        }
        let disk = self.disk.as_ref()?;
        let found = from_disk(disk, &disk_key(engine, content), engine).ok()??;
        if !found.is_within(bytes, terms) {
            return None;
        }
        let fits = |artifact: &Artifact| is_for(artifact, engine);
        let artifact = self.memory.get_or_make(*content, fits, || Ok(()), || Ok(found)).ok()?;
        self.disk_hits.fetch_add(1, Relaxed);
        Some(artifact)
    }

    /// As [`load`](Self::load), of bytes with this hash, on these terms.
    pub(crate) fn load_on(
        &self,
        engine: &Engine,
        bytes: &[u8],
        content: &Content,
        terms: &Terms,
    ) -> Result<Arc<Artifact>> {
        let key = self.disk.as_ref().map(|disk| (disk, disk_key(engine, content)));
        let mut fresh = Fresh::default();
        // Nothing is logged in the closure: others wait for its outcome, and a log line may end in
        // a callback of the host, which may load components.
        let artifact = self.memory.get_or_make(
            *content,
            |artifact| is_for(artifact, engine),
            || terms.stop.check(),
            || {
                fresh.made = true;
                if let Some((disk, key)) = &key {
                    match from_disk(disk, key, engine) {
                        // Other runtimes, with other limits, may have stored it.
                        Ok(Some(artifact)) if artifact.is_within(bytes, terms) => {
                            return Ok(artifact);
                        }
                        Ok(_) => {}
                        Err(problem) => fresh.warning = Some(problem),
                    }
                }
                fresh.compiled = true;
                Artifact::compile_on(engine, bytes, terms)
            },
        );
        if let Some(problem) = &fresh.warning {
            tracing::warn!(
                target: LOG,
                "a compiled component in the cache directory is not used: {problem}"
            );
        }
        let artifact = artifact?;
        let outcome = match (fresh.made, fresh.compiled) {
            (false, _) => &self.memory_hits,
            (true, false) => &self.disk_hits,
            (true, true) => &self.compiled,
        };
        outcome.fetch_add(1, Relaxed);
        if fresh.compiled {
            let (units, bytes) = (artifact.units(), bytes.len());
            tracing::debug!(target: LOG, units, bytes, "component compiled");
        }
        if let (true, Some((disk, key))) = (fresh.compiled, &key) {
            let stored = artifact.serialize().and_then(|code| disk.write(key, &code));
            if let Err(problem) = stored {
                tracing::warn!(
                    target: LOG,
                    "a compiled component is not kept in the cache directory: {problem}"
                );
            }
        }
        Ok(artifact)
    }

    /// How loads ended so far.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            memory_hits: self.memory_hits.load(Relaxed),
            disk_hits: self.disk_hits.load(Relaxed),
            compiled: self.compiled.load(Relaxed),
        }
    }
}

/// The SHA-256 of a component's bytes.
pub(crate) type Content = [u8; 32];

pub(crate) fn content(bytes: &[u8]) -> Content {
    Sha256::digest(bytes).into()
}

fn is_for(artifact: &Artifact, engine: &Engine) -> bool {
    Engine::same(artifact.component().engine(), engine)
}

/// What an earlier load left on disk.
fn from_disk(disk: &disk::Disk, key: &[u8; 32], engine: &Engine) -> Result<Option<Artifact>> {
    let file = disk.read(key)?;
    file.map(|mut file| Artifact::from_cache(engine, &mut file)).transpose()
}

/// What happened while a component that was not in memory was made.
#[derive(Default)]
struct Fresh {
    made: bool,
    compiled: bool,
    warning: Option<crate::error::Error>,
}

/// Names a file: the component, everything about the engine that shapes its code, and the version
/// of this library.
fn disk_key(engine: &Engine, content: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256Hasher(Sha256::new());
    concat!("wasmcell ", env!("CARGO_PKG_VERSION")).hash(&mut hasher);
    hasher.0.update(content);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// Lets `Hash` types feed a SHA-256.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Never asked for: the digest is taken from the inner hasher.
    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(self.0.clone().finalize());
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}
