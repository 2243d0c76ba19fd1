//! What the fuzz targets share: types and values as the unit tests make them, one runtime, and two
//! ways to call a function.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock};

use wasmcell::host::{Arguments, HostCall};
use wasmcell::marshal::Args;
use wasmcell::types::FunctionType;
use wasmcell::{
    CallOptions, Code, Component, ComponentOptions, Error, Function, Instance, Linker, Runtime,
    Value,
};
// The files below are part of the library's unit tests too, which call these modules its own.
use wasmcell::{types, value};

#[path = "../../../src/marshal/tests/echo.rs"]
pub mod echo;
pub mod encode;
pub mod hostile;
pub mod links;
pub mod pairs;
#[path = "../../../src/marshal/tests/random.rs"]
pub mod random;
pub mod reference;
#[path = "../../../src/marshal/tests/shapes.rs"]
pub mod shapes;

/// Encodings of text that a component can choose.
pub const ENCODINGS: [&str; 3] = ["utf8", "utf16", "latin1+utf16"];

/// Bytes of the host's memory that a value may take. Lists of lists can lie in the same memory, so
/// that a few bytes of a hostile guest make up a value of any size.
pub const HOST_MEMORY: u64 = 1 << 20;

/// The options of all calls.
pub const OPTIONS: CallOptions = CallOptions::new();

/// The runtime that all components live in. Without a pool, and without room before or behind
/// memories, so that reading beyond one is likely to be noticed.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Runtime::builder();
        builder
            .force_on_demand_allocator()
            .max_linear_memory(8 << 20)
            .max_hostcall_memory(HOST_MEMORY)
            // Guests here end soon, but the machine may have other things to do.
            .max_execution_time(20_000)
            .cache_memory(0)
            .worker_threads(1);
        builder.build().expect("a runtime")
    })
}

/// What the host function `echo` was given last.
pub type Seen = Arc<Mutex<Option<Value>>>;

/// A component whose import `echo` answers with what it is given.
pub fn load(text: &str) -> (Component, Seen) {
    let seen = Seen::default();
    let mut linker = Linker::new();
    let own = seen.clone();
    let echo = move |_: &HostCall, args: Arguments| {
        let values = args.read().expect("arguments have the types of the function");
        let answer = args.answer(&values);
        *own.lock().expect("no panic") = values.into_iter().next();
        answer
    };
    linker.define("echo", Arc::new(echo)).expect("a new name");
    let options = ComponentOptions { linker: Some(linker), ..ComponentOptions::default() };
    let component = Component::new(runtime(), text.as_bytes(), &options);
    (component.unwrap_or_else(|error| panic!("{error:?}\n{text}")), seen)
}

/// How values go there and back.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Between C memory and the guest, as for C.
    Direct,
    /// As values of wasmtime.
    Values,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Direct, Self::Values];

    /// Calls `function` on a fresh instance, or on `live`.
    pub fn call(
        self,
        function: &Function,
        live: Option<&Instance>,
        args: &[Value],
    ) -> Result<Value, Error> {
        let ty = function.signature();
        let read = |ty: &FunctionType| Args::from_values(args, ty).expect("values of these types");
        let values = match (self, live) {
            (Self::Direct, None) => function.call(read(ty), &OPTIONS)?.to_values(ty)?,
            (Self::Direct, Some(it)) => {
                it.call(function, |ty, _| Ok(read(ty)), &OPTIONS)?.to_values(ty)?
            }
            (Self::Values, None) => function.call_values(args, &OPTIONS)?,
            (Self::Values, Some(it)) => it.call_values(function, args, &OPTIONS)?,
        };
        Ok(values.into_iter().next().expect("a result"))
    }
}

/// Both ways came to the same: equal values, or errors. Where one of them took more of the host's
/// memory than it may, there is nothing to compare.
pub fn agree<A: Debug, B: Debug>(
    ours: Result<A, Error>,
    theirs: Result<B, Error>,
    about: impl Fn() -> String,
) {
    let limited = |code| code == Some(Code::ResourceLimit);
    let codes = (ours.as_ref().err().map(Error::code), theirs.as_ref().err().map(Error::code));
    match (&ours, &theirs) {
        _ if limited(codes.0) || limited(codes.1) => {}
        // As text, where NaN is NaN.
        (Ok(a), Ok(b)) => assert_eq!(format!("{a:?}"), format!("{b:?}"), "{}", about()),
        (Err(a), Err(b)) if a.code() == Code::Trap && b.code() == Code::Trap => {}
        _ => panic!("ours: {ours:?}\ntheirs: {theirs:?}\n{}", about()),
    }
}
