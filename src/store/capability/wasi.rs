//! The interfaces of WASI that wasmtime provides, whichever compatible version a component imports.

use super::family::Capability;
use crate::linker::version;
use crate::sandbox::VERSION;

pub(super) struct Wasi;

const INTERFACES: [&str; 27] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

impl Capability for Wasi {
    fn serves(&self, import: &str) -> bool {
        INTERFACES.contains(&version::unversioned(import))
    }

    /// The one place that all compatible versions come to.
    fn instance(&self, import: &str) -> Option<String> {
        let own = format!("{}@{VERSION}", version::unversioned(import));
        (self.serves(import) && version::fit(&own, import).is_some()).then_some(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Guest;

    #[test]
    fn compatible_versions_come_to_one_place() {
        let own = "wasi:io/poll@0.2.12";
        for import in ["wasi:io/poll@0.2.0", "wasi:io/poll@0.2.6", own, "wasi:io/poll@0.2.99"] {
            assert_eq!(Wasi.instance(import).as_deref(), Some(own), "{import}");
        }
        for import in ["wasi:io/poll@0.3.0", "wasi:io/poll@0.2.0-rc-2023-12-05", "wasi:io/poll"] {
            assert_eq!(Wasi.instance(import), None, "{import}");
        }
        assert_eq!(Wasi.instance("wasi:http/types@0.2.0"), None);
    }

    /// What is listed here is there, under this version.
    #[test]
    fn wasmtime_has_each_of_them() {
        let engine = wasmtime::Engine::default();
        let mut linker = wasmtime::component::Linker::<Guest>::new(&engine);
        crate::sandbox::add_to_linker(&mut linker).unwrap();
        for interface in INTERFACES {
            let name = format!("{interface}@{VERSION}");
            // What is defined cannot be defined again.
            let taken = linker.root().func_wrap(&name, |_, (): ()| Ok(())).is_err();
            assert!(taken, "{name}");
        }
    }
}
