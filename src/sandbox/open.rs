//! A sandbox, ready for the instances of one component.

use std::sync::Arc;

use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::filesystem::WasiFilesystemCtx;

use super::Sandbox;
use super::directories::{self, Rights};
use super::limits;
use super::network::Network;
use super::quota::Quotas;
use super::stdio::{self, Stdio};
use crate::engine::Services;
use crate::error::{Code, Error, Result};

use crate::engine::share::Held;

/// What the instances of a component share of its sandbox.
pub(crate) struct OpenSandbox {
    sandbox: Sandbox,
    files: WasiFilesystemCtx,
    /// For each directory; none, if none is limited.
    quotas: Vec<Quotas>,
    _held: Held,
}

impl OpenSandbox {
    /// Opens what `sandbox` grants.
    ///
    /// # Errors
    /// `IO` names the directory that cannot be opened; `DESCRIPTOR_LIMIT` and `RESOURCE_LIMIT` if
    /// the runtime does not allow as much.
    pub(crate) fn open(sandbox: &Sandbox, services: &Services) -> Result<Self> {
        let (size, max) = (sandbox.size(), services.settings().bounds.max_environment);
        if size > max {
            let problem = format!(
                "arguments, environment and configuration of the sandbox have {size} bytes; \
                 `max_environment` is {max}"
            );
            let error = Error::new(Code::ResourceLimit, problem);
            return Err(error.met("max_environment", Some(size), max));
        }
        let commons = services.commons();
        let held = commons.descriptors(sandbox.directories.len() as u64)?;
        let files = directories::open(&sandbox.directories)?;
        let quotas = limits::quotas(&sandbox.directories, commons.observer())?;
        Ok(Self { sandbox: sandbox.clone(), files, quotas, _held: held })
    }

    /// What one instance gets; its streams, where the host provides them.
    pub(crate) fn context(&self, max_random_size: u64) -> (WasiCtx, Option<Arc<Stdio>>) {
        let sandbox = &self.sandbox;
        let mut builder = WasiCtx::builder();
        builder.args(&sandbox.args).envs(&sandbox.env).max_random_size(max_random_size);
        if let Some(path) = &sandbox.initial_directory {
            builder.initial_cwd(path);
        }
        sandbox.clocks.install(&mut builder);
        sandbox.random.install(&mut builder);
        sandbox.network.install(&mut builder);
        let stdio = stdio::install(sandbox, &mut builder);
        let mut context = builder.build();
        *context.filesystem() = self.files.clone();
        (context, stdio)
    }

    /// The rights to each directory, in the order in which the guest sees them.
    pub(super) fn rights(&self) -> impl Iterator<Item = Rights> {
        self.sandbox.directories.iter().map(|directory| directory.rights)
    }

    /// What counts and limits what is added to the `directory`th of them.
    pub(super) fn quotas(&self, directory: usize) -> Option<&Quotas> {
        self.quotas.get(directory).filter(|quotas| !quotas.is_empty())
    }

    pub(super) fn network(&self) -> &Network {
        &self.sandbox.network
    }

    pub(crate) fn config(&self) -> impl Iterator<Item = (&String, &String)> {
        self.sandbox.config.iter()
    }

    pub(crate) fn config_value(&self, key: &str) -> Option<&String> {
        self.sandbox.config.get(key)
    }
}
