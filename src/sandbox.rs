//! What a guest is granted of the world outside, by WASI. Nothing, unless asked.

mod clocks;
mod directories;
mod files;
#[cfg(feature = "http")]
pub(crate) mod http;
mod inherited;
mod limits;
mod linking;
mod names;
mod network;
mod open;
mod quota;
mod random;
mod sockets;
mod stdio;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

pub use clocks::Clocks;
pub use directories::Rights;
pub use quota::Allowance;
pub use random::Random;

pub(crate) use files::{Files, Grants};
pub(crate) use linking::add_to_linker;
pub(crate) use names::Names;
pub(crate) use open::OpenSandbox;
pub(crate) use sockets::{Places, Sockets};
pub(crate) use stdio::Stdio;
pub(crate) use view::SandboxView;

use directories::Directory;
use network::{Addresses, NamePattern, Network};

use crate::error::{Error, Result};
use crate::host::HostCall;

/// The version of WASI that wasmtime 48 provides.
pub(crate) const VERSION: &str = "0.2.12";

/// Fills in the next bytes of stdin, and tells how many; 0 at the end.
pub type ReadFn = dyn Fn(&HostCall, &mut [u8]) -> Result<usize> + Send + Sync;

/// Receives what a guest printed.
pub type WriteFn = dyn Fn(&HostCall, &[u8]) + Send + Sync;

/// Where a guest's stdin comes from.
#[derive(Clone, Default)]
pub enum Source {
    /// It is at its end.
    #[default]
    Closed,
    /// These bytes, for each instance from the start.
    Bytes(Arc<[u8]>),
    /// A callback, on the stack of the thread that drives the call. Its error ends the call.
    Read(Arc<ReadFn>),
    /// The stdin of this process.
    Inherit,
}

/// Where a guest's stdout or stderr goes.
#[derive(Clone, Default)]
pub enum Sink {
    /// Nowhere.
    #[default]
    Drop,
    /// Into the call's [`Output`](crate::Output); nowhere, if it has none.
    Capture,
    /// To a callback, on the stack of the thread that drives the call.
    Write {
        /// Receives what the guest printed, in order.
        write: Arc<WriteFn>,
        /// One line a call, with its line feed. The last line of a call may lack that, and a line
        /// of more than 64 KiB comes in pieces.
        whole_lines: bool,
    },
    /// To the stream of this process.
    Inherit,
}

/// What a guest is granted. The default is nothing: no arguments, environment, files, stdio or
/// network; clocks and random numbers are real. Copied when a component is made.
#[derive(Clone, Default)]
pub struct Sandbox {
    args: Vec<String>,
    env: Vec<(String, String)>,
    initial_directory: Option<String>,
    stdin: Source,
    stdout: Sink,
    stderr: Sink,
    directories: Vec<Directory>,
    clocks: Clocks,
    random: Random,
    network: Network,
    config: BTreeMap<String, String>,
}

impl Sandbox {
    /// A sandbox that grants nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command-line argument. The first is by custom the name of the program.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it contains a NUL.
    pub fn arg(&mut self, arg: &str) -> Result<&mut Self> {
        self.args.push(without_nul("arg", arg)?);
        Ok(self)
    }

    /// Sets an environment variable; a later value for the same key replaces it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the key is empty or contains `=`, or either contains a NUL.
    pub fn env(&mut self, key: &str, value: &str) -> Result<&mut Self> {
        if key.is_empty() || key.contains('=') {
            let problem = format_args!("`{key}` is no name of an environment variable");
            return Err(Error::invalid("key", problem));
        }
        let (key, value) = (without_nul("key", key)?, without_nul("value", value)?);
        match self.env.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.env.push((key, value)),
        }
        Ok(self)
    }

    /// Tells the guest which directory it starts in. That grants no access to it.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is empty or contains a NUL.
    pub fn initial_directory(&mut self, path: &str) -> Result<&mut Self> {
        self.initial_directory = Some(non_empty("path", path)?);
        Ok(self)
    }

    /// Says where stdin comes from.
    pub fn stdin(&mut self, source: Source) -> &mut Self {
        self.stdin = source;
        self
    }

    /// Says where stdout goes.
    pub fn stdout(&mut self, sink: Sink) -> &mut Self {
        self.stdout = sink;
        self
    }

    /// Says where stderr goes.
    pub fn stderr(&mut self, sink: Sink) -> &mut Self {
        self.stderr = sink;
        self
    }

    /// Grants `rights` to the directory `host` and all in it, under the name `guest`. A relative
    /// path is resolved now. The directory is opened when a component is made.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if a path is empty, `guest` contains a NUL or is granted already, or
    /// `rights` are none; `IO` if `host` is not a directory that can be opened.
    pub fn directory(&mut self, host: &Path, guest: &str, rights: Rights) -> Result<&mut Self> {
        let guest = non_empty("guest_path", guest)?;
        if self.directories.iter().any(|known| known.guest == guest) {
            return Err(Error::invalid("guest_path", format_args!("`{guest}` is granted already")));
        }
        self.directories.push(Directory::new(host, guest, rights)?);
        Ok(self)
    }

    /// Limits what guests may add to the directory that is granted as `guest`: all instances of a
    /// component together, also by its other grants of that directory and of what lies in it. What
    /// lies in it can have a limit of its own besides, for what is done through its own grant. Of
    /// two limits of one directory the lower counts. No limit by default.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if no such directory is granted.
    pub fn directory_limit(&mut self, guest: &str, limit: Allowance) -> Result<&mut Self> {
        let directory = self.directories.iter_mut().find(|known| known.guest == guest);
        let unknown = || Error::invalid("guest_path", format_args!("`{guest}` is not granted"));
        directory.ok_or_else(unknown)?.limit = Some(limit);
        Ok(self)
    }

    /// Says what time it is.
    pub fn clocks(&mut self, clocks: Clocks) -> &mut Self {
        self.clocks = clocks;
        self
    }

    /// Says where random numbers come from.
    pub fn random(&mut self, random: Random) -> &mut Self {
        self.random = random;
        self
    }

    /// Allows TCP connections and UDP datagrams to `addresses`, an IP address or a range such as
    /// `10.0.0.0/8`, on these ports.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn allow_connect(
        &mut self,
        addresses: &str,
        ports: RangeInclusive<u16>,
    ) -> Result<&mut Self> {
        self.network.connect.push(Addresses::parse(addresses, ports)?);
        Ok(self)
    }

    /// Allows listening at `addresses` on these ports, and whatever comes in there. Port 0, which
    /// stands for any free one, must be among them as well as the port that is found.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn allow_bind(&mut self, addresses: &str, ports: RangeInclusive<u16>) -> Result<&mut Self> {
        self.network.bind.push(Addresses::parse(addresses, ports)?);
        Ok(self)
    }

    /// Allows looking up `name`, such as `example.com`, in Unicode or not, or `::1`, or
    /// `*.example.com` for all names that end so, or `*` for all. What is found must be allowed by
    /// [`allow_connect`](Self::allow_connect) to be used.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn allow_name(&mut self, name: &str) -> Result<&mut Self> {
        self.network.names.push(NamePattern::parse(name)?);
        Ok(self)
    }

    /// Bytes that a guest may have copied for the asking.
    fn size(&self) -> u64 {
        let args = self.args.iter().map(String::len);
        let pairs = self.env.iter().map(|(key, value)| (key, value)).chain(&self.config);
        let pairs = pairs.map(|(key, value)| key.len() + value.len());
        args.chain(pairs).map(|len| len as u64).sum()
    }

    /// Sets a value that the guest finds by wasi:config; a later value for the key replaces it.
    pub fn config(&mut self, key: &str, value: &str) -> &mut Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// Neither environment nor configuration: they carry secrets.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("args", &self.args)
            .field("directories", &self.directories)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

fn without_nul(argument: &str, text: &str) -> Result<String> {
    match text.contains('\0') {
        true => Err(Error::invalid(argument, "contains a NUL")),
        false => Ok(text.to_owned()),
    }
}

fn non_empty(argument: &str, text: &str) -> Result<String> {
    match text.is_empty() {
        true => Err(Error::invalid(argument, "is empty")),
        false => without_nul(argument, text),
    }
}
