//! Values on their whole way: C memory, guest, host, guest, C memory.

use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Engine, Store};

use super::*;
use crate::marshal::handles::NoHandles;
use crate::types::ComponentTypes;

/// A guest that hands its argument on to the host, and returns what the host gives back.
const RELAY: &str = r#"(component
    (type $p (record (field "x" s32) (field "note" (option string))))
    (import "point" (type $point (eq $p)))
    (type $s (variant (case "empty") (case "at" s32)))
    (import "shape" (type $shape (eq $s)))
    (type $r (flags "read" "write" "run"))
    (import "rights" (type $rights (eq $r)))
    (type $all (tuple (list string) $point $shape $rights (list f64)
        (result char (error string))))
    (import "echo" (func $echo (param "p" $all) (result $all)))

    (core module $memory-m
        (memory (export "memory") 4)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and
                (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            local.get $at))
    (core instance $memory (instantiate $memory-m))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    (core func $lowered (canon lower (func $echo) (memory $mem) (realloc $realloc)))
    (core module $relay-m
        (type $args (func (param
            i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
        (import "host" "echo" (func $echo (type $args)))
        (func (export "relay")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
            local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6
            local.get 7 local.get 8 local.get 9 local.get 10 local.get 11 local.get 12
            local.get 13 i32.const 16
            call $echo
            i32.const 16))
    (core instance $relay (instantiate $relay-m
        (with "host" (instance (export "echo" (func $lowered))))))
    (func (export "relay") (param "p" $all) (result $all)
        (canon lift (core func $relay "relay") (memory $mem) (realloc $realloc)))
)"#;

fn relay(args: &[runtime_value_t]) -> Results {
    let engine = Engine::default();
    let component = Component::new(&engine, RELAY).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .root()
        .func_new("echo", |_, _, params, results| {
            results.clone_from_slice(params);
            Ok(())
        })
        .unwrap();
    let types = ComponentTypes::of(&engine, &component, u64::MAX).unwrap();
    let Some(Type::Function(ty)) = &types.export("relay").unwrap().ty else { panic!("function") };

    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let function = instance.get_func(&mut store, "relay").unwrap();
    // SAFETY: callers build values of live slices.
    let args = unsafe { lower_args(args, ty, &mut NoHandles) }.unwrap();
    let mut results = [Val::Bool(false)];
    function.call(&mut store, &args, &mut results).unwrap();
    assert_eq!(args, results);
    lift_results(&results, ty, &[]).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "runs machine code")]
fn values_travel_through_a_guest() {
    let texts = [string_of(b"one"), string_of(b""), string_of("drei 🦀".as_bytes())];
    let note = string_of(b"a note");
    let signed = |s32| value(Kind::S32, runtime_value_of_t { s32 });
    let point = [signed(-7), in_case(Kind::Option, 1, Some(&note))];
    let x = signed(9);
    let doubles = [0.5_f64, -1e300, f64::INFINITY];
    let crab = value(Kind::Char, runtime_value_of_t { character: '🦀' as u32 });
    let why = string_of(b"why");
    for last in [in_case(Kind::Result, 0, Some(&crab)), in_case(Kind::Result, 1, Some(&why))] {
        for shape in [in_case(Kind::Variant, 0, None), in_case(Kind::Variant, 1, Some(&x))] {
            let parts = [
                list_of(&texts),
                members(Kind::Record, &point),
                shape,
                flags_of(&[0b101]),
                flat_list(Kind::F64, &doubles),
                last,
            ];
            let first = relay(&[members(Kind::Tuple, &parts)]);
            // What came back can be passed again.
            assert_eq!(relay(first.values()).values().len(), 1);
        }
    }
}
