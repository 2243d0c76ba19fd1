//! Compiled code in a sealed file in memory, which several processes map: a master compiles, and
//! its workers share the pages, by a descriptor that they inherit.
//!
//! The file holds the code, which wasmtime maps from its beginning, then the text of the world and
//! the head of a container.

use std::fs::File;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::container::{Container, Head};
use super::registered::Registered;
use super::sealed::{self, Sealed};
use super::{Artifact, made_elsewhere, refusal};
use crate::error::{Code, Error, Result};
use crate::system::signals::Quiet;

impl Artifact {
    /// The machine code and all that goes with it, in a file that nobody can change.
    ///
    /// # Errors
    /// `UNSUPPORTED` where the system has no such files, `IO` if it gives none.
    pub(crate) fn share(&self) -> Result<File> {
        let code = self.component().serialize().map_err(|error| refusal(&error))?;
        let (has_text, wit) = self.text();
        // A limit on the size of files holds for those in memory, too.
        let _quiet = Quiet::here();
        let mut file = Sealed::new().ok_or_else(unsupported)?;
        let (state, price) = (self.state, self.price);
        Container { has_text, state, price, wit, code: &code }.write_behind(&mut file).map_err(
            |error| Error::new(Code::Io, format!("writing to a file in memory: {error}")),
        )?;
        file.finish().ok_or_else(unsupported)
    }

    /// Maps what [`share`](Self::share) gave.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is another file, or one that could change; `COMPILE` if it was made
    /// by another version, for another machine or with other settings.
    ///
    /// # Safety
    /// The file is one that [`share`](Self::share) gave: what is in others may run as machine code.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn from_shared(engine: &Engine, file: &File) -> Result<Self> {
        let foreign = || Error::invalid("fd", "is no file that runtime_component_share() gave");
        if !sealed::is_sealed(file) {
            return Err(foreign());
        }
        let path = sealed::path(file).ok_or_else(|| {
            Error::new(Code::Io, "/proc does not show the descriptors of this process")
        })?;
        let (head, wit) = Head::behind(file).map_err(|error| match error.code() {
            Code::Io => error,
            _ => foreign(),
        })?;
        // SAFETY: the caller vouches for the origin of the file, which stays as it is;
        // `Head::behind` has found it to be whole.
        let code = Registered::load(|| unsafe { Component::deserialize_file(engine, path) });
        let code = code.map_err(|error| made_elsewhere(&error))?;
        let Head { has_text, state, price, .. } = head;
        Ok(Self {
            code,
            wit: super::world(has_text, &wit),
            state,
            price,
            elsewhere: super::Elsewhere::default(),
        })
    }
}

impl Artifact {
    /// As [`in_engine`](Self::in_engine), the same for all that ask for it.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn shared_in(&self, engine: &Engine) -> Result<Arc<Self>> {
        let of = |it: &Arc<Self>| Engine::same(it.component().engine(), engine);
        let known = || self.copies().iter().filter_map(Weak::upgrade).find(of);
        if let Some(known) = known() {
            return Ok(known);
        }
        let made = Arc::new(self.in_engine(engine)?);
        let mut copies = self.copies();
        copies.retain(|it| it.strong_count() > 0);
        copies.push(Arc::downgrade(&made));
        Ok(made)
    }

    /// A call met others on other processors. Tells how many have.
    pub(crate) fn has_met_others(&self) -> u32 {
        self.elsewhere.met.fetch_add(1, Relaxed).saturating_add(1)
    }

    fn copies(&self) -> MutexGuard<'_, Vec<Weak<Self>>> {
        self.elsewhere.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same code for another engine of the same settings: its pages where the system has files
    /// in memory, a copy otherwise.
    ///
    /// # Errors
    /// `COMPILE` with wasmtime's reason.
    #[allow(unsafe_code)]
    pub(crate) fn in_engine(&self, engine: &Engine) -> Result<Self> {
        if let Ok(file) = self.share() {
            // SAFETY: `share` has just made it.
            if let Ok(mapped) = unsafe { Self::from_shared(engine, &file) } {
                return Ok(mapped);
            }
        }
        let bytes = self.serialize()?;
        // SAFETY: `serialize` has just made them.
        unsafe { Self::deserialize(engine, &bytes) }
    }
}

fn unsupported() -> Error {
    Error::new(Code::Unsupported, "the system has no files in memory that can be sealed")
}
