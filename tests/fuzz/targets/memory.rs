//! Guests that give pointers, lengths, case numbers and text of any kind, in memory of any content,
//! and whose `realloc` lies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmcell_fuzz::hostile::{self, Does};
use wasmcell_fuzz::random::Random;
use wasmcell_fuzz::{Way, agree, load, reference};

fuzz_target!(|input: &[u8]| {
    let mut random = Random::Bytes(input);
    let does = Does::ALL[random.below(Does::ALL.len())];
    let depth = random.below(5);
    let ty = random.ty(depth);
    let args = match does {
        Does::Take => vec![random.value(&ty)],
        Does::Give | Does::Ask => Vec::new(),
    };
    let (text, value) = hostile::component(does, &ty, &mut random);
    let (component, seen) = load(&text);
    let function = component.function(does.name()).expect("every guest has it");
    let about = || format!("{does:?} {ty}, {args:?}\n{text}");
    let ours = Way::Direct.call(&function, None, &args);
    match does {
        Does::Give | Does::Take => {
            if let (Does::Give, Some(value)) = (does, value) {
                agree(ours.clone(), Ok(value), about);
            }
            agree(ours, Way::Values.call(&function, None, &args), about);
        }
        // Host functions of ours go the direct way, whoever calls the guest.
        Does::Ask => {
            let (theirs, seen_there) = reference::call(&text, does.name());
            let seen = seen.lock().expect("no panic").take();
            if let (Some(value), Some(seen)) = (value, &seen) {
                agree(Ok(seen), Ok(value), about);
            }
            // Who met a limit saw nothing.
            if seen.is_some() && seen_there.is_some() {
                agree(Ok(seen), Ok(seen_there), about);
            }
            agree(ours, theirs, about);
        }
    }
});
