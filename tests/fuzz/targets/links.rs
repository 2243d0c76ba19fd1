//! Random components against random definitions of a host: whatever a component imports, and by
//! whichever versions, a host function only ever sees values of the type that it was defined with;
//! and a component is linked exactly if its imports have definitions that fit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmcell_fuzz::links::imports;
use wasmcell_fuzz::pairs::try_hosts;
use wasmcell_fuzz::random::Random;

/// Hosts that each component meets.
const HOSTS: usize = 64;

fuzz_target!(|input: &[u8]| {
    let imports = imports(&mut Random::Bytes(input));
    let mix = |all: u64, byte: &u8| (all ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    let mut random = Random::Seed(input.iter().fold(7, mix));
    let bytes = &input[input.len().saturating_sub(64)..];
    try_hosts(&imports, bytes, &mut random, HOSTS);
});
