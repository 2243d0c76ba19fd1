//! A sandbox, ready for the instances of one component.

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::p2::bindings::{filesystem, sockets};

use super::directories::{self, Rights};
use super::network::Network;
use super::{Files, Names, Sandbox, Stdio};
use crate::error::Result;
use crate::guest::Guest;

/// What the instances of a component share of its sandbox.
pub(crate) struct World {
    sandbox: Sandbox,
    files: WasiFilesystemCtx,
}

impl World {
    /// Opens what `sandbox` grants.
    ///
    /// # Errors
    /// `IO` names the directory that cannot be opened.
    pub(crate) fn open(sandbox: &Sandbox) -> Result<Self> {
        Ok(Self { sandbox: sandbox.clone(), files: directories::open(&sandbox.directories)? })
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
        let stdio = Stdio::install(sandbox, &mut builder);
        let mut context = builder.build();
        *context.filesystem() = self.files.clone();
        (context, stdio)
    }

    /// The rights to each directory, in the order in which the guest sees them.
    pub(super) fn rights(&self) -> impl Iterator<Item = Rights> {
        self.sandbox.directories.iter().map(|directory| directory.rights)
    }

    pub(super) fn network(&self) -> &Network {
        &self.sandbox.network
    }

    pub(super) fn config(&self) -> impl Iterator<Item = (&String, &String)> {
        self.sandbox.config.iter()
    }

    pub(super) fn config_value(&self, key: &str) -> Option<&String> {
        self.sandbox.config.get(key)
    }
}

struct OurFiles;

impl HasData for OurFiles {
    type Data<'a> = Files<'a>;
}

struct OurNames;

impl HasData for OurNames {
    type Data<'a> = Names<'a>;
}

/// Defines WASI 0.2, with our checks in front of wasmtime's files and names.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    filesystem::types::add_to_linker::<Guest, OurFiles>(linker, Guest::files)?;
    filesystem::preopens::add_to_linker::<Guest, OurFiles>(linker, Guest::files)?;
    sockets::ip_name_lookup::add_to_linker::<Guest, OurNames>(linker, Guest::names)?;
    linker.allow_shadowing(false);
    Ok(())
}
