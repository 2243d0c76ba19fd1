//! Machine code in wasmtime's register for the process: put there and taken out again at moments
//! that forks wait for.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::system::process::{Kept, steadily};
use crate::system::signals::Quiet;

/// A component whose code is in the register. In a fork it stays there: threads that did not come
/// along may be looking at it.
pub(super) struct Registered(Kept<Entry>);

struct Entry(Option<Component>);

impl Registered {
    /// What `load` makes of code that was compiled. It does not compile, which takes long.
    pub(super) fn load(
        load: impl FnOnce() -> wasmtime::Result<Component>,
    ) -> wasmtime::Result<Self> {
        let component = {
            let _quiet = Quiet::here();
            steadily(|| {
                let component = load()?;
                // Otherwise the first instance writes it to a file, on whatever thread it is made.
                component.initialize_copy_on_write_image()?;
                Ok::<_, wasmtime::Error>(component)
            })
        }?;
        Ok(Self(Kept::new(Entry(Some(component)))))
    }

    /// Compiles `binary`.
    #[expect(unsafe_code, reason = "wasmtime has no other way to load what it has compiled")]
    pub(super) fn compile(engine: &Engine, binary: &[u8]) -> wasmtime::Result<Self> {
        let code = engine.precompile_component(binary)?;
        // SAFETY: it was compiled in the line above, and nobody else has seen it.
        Self::load(|| unsafe { Component::deserialize(engine, &code) })
    }

    pub(super) fn component(&self) -> &Component {
        // Only `drop` takes it out.
        self.0.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let component = self.0.take();
        steadily(|| drop(component));
    }
}
