//! What a sandbox grants, and that nothing else is granted, through the safe core.

#[path = "sandbox/directories.rs"]
mod directories;
#[path = "sandbox/network.rs"]
mod network;
#[path = "sandbox/stdio.rs"]
mod stdio;
#[path = "sandbox/surroundings.rs"]
mod surroundings;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use wasmcell::{CallOptions, Component, ComponentOptions, Error, Result, Runtime, Sandbox};

/// A file of the test guests.
pub fn guest(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One runtime for all tests, so that each guest is compiled once.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Runtime::builder();
        builder.max_components(200).cache_memory(1 << 30);
        builder.build().unwrap()
    })
}

/// The guest that tries everything, in `sandbox`.
pub fn load(sandbox: &Sandbox) -> Component {
    let options = ComponentOptions {
        sandbox: Some(sandbox.clone()),
        name: Some("guest".to_owned()),
        ..ComponentOptions::default()
    };
    Component::new(runtime(), &guest("wasi.wasm"), &options).unwrap()
}

/// The same without any sandbox.
pub fn load_bare() -> Component {
    Component::new(runtime(), &guest("wasi.wasm"), &ComponentOptions::default()).unwrap()
}

pub fn call_with(component: &Component, call: &str, options: &CallOptions) -> Result<String> {
    component.call_text(&format!("wasmcell:test/outside@0.1.0#{call}"), options)
}

/// The result of a call as text; `call` such as `print("x")`.
pub fn call(component: &Component, call: &str) -> String {
    call_with(component, call, &options()).unwrap_or_else(|error| panic!("{call}: {error:?}"))
}

pub fn fails(component: &Component, call: &str) -> Error {
    call_with(component, call, &options()).unwrap_err()
}

pub fn options() -> CallOptions {
    CallOptions { timeout: Some(Duration::from_secs(20)), ..CallOptions::default() }
}

/// A fresh directory for the test `name`.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}
