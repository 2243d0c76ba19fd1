use std::fs;

use super::*;
use crate::code::artifact::Artifact;

const CORE_INSTANCES: u64 = 30;

fn leb(mut number: usize, into: &mut Vec<u8>) {
    while number > 0x7f {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// `depth` types of this constructor within each other.
fn types(depth: usize, constructor: u8) -> Vec<u8> {
    let mut section = vec![1];
    (0..depth).for_each(|_| section.extend([constructor, 1, 1]));
    section.extend([constructor, 0]);
    let mut binary = b"\0asm\x0d\0\x01\0\x07".to_vec();
    leb(section.len(), &mut binary);
    binary.extend(section);
    binary
}

/// `depth` components within each other.
fn components(depth: usize) -> Vec<u8> {
    (0..depth).fold(b"\0asm\x0d\0\x01\0".to_vec(), |inner, _| {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        leb(inner.len(), &mut outer);
        outer.extend(inner);
        outer
    })
}

fn compile(binary: &[u8]) -> Result<()> {
    Artifact::compile(&wasmtime::Engine::default(), binary).map(drop)
}

#[test]
fn honest_depths_are_read() {
    for constructor in [0x41, 0x42] {
        compile(&types(10, constructor)).unwrap();
    }
    compile(&components(20)).unwrap();
}

#[test]
fn the_deepest_that_are_read_have_the_stack() {
    for constructor in [0x41, 0x42] {
        // Whatever the validator says of them.
        let _ = compile(&types(MAX_NESTED_TYPES as usize - 1, constructor));
    }
    let _ = compile(&components(MAX_NESTED_COMPONENTS as usize - 1));
}

#[test]
fn deeper_ones_are_refused_by_their_depth() {
    for depth in [1_000, 100_000] {
        for constructor in [0x41, 0x42] {
            let error = compile(&types(depth, constructor)).unwrap_err();
            assert_eq!(error.code(), Code::ResourceLimit, "{error}");
        }
    }
    for depth in [MAX_NESTED_COMPONENTS as usize + 1, 1_000] {
        let error = compile(&components(depth)).unwrap_err();
        assert_eq!(error.code(), Code::ResourceLimit, "{error}");
    }
}

/// Whatever its size, what is let through by default takes little more than a second longer than
/// code of 2.2 units a byte.
#[test]
fn what_is_free_grows_with_the_size_as_code_does() {
    for (size, free) in [(0, 0.0), (400_000, 1_600_000.0), (50_000_000, 110_720_000.0)] {
        let mut cost = Cost::new(Budget::new(500_000), size);
        cost.add(free + 500_000.0).unwrap();
        assert!(free + 500_000.0 < size as f64 * 2.2 + 1_250_000.0);
        let error = cost.add(1.0).unwrap_err();
        assert!(error.message().contains("`max_compile_cost` is 500000"), "{error}");
        assert_eq!(cost.needs(), 500_001);
    }
}

/// Prints the price of each file that `WASMCELL_PRICES` names, which makes the table above.
#[test]
fn prices() {
    let files = std::env::var("WASMCELL_PRICES").unwrap_or_default();
    for file in files.split_whitespace() {
        let binary = fs::read(file).unwrap();
        match vet(&binary, Budget::new(u64::MAX >> 8), CORE_INSTANCES) {
            Ok(Price { units, .. }) => {
                let each = units as f64 / binary.len() as f64;
                println!("{each:6.2} a byte, {:>9} bytes, {units:>9} units: {file}", binary.len());
            }
            Err(error) => println!("{error}: {file}"),
        }
    }
}
