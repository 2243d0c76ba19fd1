//! The direct way against wasmtime's own values: whatever one of them lowers, the other lifts.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Component, Func, Instance, Linker, Val};
use wasmtime::{Config, Engine, Store, StoreContextMut};

use super::echo;
use super::random::Random;
use super::*;
use crate::marshal::{
    Agreed, Checked, Host, Number, Passed, Replied, Reply, Values, call, check_args, define,
};

/// Types, and values of each.
const TYPES: usize = 1_000;
const VALUES: usize = 100;

/// What a host function saw.
type Seen = Arc<Mutex<Option<Value>>>;

/// A host function that answers with what it gets, by the direct way.
#[derive(Clone)]
struct Direct {
    ty: Arc<FunctionType>,
    seen: Seen,
    agreed: Arc<Agreed>,
}

struct Echo(Results);

// SAFETY: results own what they point to.
unsafe impl Reply for Echo {
    fn values(&self) -> &[runtime_value_t] {
        self.0.values()
    }

    fn keep(self: Box<Self>) -> crate::error::Result<Box<dyn Reply>> {
        Ok(self)
    }
}

impl Host<Seen> for Direct {
    fn agreed(&self) -> (&Agreed, &FunctionType) {
        (&self.agreed, &self.ty)
    }

    fn serve(
        self,
        store: StoreContextMut<'_, Seen>,
        given: Passed,
    ) -> impl Future<Output = wasmtime::Result<Checked>> + Send + Unpin {
        std::future::ready(self.serve_here(store, given))
    }

    fn serve_here(&self, _: StoreContextMut<'_, Seen>, given: Passed) -> wasmtime::Result<Checked> {
        let given = given.plain().map_err(Error::into_wasmtime)?;
        *self.seen.lock().unwrap() = Some(given.to_args(&self.ty).unwrap().remove(0));
        let reply = match (Number::of(given.values()[0], &self.ty), given) {
            (Some(number), _) => Replied::Number(number),
            (None, Values::Many(results)) => Replied::kept(Echo(results)),
            (None, Values::Few(few)) => panic!("{few:?} for what is no number"),
        };
        Checked::new(reply, &self.ty).map_err(Error::into_wasmtime)
    }
}

fn read(results: &Results, ty: &FunctionType) -> Value {
    // SAFETY: results own what they point to.
    unsafe { lower_args(results.values(), ty, &mut NoHandles) }.unwrap().remove(0)
}

/// Everything here is ready at once, or after a turn of the fiber.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(it) = polled {
            return it;
        }
    }
}

struct Guest {
    store: Store<Seen>,
    relay: Func,
    same: Option<Func>,
    ty: Arc<FunctionType>,
}

impl Guest {
    /// An instance whose import is served by the direct way, or by wasmtime's values.
    fn new(engine: &Engine, component: &Component, ty: &Arc<FunctionType>, direct: bool) -> Self {
        let seen = Seen::default();
        let mut linker = Linker::<Seen>::new(engine);
        match direct {
            true => {
                let (seen, agreed) = (seen.clone(), Arc::default());
                let host = Direct { ty: ty.clone(), seen, agreed };
                define(&mut linker.root(), "echo", ty, host, false).unwrap();
            }
            false => linker
                .root()
                .func_new("echo", |store, _, params, results| {
                    *store.data().lock().unwrap() = Some(params[0].clone());
                    results.clone_from_slice(params);
                    Ok(())
                })
                .unwrap(),
        }
        let mut store = Store::new(engine, seen);
        let instance: Instance = wait(linker.instantiate_async(&mut store, component)).unwrap();
        let relay = instance.get_func(&mut store, "relay").unwrap();
        let same = instance.get_func(&mut store, "same");
        Self { store, relay, same, ty: ty.clone() }
    }

    fn direct(&mut self, function: Func, args: &[runtime_value_t], ty: &FunctionType) -> Value {
        // SAFETY: callers pass values that are laid out below.
        let args = unsafe { check_args(args, ty, &mut NoHandles) }.unwrap();
        let lifted = wait(call(&function, &mut self.store, &args, true)).unwrap();
        let (results, _) = lifted.give(&mut NoHandles).unwrap();
        read(&results, &self.ty)
    }

    fn by_values(&mut self, value: &Value) -> Value {
        let mut results = [Val::Bool(false)];
        let args = [value.clone()];
        wait(self.relay.call_async(&mut self.store, &args, &mut results)).unwrap();
        let [result] = results;
        result
    }

    fn seen(&self) -> Value {
        self.store.data().lock().unwrap().take().expect("the host function was called")
    }
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn both_ways_agree_on_random_types_and_values() {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let mut random = Random::Seed(0x5eed);
    let mut several = 0;
    for i in 0..TYPES {
        let depth = 1 + i % 4;
        let ty = random.ty(depth);
        let encoding = ["utf8", "utf16", "latin1+utf16"][i % 3];
        let text = echo::component(&ty, encoding);
        let component = Component::new(&engine, &text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        let function = Arc::new(function(ty.clone()));
        let rest = Type::Tuple(vec![Type::U32; 16].into());
        let with_rest = FunctionType {
            params: vec![field("p", ty.clone()), field("rest", rest)],
            result: Some(ty.clone()),
        };
        let mut by_values = Guest::new(&engine, &component, &function, false);
        let mut direct = Guest::new(&engine, &component, &function, true);
        for _ in 0..VALUES {
            let value = random.value(&ty);
            let laid_out = lift(value.clone(), &ty);
            let args = laid_out.values();
            let (relay, own) = (by_values.relay, &*function);
            assert_eq!(by_values.direct(relay, args, own), value, "lowered directly: {ty}");
            assert_eq!(by_values.seen(), value, "lowered directly, seen by the host: {ty}");
            assert_eq!(direct.by_values(&value), value, "lifted directly by the host: {ty}");
            assert_eq!(direct.seen(), value, "lifted directly, seen by the host: {ty}");
            assert_eq!(direct.direct(direct.relay, args, own), value, "all direct: {ty}");
            if let Some(same) = direct.same {
                several += 1;
                let numbers = [u32_value(7); 16];
                let all = [args[0], members(Kind::Tuple, &numbers)];
                assert_eq!(direct.direct(same, &all, &with_rest), value, "in memory: {ty}");
            }
        }
    }
    assert!(several > TYPES * VALUES / 3, "types of several places: {several}");
}

/// A guest that imports `echo` with the type `found`, and a host function that was defined for
/// `declared`: what comes of linking them, and of a call.
fn strangers(declared: &Type, found: &Type) -> (wasmtime::Result<()>, Seen) {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let component = Component::new(&engine, echo::component(found, "utf8")).unwrap();
    let (seen, mut linker) = (Seen::default(), Linker::<Seen>::new(&engine));
    let (ty, agreed) = (Arc::new(function(declared.clone())), Arc::default());
    let host = Direct { ty: ty.clone(), seen: seen.clone(), agreed };
    define(&mut linker.root(), "echo", &ty, host, false).unwrap();
    let mut store = Store::new(&engine, seen.clone());
    let instance = match wait(linker.instantiate_async(&mut store, &component)) {
        Ok(instance) => instance,
        Err(error) => return (Err(error), seen),
    };
    let relay = instance.get_func(&mut store, "relay").unwrap();
    let value = Random::Seed(1).value(found);
    let mut results = [Val::Bool(false)];
    (wait(relay.call_async(&mut store, &[value], &mut results)), seen)
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn values_of_other_types_never_reach_a_host_function() {
    let types = [
        Type::U32,
        Type::S32,
        Type::U64,
        Type::Char,
        Type::Bool,
        Type::String,
        Type::List(Type::U64.into()),
        Type::List(Type::U8.into()),
        Type::Tuple([Type::U32, Type::U32].into()),
        Type::Record([field("name", Type::String)].into()),
        Type::Record([field("other", Type::String)].into()),
        Type::Option(Type::U32.into()),
        Type::Enum([Name::new("a"), Name::new("b")].into()),
        Type::Enum([Name::new("a")].into()),
        Type::Flags([Name::new("a")].into()),
    ];
    for declared in &types {
        for found in &types {
            let (outcome, seen) = strangers(declared, found);
            let was_called = seen.lock().unwrap().is_some();
            assert_eq!(was_called, declared == found, "{declared} against {found}");
            assert_eq!(outcome.is_ok(), declared == found, "{declared} against {found}");
        }
    }
}
