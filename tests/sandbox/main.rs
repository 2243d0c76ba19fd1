//! What a sandbox grants, and that nothing else is granted, through the safe core.

mod directories;
mod network;
mod stdio;
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

/// Runs `body` on a thread with more stack than a fiber has.
pub fn on_large_stack(body: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("large".to_owned()).stack_size(16 << 20);
        thread.spawn_scoped(scope, body).unwrap().join().unwrap();
    });
}

/// Uses more stack than a fiber has, if this is a call of [`on_large_stack`].
pub fn check_stack() {
    #[inline(never)]
    fn deep(depth: u32) -> u32 {
        let room = std::hint::black_box([depth as u8; 16 << 10]);
        if depth == 0 { 0 } else { deep(depth - 1) + u32::from(room[1] != room[2]) }
    }
    if std::thread::current().name() == Some("large") {
        assert_eq!(deep(300), 0);
    }
}
