//! Components against definitions of a host. Shared with tests/links.rs.

use std::sync::{Arc, Mutex, OnceLock};

use wasmcell::host::{Arguments, HostCall};
use wasmcell::types::FunctionType;
use wasmcell::{CallOptions, Code, Component, ComponentOptions, Instance, Linker, Runtime};

use crate::links::{Definition, Import, component, definitions, expected};
use crate::random::Random;

const OPTIONS: CallOptions = CallOptions::new();

/// With a cache, so that each component is compiled once.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Runtime::builder();
        builder
            .force_on_demand_allocator()
            .max_hostcall_memory(1 << 20)
            // Guests here end soon, but the machine may have other things to do.
            .max_execution_time(60_000)
            .cache_memory(1 << 20)
            .worker_threads(1);
        builder.build().expect("a runtime")
    })
}

/// What a host function saw that it should not have seen.
type Wrong = Arc<Mutex<Option<String>>>;

fn define(linker: &mut Linker, definition: &Definition, wrong: &Wrong) {
    let (declared, wrong) = (definition.ty.clone(), wrong.clone());
    // One without a type has that of its first call.
    let first: OnceLock<FunctionType> = OnceLock::new();
    let run = move |_: &HostCall, args: Arguments| {
        let ty = declared.as_ref().unwrap_or_else(|| first.get_or_init(|| (*args.ty).clone()));
        let read = args.values.to_args(ty);
        if read.is_err() || args.ty.to_string() != ty.to_string() {
            let seen = format!("{} instead of {ty}: {read:?}", args.ty);
            wrong.lock().expect("no panic").get_or_insert(seen);
        }
        let mut random = Random::Seed(1);
        let result: Vec<_> = ty.result.iter().map(|ty| random.value(ty)).collect();
        args.answer(&result)
    };
    linker.define(&definition.path(), Arc::new(run)).expect("a new path and a type as spelled");
}

/// Loads a component that imports `imports`, with memory that begins with `bytes`, with as many
/// hosts as `hosts`, and calls what is linked. Tells how many were.
pub fn try_hosts(imports: &[Import], bytes: &[u8], random: &mut Random<'_>, hosts: usize) -> usize {
    let text = component(imports, bytes, random);
    let one = |_: &usize| try_host(imports, &definitions(imports, random), &text);
    (0..hosts).filter(one).count()
}

fn try_host(imports: &[Import], definitions: &[Definition], text: &str) -> bool {
    let (mut linker, wrong) = (Linker::new(), Wrong::default());
    definitions.iter().for_each(|it| define(&mut linker, it, &wrong));
    let options = ComponentOptions { linker: Some(linker), ..ComponentOptions::default() };
    let about = || format!("{definitions:#?}\n{text}");
    let serving = expected(imports, definitions);
    let is_linked = match (Component::new(runtime(), text.as_bytes(), &options), serving) {
        (Ok(component), Some(_)) => {
            call_all(&component, imports.len(), &about);
            true
        }
        (Err(error), None) => {
            assert_eq!(error.code(), Code::Link, "{error:?}\n{}", about());
            false
        }
        (Ok(_), None) => panic!("was linked:\n{}", about()),
        (Err(error), Some(_)) => panic!("was refused: {error:?}\n{}", about()),
    };
    if let Some(seen) = wrong.lock().expect("no panic").take() {
        panic!("a host function saw {seen}\n{}", about());
    }
    is_linked
}

fn call_all(component: &Component, count: usize, about: &dyn Fn() -> String) {
    let live = Instance::new(component, &OPTIONS).expect("nothing runs");
    for k in 0..count {
        let function = component.function(&format!("run{k}")).expect("it exports it");
        let outcome = match k % 2 {
            0 => live.call_values(&function, &[], &OPTIONS),
            _ => function.call_values(&[], &OPTIONS),
        };
        // Most traps are honest: what lies in its memory need not be a value.
        if let Err(error) = outcome {
            let fine = [Code::Trap, Code::Poisoned, Code::ResourceLimit];
            assert!(fine.contains(&error.code()), "{error:?}\n{}", about());
        }
    }
}
