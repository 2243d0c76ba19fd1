//! The runtime: what its calls share, and the WASI that its components are linked to.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::code::cache::Cache;
use crate::engine::loads::LoadStats;
use crate::engine::pool::Info;
use crate::engine::{Services, Settings};
use crate::error::Result;
use crate::sandbox;
use crate::stats::Stats;
use crate::store::{Guest, capability};
use crate::system::lanes::Lanes;
use crate::system::process::Kept;

/// Where components are compiled and run. Clones share one runtime, which ends with the last
/// clone and the last object made from it.
#[derive(Clone)]
pub struct Runtime {
    services: Services,
    wasi: Arc<Kept<Linker<Guest>>>,
}

impl Runtime {
    pub(crate) fn with_settings(settings: Settings) -> Result<Self> {
        let services = Services::start(settings)?;
        let wasi = wasi(services.engine())?;
        Ok(Self { services, wasi: Arc::new(Kept::new(wasi)) })
    }

    /// What this runtime got, and why.
    pub fn info(&self) -> &Info {
        self.services.info()
    }

    /// The version of this library.
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// What this runtime is doing and has done. Takes no lock that a call takes.
    pub fn statistics(&self) -> Stats {
        self.services.statistics()
    }

    /// What its loads are doing.
    pub fn load_statistics(&self) -> LoadStats {
        self.services.load_statistics()
    }

    /// Whether linking leaves `instance` to the host because it belongs to an experimental
    /// feature that this runtime has. Without the feature, importing it is an error.
    pub fn skip_feature_gated_instance(&self, instance: &str) -> bool {
        capability::gate(instance).is_some_and(|feature| self.services.has(feature))
    }

    /// The compile cache.
    pub fn cache(&self) -> &Cache {
        self.services.cache()
    }

    /// Ends all that this runtime does: refuses new calls and loads, cancels calls in flight, waits
    /// for callbacks, releases what components and instances keep of the host's, and ends the
    /// threads. Waits for `timeout` at most; without one, as long as it takes.
    ///
    /// # Errors
    /// `TIMEOUT` names what still runs; it goes on ending, and this can be called again. `BUSY`
    /// within a callback, which it would have to wait for. `FORKED`. `IO` if there is no thread for
    /// it.
    pub fn shutdown(&self, timeout: Option<Duration>) -> Result<()> {
        self.services.shutdown(timeout)
    }

    /// What its calls share.
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Refuses to go on in a fork of the process that built it.
    #[inline]
    pub(crate) fn check_process(&self) -> Result<()> {
        self.services.check_process()
    }

    /// Which processors have what of their own.
    pub(crate) fn lanes(&self) -> &Lanes {
        self.services.lanes()
    }

    /// A linker that knows WASI 0.2, for components of one of its engines.
    pub(crate) fn wasi_linker(&self, engine: &Engine) -> Result<Cow<'_, Linker<Guest>>> {
        match Engine::same(engine, self.wasi.engine()) {
            true => Ok(Cow::Borrowed(&self.wasi)),
            false => Ok(Cow::Owned(wasi(engine)?)),
        }
    }
}

fn wasi(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    sandbox::add_to_linker(&mut linker)?;
    #[cfg(feature = "http")]
    sandbox::http::add_http_to_linker(&mut linker)?;
    Ok(linker)
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("info", self.info())
            .field("max_execution_time", &self.services.settings().max_execution_time)
            .finish_non_exhaustive()
    }
}
