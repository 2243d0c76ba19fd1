//! Host functions that take and give few numbers, beside the general way.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use wasmtime::component::{Component, Instance, Linker, Val};
use wasmtime::{Config, Engine, Store, StoreContextMut};

use super::differential::wait;
use super::random::Random;
use super::*;
use crate::marshal::{Agreed, Checked, Host, Number, Passed, Replied, Values, define};

const TYPES: [Type; 12] = [
    Type::Bool,
    Type::S8,
    Type::U8,
    Type::S16,
    Type::U16,
    Type::S32,
    Type::U32,
    Type::S64,
    Type::U64,
    Type::F32,
    Type::F64,
    Type::Char,
];

/// Bits that types take for many values, beside those by chance.
const BITS: [u64; 7] = [0, 1, 2, 0x80, 0xd800, u32::MAX as u64, u64::MAX];

/// What a host function saw, byte by byte.
type Seen = Arc<Mutex<Vec<[u64; 3]>>>;

/// Answers with its first argument.
#[derive(Clone)]
struct First {
    ty: Arc<FunctionType>,
    seen: Seen,
    agreed: Arc<Agreed>,
    /// Whether all values are to be in memory of their own.
    many: bool,
}

impl Host<()> for First {
    fn agreed(&self) -> (&Agreed, &FunctionType) {
        (&self.agreed, &self.ty)
    }

    fn serve(
        self,
        store: StoreContextMut<'_, ()>,
        given: Passed,
    ) -> impl Future<Output = wasmtime::Result<Checked>> + Send + Unpin {
        std::future::ready(self.serve_here(store, given))
    }

    fn serve_here(&self, _: StoreContextMut<'_, ()>, given: Passed) -> wasmtime::Result<Checked> {
        let given = given.plain().map_err(Error::into_wasmtime)?;
        assert_eq!(matches!(given, Values::Many(_)), self.many, "{given:?}");
        let values = given.values();
        *self.seen.lock().unwrap() = values.iter().map(bytes).collect();
        let reply = match self.many {
            // SAFETY: numbers lead nowhere.
            true => Replied::kept(unsafe { copy_results(&values[..1], &self.ty) }.unwrap().results),
            false => Replied::Number(Number::of(values[0], &self.ty).unwrap()),
        };
        Checked::new(reply, &self.ty).map_err(Error::into_wasmtime)
    }
}

/// All of a value, as C gets it.
fn bytes(value: &runtime_value_t) -> [u64; 3] {
    // SAFETY: values that are lifted are initialised as a whole.
    unsafe { std::mem::transmute(*value) }
}

/// Passes two words to `few`, and to `many` with another one; gives what these give, as a word.
fn component(a: &Type, b: &Type) -> String {
    let into = |ty: &Type| match ty {
        Type::S64 | Type::U64 => ("i64", "", "", ""),
        Type::F64 => ("f64", "f64.reinterpret_i64", "i64.reinterpret_f64", ""),
        Type::F32 => {
            ("f32", "i32.wrap_i64 f32.reinterpret_i32", "i32.reinterpret_f32", "i64.extend_i32_u")
        }
        _ => ("i32", "i32.wrap_i64", "", "i64.extend_i32_u"),
    };
    let ((a_flat, to_a, from_a, wide), (b_flat, to_b, ..)) = (into(a), into(b));
    let mut text = String::new();
    write!(
        text,
        r#"(component
    (import "few" (func $few (param "a" {a}) (param "b" {b}) (result {a})))
    (import "many" (func $many (param "a" {a}) (param "b" {b}) (param "c" u32) (result {a})))
    (core func $few (canon lower (func $few)))
    (core func $many (canon lower (func $many)))
    (core module $m
        (import "" "few" (func $few (param {a_flat} {b_flat}) (result {a_flat})))
        (import "" "many" (func $many (param {a_flat} {b_flat} i32) (result {a_flat})))
        (func (export "few") (param i64 i64) (result i64)
            local.get 0 {to_a} local.get 1 {to_b} call $few {from_a} {wide})
        (func (export "many") (param i64 i64) (result i64)
            local.get 0 {to_a} local.get 1 {to_b} i32.const 7 call $many {from_a} {wide}))
    (core instance $i (instantiate $m (with "" (instance
        (export "few" (func $few)) (export "many" (func $many))))))
    (func (export "few") (param "a" u64) (param "b" u64) (result u64)
        (canon lift (core func $i "few")))
    (func (export "many") (param "a" u64) (param "b" u64) (result u64)
        (canon lift (core func $i "many"))))"#
    )
    .unwrap();
    text
}

struct Guest {
    store: Store<()>,
    instance: Instance,
    few: Seen,
    many: Seen,
}

impl Guest {
    fn new(engine: &Engine, a: &Type, b: &Type, directly: bool) -> Self {
        let (few, many) = (Seen::default(), Seen::default());
        let mut linker = Linker::<()>::new(engine);
        for (name, seen) in [("few", &few), ("many", &many)] {
            let mut params = vec![field("a", a.clone()), field("b", b.clone())];
            params.extend((name == "many").then(|| field("c", Type::U32)));
            let ty = Arc::new(FunctionType { params, result: Some(a.clone()) });
            let (seen, agreed) = (seen.clone(), Arc::default());
            let host = First { ty: ty.clone(), seen, agreed, many: name == "many" };
            define(&mut linker.root(), name, &ty, host, directly).unwrap();
        }
        let component = Component::new(engine, component(a, b)).unwrap();
        let mut store = Store::new(engine, ());
        let instance = wait(linker.instantiate_async(&mut store, &component)).unwrap();
        Self { store, instance, few, many }
    }

    fn call(&mut self, name: &str, args: [u64; 2]) -> std::result::Result<Val, String> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let mut results = [Val::Bool(false)];
        let outcome = wait(function.call_async(&mut self.store, &args.map(Val::U64), &mut results));
        let [result] = results;
        match outcome {
            Ok(()) => Ok(result),
            Err(error) => Err(error.root_cause().to_string()),
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn few_numbers_are_what_they_are_among_many() {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let mut random = Random::Seed(5);
    for (i, a) in TYPES.iter().enumerate() {
        for (j, b) in TYPES.iter().enumerate() {
            let new = || Guest::new(&engine, a, b, (i + j) % 2 == 0);
            let (mut guest, mut other) = (new(), new());
            for k in 0..30 {
                let mut bits = || BITS.get(k).copied().unwrap_or_else(|| random.bits(64));
                let args = [bits(), bits()];
                let (few, many) = (guest.call("few", args), other.call("many", args));
                assert_eq!(few, many, "{a}, {b}: {args:x?}");
                if few.is_err() {
                    // It traps once.
                    (guest, other) = (new(), new());
                    continue;
                }
                let (few, many) = (guest.few.lock().unwrap(), other.many.lock().unwrap());
                assert_eq!((few.len(), many.len()), (2, 3));
                assert_eq!(few[..], many[..2], "{a}, {b}: {args:x?}");
            }
        }
    }
}

#[test]
fn wrong_answers_are_refused_in_the_same_words() {
    let mut random = Random::Seed(7);
    let (mut right, mut wrong) = (0, 0);
    for ty in &TYPES {
        let ty = function(ty.clone());
        for i in 0..400_u32 {
            let of = runtime_value_of_t { u64: random.bits([1, 8, 64][i as usize % 3]) };
            let kind = if i % 2 == 0 { ty.params[0].ty.kind() as u8 } else { (i / 2 % 40) as u8 };
            let mut answer = runtime_value_t { kind, ..value(Kind::Bool, of) };
            match i % 20 {
                3 => answer.element = 3,
                4 => answer.reserved = 1,
                5 => answer.index = 1,
                _ => {}
            }
            let told = |checked: crate::error::Result<Checked>| {
                checked.map(drop).map_err(|error| (error.code(), error.message().to_owned()))
            };
            let number = told(Checked::new(Replied::Number(Number::of(answer, &ty).unwrap()), &ty));
            // Nobody follows what is not of the type.
            let kept = told(Checked::new(Replied::kept(Alone([answer])), &ty));
            assert_eq!(number, kept);
            match number {
                Ok(()) => right += 1,
                Err(_) => wrong += 1,
            }
        }
    }
    assert!(right > 1_000 && wrong > 1_000, "{right} and {wrong}");
    assert!(Number::of(string_of(b"x"), &function(Type::String)).is_none());
    assert!(Number::of(u32_value(1), &function(option(Type::U32))).is_none());
}

/// An answer of one value, which leads nowhere.
struct Alone([runtime_value_t; 1]);

// SAFETY: nobody looks behind it.
unsafe impl Send for Alone {}
// SAFETY: as above.
unsafe impl Sync for Alone {}

// SAFETY: the value is as it was made here, and leads nowhere.
unsafe impl crate::marshal::Reply for Alone {
    fn values(&self) -> &[runtime_value_t] {
        &self.0
    }

    fn keep(self: Box<Self>) -> Result<Box<dyn crate::marshal::Reply>> {
        Ok(self)
    }
}
