//! The same component once more, in another engine.

use std::sync::Arc;

use wasmtime::Engine;

use crate::call::Calls;
use crate::code::artifact::Artifact;
use crate::error::Result;
use crate::linker::Linker;
use crate::runtime::Runtime;
use crate::store::{Linked, Remade, Remake, link};

/// What a component was made of.
pub(super) struct Again {
    runtime: Runtime,
    artifact: Arc<Artifact>,
    linker: Linker,
    calls: Calls,
    exports: usize,
}

impl Again {
    pub(super) fn new(
        runtime: &Runtime,
        artifact: &Arc<Artifact>,
        linker: &Linker,
        calls: Calls,
        exports: usize,
    ) -> Self {
        let (runtime, artifact, linker) = (runtime.clone(), artifact.clone(), linker.clone());
        Self { runtime, artifact, linker, calls, exports }
    }
}

impl Remake for Again {
    fn code(&self) -> &Artifact {
        &self.artifact
    }

    fn remake(&self, engine: &Engine) -> Result<Remade> {
        let code = self.artifact.shared_in(engine)?;
        let wasi = self.runtime.wasi_linker(engine)?;
        let services = self.runtime.services();
        let component = code.component();
        let Linked { pre, .. } = link(services, &wasi, component, &self.linker, self.calls)?;
        Ok(Remade { code, pre, exports: self.exports })
    }
}
