//! Values as text and compared, whatever their type: as wasmtime writes its own, and back.

use std::slice;

use super::random::Random;
use super::*;
use crate::error::Code;
use crate::marshal::{Whole, parse};
use crate::value::print;

const TYPES: usize = 2_000;
const VALUES: usize = 20;

fn whole(results: &Results) -> Whole<'_> {
    // SAFETY: results own what they point to.
    unsafe { Whole::new(results.values().as_ptr(), "value") }.unwrap()
}

#[test]
fn text_is_read_as_the_value_that_it_was() {
    let mut random = Random::Seed(14);
    for _ in 0..TYPES {
        let ty = random.ty(3);
        for _ in 0..VALUES {
            let [a, b] = [random.value(&ty), random.value(&ty)];
            let texts = [&a, &b].map(|it| print(slice::from_ref(it), 1 << 30).unwrap());
            let [a, b] = [lift(a, &ty), lift(b, &ty)];
            assert_eq!(whole(&a).text(&ty).unwrap(), texts[0], "{ty}");
            let again = parse(&texts[0], &ty).unwrap_or_else(|error| panic!("{ty}: {error}"));
            assert_eq!(whole(&again).text(&ty).unwrap(), texts[0], "{ty}");
            let is_same = |a, b| whole(a).is_same(&whole(b), &ty).unwrap();
            assert!(is_same(&a, &again) && is_same(&again, &a), "{ty}: {}", texts[0]);
            assert_eq!(is_same(&a, &b), texts[0] == texts[1], "{ty}: {}, {}", texts[0], texts[1]);
        }
    }
}

/// Whatever is read is a value: text with pieces that are moved, doubled or lost is one or none.
#[test]
fn damaged_text_is_a_value_or_none() {
    let mut random = Random::Seed(41);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..TYPES {
        let ty = random.ty(3);
        let text = whole(&lift(random.value(&ty), &ty)).text(&ty).unwrap();
        let characters: Vec<char> = text.chars().collect();
        for _ in 0..VALUES {
            let mut damaged = characters.clone();
            let from = random.bits(16) as usize % damaged.len();
            let to = (from + random.below(8)).min(damaged.len());
            let piece: Vec<char> = match random.below(2) {
                0 => damaged.drain(from..to).collect(),
                _ => damaged[from..to].to_vec(),
            };
            let at = random.bits(16) as usize % (damaged.len() + 1);
            damaged.splice(at..at, piece);
            let damaged: String = damaged.into_iter().collect();
            match parse(&damaged, &ty) {
                Ok(value) => {
                    let text = whole(&value).text(&ty).unwrap();
                    let again = parse(&text, &ty).unwrap();
                    assert!(whole(&value).is_same(&whole(&again), &ty).unwrap(), "{damaged}");
                    read += 1;
                }
                Err(error) => {
                    let message = error.message();
                    assert!(message.contains("column"), "{damaged}: {message}");
                    assert!(matches!(error.code(), Code::InvalidArgument | Code::TypeMismatch));
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} {refused}");
}

#[test]
fn what_is_called_like_a_part_of_wave_is_told_from_it() {
    let names: Vec<&str> = "true false inf nan some none ok err".split(' ').collect();
    let all = || names.iter().copied();
    let carrying = all().map(|name| case(name, Some(Type::U8)));
    let mut checked = 0;
    for ty in [
        Type::Enum(all().map(Name::new).collect()),
        Type::Flags(all().map(Name::new).collect()),
        Type::Variant(all().map(|name| case(name, None)).collect()),
        Type::Variant(carrying.collect()),
        Type::Record(all().map(|name| field(name, Type::U8)).collect()),
    ] {
        let mut random = Random::Seed(3);
        for _ in 0..50 {
            let value = lift(random.value(&ty), &ty);
            let text = whole(&value).text(&ty).unwrap();
            let again = parse(&text, &ty).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(whole(&value).is_same(&whole(&again), &ty).unwrap(), "{text}");
            checked += 1;
        }
    }
    assert_eq!(checked, 250);
}

#[test]
fn nothing_is_no_value() {
    // SAFETY: NULL is refused.
    let error = unsafe { Whole::new(std::ptr::null(), "value") }.err().unwrap();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "`value`: is NULL"));
}
