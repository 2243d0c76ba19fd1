//! Random types and values on every way through a guest, with each encoding of text. Goes on from
//! src/marshal/tests/differential.rs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmcell::{Function, Instance, Value};
use wasmcell_fuzz::random::Random;
use wasmcell_fuzz::{ENCODINGS, OPTIONS, Way, agree, echo, load};

/// Values of each type, at most.
const VALUES: usize = 8;

fuzz_target!(|input: &[u8]| {
    let mut random = Random::Bytes(input);
    let encoding = ENCODINGS[random.below(ENCODINGS.len())];
    let depth = 1 + random.below(4);
    let ty = random.ty(depth);
    let (component, seen) = load(&echo::component(&ty, encoding));
    let relay = component.function("relay").expect("every echo has it");
    let same = component.function("same").ok();
    let live = Instance::new(&component, &OPTIONS).expect("nothing runs");
    for _ in 0..VALUES {
        let value = random.value(&ty);
        let rest = Value::Tuple(vec![Value::U32(7); 16]);
        let check = |function: &Function, args: &[Value], way: Way, live| {
            let about = || format!("{way:?}, {encoding}, {}: {ty}", function.name());
            agree(way.call(function, live, args), Ok(&value), about);
        };
        for (way, live) in Way::ALL.into_iter().flat_map(|it| [(it, None), (it, Some(&live))]) {
            check(&relay, std::slice::from_ref(&value), way, live);
            let seen = seen.lock().expect("no panic").take().expect("the guest asked the host");
            agree(Ok(seen), Ok(&value), || format!("seen by the host: {way:?}, {encoding}: {ty}"));
            if let Some(same) = &same {
                check(same, &[value.clone(), rest.clone()], way, live);
            }
        }
        if random.is_over() {
            break;
        }
    }
});
