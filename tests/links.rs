//! Random components against random definitions of a host; the fuzz target `links` goes further.

// The files below are part of the library's unit tests too, which call these modules its own.
use wasmcell::{types, value};

#[path = "../src/marshal/tests/echo.rs"]
#[expect(dead_code, reason = "others use all of them")]
mod echo;
#[path = "fuzz/src/links.rs"]
mod links;
#[path = "fuzz/src/pairs.rs"]
mod pairs;
#[path = "../src/marshal/tests/random.rs"]
#[expect(dead_code, reason = "others use all of them")]
mod random;
#[path = "../src/marshal/tests/shapes.rs"]
#[expect(dead_code, reason = "others use all of them")]
mod shapes;

use random::Random;

const COMPONENTS: u64 = 1_000;
const HOSTS: usize = 16;

#[test]
fn a_host_function_only_ever_sees_its_type() {
    let mut linked = 0;
    for seed in 0..COMPONENTS {
        let mut random = Random::Seed(seed);
        let imports = links::imports(&mut random);
        let bytes: Vec<u8> = (0..64).map(|_| random.below(40) as u8).collect();
        linked += pairs::try_hosts(&imports, &bytes, &mut random, HOSTS);
    }
    // Neither all nor none, or else nothing was tried.
    let all = COMPONENTS as usize * HOSTS;
    assert!(linked > all / 20 && linked < all - all / 20, "{linked} of {all} were linked");
}
