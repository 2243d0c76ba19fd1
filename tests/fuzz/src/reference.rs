//! An embedder of wasmtime that knows nothing of ours, to compare host functions with.

use std::sync::OnceLock;

use wasmcell::{Code, Error, Value};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::HOST_MEMORY;

/// Calls the export `name`, which takes nothing, of a component whose import `echo` answers with
/// what it is given: its result, and what `echo` was given last.
pub fn call(text: &str, name: &str) -> (Result<Value, Error>, Option<Value>) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(Engine::default);
    let component = Component::new(engine, text).expect("the text was compiled before");
    let mut linker = Linker::<Option<Value>>::new(engine);
    let echo = linker.root().func_new("echo", |mut store, _, params, results| {
        *store.data_mut() = params.first().cloned();
        results.clone_from_slice(params);
        Ok(())
    });
    echo.expect("a new name");
    let mut store = Store::new(engine, None);
    store.set_hostcall_fuel(HOST_MEMORY as usize);
    let instance = linker.instantiate(&mut store, &component).expect("the import is there");
    let function = instance.get_func(&mut store, name).expect("the export is there");
    let mut results = [Value::Bool(false)];
    let called = function.call(&mut store, &[], &mut results);
    let [result] = results;
    (called.map(|()| result).map_err(classify), store.into_data())
}

/// Only so far as [`crate::agree`] wants to know.
fn classify(error: wasmtime::Error) -> Error {
    let text = format!("{error:?}");
    let code = if text.contains("fuel") { Code::ResourceLimit } else { Code::Trap };
    Error::new(code, text)
}
