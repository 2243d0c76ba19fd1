//! Lists that are lowered and lifted by a plan, beside the general way.

use std::fmt::Write;

use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Config, Engine, Store};

use super::differential::wait;
use super::echo::Types;
use super::random::Random;
use super::*;
use crate::marshal::{call_here, check_args};

/// Types, and memories for each.
const TYPES: usize = 400;
const MEMORIES: usize = 60;

/// Enough elements for most types to have a plan.
const MANY: usize = 40;

/// Room for elements in the guest's memory, in 64-bit words.
const WORDS: usize = 1024;

/// A component that takes a list anywhere in its memory for one of `ty`, whatever is there.
fn component(ty: &Type) -> String {
    let mut types = Types::default();
    let name = types.name(ty);
    let definitions = types.definitions;
    let mut text = String::new();
    write!(
        text,
        r#"(component
    {definitions}
    (core module $m
        (memory (export "memory") 2)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
        (func (export "fill") (param i32 i32))
        (func (export "read") (param i32 i32) (result i32)
            (i32.store (i32.const 131056) (local.get 0))
            (i32.store (i32.const 131060) (local.get 1))
            i32.const 131056))
    (core instance $i (instantiate $m))
    (alias core export $i "memory" (core memory $mem))
    (alias core export $i "realloc" (core func $realloc))
    (func (export "fill") (param "p" (list u64))
        (canon lift (core func $i "fill") (memory $mem) (realloc $realloc)))
    (func (export "read") (param "at" u32) (param "len" u32) (result (list {name}))
        (canon lift (core func $i "read") (memory $mem))))"#
    )
    .unwrap();
    text
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(engine: &Engine, ty: &Type) -> Self {
        let component = Component::new(engine, component(ty)).unwrap();
        let mut store = Store::new(engine, ());
        let linker = Linker::<()>::new(engine);
        let instance = wait(linker.instantiate_async(&mut store, &component)).unwrap();
        Self { store, instance }
    }

    fn call(
        &mut self,
        name: &str,
        args: &[runtime_value_t],
        ty: &FunctionType,
    ) -> std::result::Result<Results, String> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        // SAFETY: callers pass values of what lives meanwhile.
        let args = unsafe { check_args(args, ty, &mut NoHandles) }.unwrap();
        let lifted = call_here(&function, &mut self.store, &args, ty.result.is_some());
        Ok(lifted.map_err(|error| format!("{error:#}"))?.plain().unwrap())
    }

    /// What the guest has at `at`, or what is wrong with it.
    fn read(
        &mut self,
        at: u32,
        len: usize,
        ty: &FunctionType,
    ) -> std::result::Result<Value, String> {
        let args = [u32_value(at), u32_value(len as u32)];
        let results = self.call("read", &args, ty)?;
        // SAFETY: results own what they point to.
        let read =
            unsafe { super::super::val::lower_results(results.values(), ty, &mut NoHandles) };
        Ok(read.unwrap().remove(0))
    }
}

/// Words that are often small, or lead to where there is something.
fn words(random: &mut Random<'_>) -> Vec<u64> {
    let word = |random: &mut Random<'_>| match random.below(8) {
        0 => random.bits(64),
        1 => random.bits(32) << 32 | random.bits(5),
        2 => random.bits(8),
        3 => (1024 + 8 * random.bits(4)) | (random.bits(2) << 32),
        4 => (1024 + random.bits(8)) | (random.bits(3) << 32),
        _ => random.bits(1) << 32 | random.bits(1),
    };
    (0..WORDS).map(|_| word(random)).collect()
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn what_a_guest_gives_by_a_plan_is_what_it_gives_one_by_one() {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let fill = FunctionType { params: vec![field("p", list(Type::U64))], result: None };
    let (mut right, mut wrong) = (0, 0);
    for i in 0..TYPES {
        let mut random = Random::Seed(i as u64);
        let ty = random.ty(1 + i % 3);
        let params = vec![field("at", Type::U32), field("len", Type::U32)];
        let reads = FunctionType { params, result: Some(list(ty.clone())) };
        let mut guest = Guest::new(&engine, &ty);
        // By wasmtime's own account, of how far apart two elements are.
        let size = element_size(&ty);
        for _ in 0..MEMORIES {
            let words = words(&mut random);
            guest.call("fill", &[flat_list(Kind::U64, &words)], &fill).unwrap();
            let all = guest.read(1024, MANY, &reads);
            let one = |i: usize| guest.read(1024 + (i * size) as u32, 1, &reads);
            let each: std::result::Result<Vec<Value>, String> = (0..MANY).map(one).collect();
            match (all, each) {
                (Ok(Value::List(all)), Ok(each)) => {
                    right += 1;
                    let each = each.into_iter().flat_map(|it| match it {
                        Value::List(one) => one,
                        other => vec![other],
                    });
                    assert_eq!(all, each.collect::<Vec<_>>(), "{ty}");
                }
                (all, each) => {
                    wrong += 1;
                    assert_eq!(all.err(), each.err(), "{ty}");
                }
            }
        }
    }
    assert!(right > TYPES * MEMORIES / 5 && wrong > TYPES * MEMORIES / 5, "{right} and {wrong}");
}

/// Bytes of an element in a list, by the canonical ABI.
fn element_size(ty: &Type) -> usize {
    layout(ty).0
}

/// Size and alignment.
fn layout(ty: &Type) -> (usize, usize) {
    let child = |i| ty.child(i).map_or((0, 1), layout);
    let number = |count: usize| match count {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    };
    match ty {
        Type::Bool | Type::S8 | Type::U8 => (1, 1),
        Type::S16 | Type::U16 => (2, 2),
        Type::S64 | Type::U64 | Type::F64 => (8, 8),
        Type::String | Type::List(_) => (8, 4),
        Type::Enum(names) => (number(names.len()), number(names.len())),
        Type::Flags(names) => match names.len() {
            0..=8 => (1, 1),
            9..=16 => (2, 2),
            more => (4 * more.div_ceil(32), 4),
        },
        Type::Record(_) | Type::Tuple(_) => {
            let all = (0..ty.len()).map(child);
            let (end, align) = all.fold((0_usize, 1), |(end, most), (size, align)| {
                (end.next_multiple_of(align) + size, most.max(align))
            });
            (end.next_multiple_of(align), align)
        }
        Type::Variant(_) | Type::Option(_) | Type::Result(_) => {
            let cases = if matches!(ty, Type::Option(_)) { 2 } else { ty.len() };
            let all: Vec<_> = (0..ty.len()).map(child).collect();
            let size = all.iter().map(|it| it.0).max().unwrap_or(0);
            let align = all.iter().map(|it| it.1).max().unwrap_or(1);
            let whole = align.max(number(cases));
            ((number(cases).next_multiple_of(align) + size).next_multiple_of(whole), whole)
        }
        _ => (4, 4),
    }
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn values_that_were_checked_against_another_type_are_refused() {
    let engine = Engine::default();
    let types = [
        Type::U32,
        Type::F32,
        Type::U8,
        Type::Bool,
        Type::Char,
        Type::U64,
        Type::S16,
        Type::String,
        list(Type::U32),
        list(Type::String),
        Type::Tuple([Type::U32, Type::U32].into()),
        Type::Tuple([Type::U32, Type::F32].into()),
        Type::Tuple([Type::U32].into()),
        record([("a", Type::U32), ("b", Type::String)]),
        record([("a", Type::U32), ("b", list(Type::U8))]),
        option(Type::U32),
        option(Type::U64),
        result(Some(Type::U32), None),
        result(None, None),
        enumeration(3),
        flags(3),
        variant([("a", Some(Type::U32)), ("b", None)]),
    ];
    for wanted in &types {
        let ty = list(wanted.clone());
        let component = Component::new(&engine, super::echo::component(&ty, "utf8")).unwrap();
        let found = types.iter().filter(|found| kinds(found) != kinds(wanted));
        for found in found {
            let mut linker = Linker::<()>::new(&engine);
            linker.root().func_new("echo", |_, _, _, _| panic!("is not called")).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = wait(linker.instantiate_async(&mut store, &component)).unwrap();
            let function = instance.get_func(&mut store, "relay").unwrap();
            // One that is nowhere empty.
            let value = |seed| Random::Seed(seed).value(found);
            let full = |it: &Value| !matches!(it, Value::List(all) if all.is_empty());
            let value = (0..).map(value).filter(full).find(carries).unwrap();
            let laid_out = lift(Value::List(vec![value; MANY]), &list(found.clone()));
            let own = super::shapes::function(list(found.clone()));
            // SAFETY: results own what they point to.
            let args = unsafe { check_args(laid_out.values(), &own, &mut NoHandles) }.unwrap();
            let error = call_here(&function, &mut store, &args, true).expect_err("another type");
            let error = format!("{error:#}");
            let known =
                ["another type", "where 1 belong", "where 2 belong", "case ", "out of range"];
            assert!(known.iter().any(|it| error.contains(it)), "{found} for {wanted}: {error}");
        }
    }
}

/// Whether the value is of the case that carries something, if it has cases.
fn carries(value: &Value) -> bool {
    match value {
        Value::Option(it) => it.is_some(),
        Value::Result(it) => it.is_ok(),
        Value::Variant(_, it) => it.is_some(),
        _ => true,
    }
}

/// What tells two of the types above from each other, for a value that [`carries`] something.
fn kinds(ty: &Type) -> Vec<Kind> {
    let inner = (0..ty.len()).filter_map(|i| ty.child(i)).flat_map(kinds);
    std::iter::once(ty.kind()).chain(inner).collect()
}
