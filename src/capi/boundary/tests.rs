//! Tests of the boundary helpers. They run no guest, so Miri runs them too.

use std::{panic, ptr};

use super::*;
use crate::capi::code::runtime_error_code_t;
use crate::capi::error::{runtime_error_code, runtime_error_free};
use crate::error::{Code, Error, Result};

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
struct Small {
    struct_size: usize,
    a: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
struct Large {
    struct_size: usize,
    a: u64,
    b: u64,
}

// SAFETY: repr(C), `struct_size` first, integers only.
unsafe impl SizeTagged for Small {}
// SAFETY: as above.
unsafe impl SizeTagged for Large {}

fn problem<T>(result: Result<T>) -> String {
    let error = result.err().expect("an error");
    assert_eq!(error.code(), Code::InvalidArgument);
    error.message().to_owned()
}

#[test]
fn guard_reports_success_errors_and_panics() {
    assert!(guard("ok", || Ok(())).is_null());
    for (body, code) in [
        (Box::new(|| Err(Error::invalid("x", "y"))) as Box<dyn FnOnce() -> Result<()>>, 1),
        (Box::new(|| panic!("text")), 127),
        (Box::new(|| panic::panic_any(7)), 127),
    ] {
        let error = guard("fails", body);
        // SAFETY: `guard` returned an error we own.
        unsafe {
            assert_eq!(runtime_error_code(error) as i32, code);
            runtime_error_free(Some(Box::from_raw(error)));
        }
    }
    // SAFETY: NULL is allowed.
    assert!(unsafe { runtime_error_code(ptr::null()) } == runtime_error_code_t::RUNTIME_ERROR_NONE);
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_escape() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic::panic_any("second");
        }
    }
    let error = catch::<()>("bomb", || panic::panic_any(Bomb)).unwrap_err();
    assert_eq!(error.code(), Code::Panic);
    release("bomb", Some(Box::new(Bomb)));
}

#[test]
fn borrow_names_the_argument() {
    // SAFETY: NULL is allowed; the other pointer is live.
    unsafe {
        assert_eq!(problem(borrow::<u8>(ptr::null(), "engine")), "`engine`: is NULL");
        assert_eq!(*borrow(ptr::from_ref(&7), "x").unwrap(), 7);
    }
}

#[test]
fn slices_accept_empty_and_refuse_impossible() {
    let words = [1_u32, 2, 3];
    // SAFETY: every pointer is NULL, unread because it is refused, or live.
    unsafe {
        assert!(slice::<u32>(ptr::null(), 0, "x").unwrap().is_empty());
        assert_eq!(slice(words.as_ptr(), 3, "x").unwrap(), words);
        assert!(slice(words.as_ptr().wrapping_byte_add(1), 0, "x").unwrap().is_empty());
        let shifted = words.as_ptr().wrapping_byte_add(1);
        assert_eq!(problem(slice(shifted, 1, "x")), "`x`: is not aligned to 4 bytes");
        assert_eq!(problem(slice::<u32>(ptr::null(), 2, "x")), "`x`: is NULL, but its length is 2");
        assert!(problem(slice(words.as_ptr(), usize::MAX, "x")).contains("impossible"));
        assert!(
            problem(slice(words.as_ptr(), isize::MAX as usize / 4 + 1, "x")).contains("impossible")
        );
    }
}

#[test]
fn text_must_be_utf8_and_may_contain_nul() {
    // SAFETY: all strings are live.
    unsafe {
        assert_eq!(text(c"a\xc3\xa4".as_ptr(), 3, "x").unwrap(), "aä");
        assert_eq!(text(b"a\0b".as_ptr().cast(), 3, "x").unwrap(), "a\0b");
        assert_eq!(problem(text(c"ab\xff".as_ptr(), 3, "x")), "`x`: is not UTF-8 at byte 2");
    }
}

#[test]
fn outputs_are_cleared_first() {
    let mut garbage = 1_u8;
    let mut slot: *mut u8 = &raw mut garbage;
    // SAFETY: `slot` is writable and unaliased; NULL is allowed.
    unsafe {
        let out = Out::new(&raw mut slot, "out").unwrap();
        assert!(out.0.is_null());
        out.set(7);
        assert_eq!(*Box::from_raw(slot), 7);
        assert_eq!(problem(Out::<u8>::new(ptr::null_mut(), "out").map(|_| ())), "`out`: is NULL");

        let mut number = 9_u64;
        assert_eq!(*out_value(&raw mut number, "set").unwrap(), 0);
        assert_eq!(problem(out_value::<u64>(ptr::null_mut(), "set")), "`set`: is NULL");
    }
}

const DEFAULTS: Large = Large { struct_size: 0, a: 10, b: 20 };

#[test]
fn options_of_older_equal_and_newer_callers() {
    let size = size_of::<Large>();
    let older = Small { struct_size: size_of::<Small>(), a: 1 };
    let equal = Large { struct_size: size, a: 1, b: 2 };
    let newer = [size as u64 + 8, 1, 2, 0];
    let unknown = [size as u64 + 8, 1, 2, 3];
    // SAFETY: each pointer spans as many bytes as its first word says, or is refused.
    unsafe {
        assert_eq!(options(ptr::null(), DEFAULTS, "o").unwrap(), DEFAULTS);
        let read = options((&raw const older).cast(), DEFAULTS, "o").unwrap();
        assert_eq!((read.a, read.b), (1, 20));
        assert_eq!(options(&raw const equal, DEFAULTS, "o").unwrap(), equal);
        let read = options(newer.as_ptr().cast(), DEFAULTS, "o").unwrap();
        assert_eq!((read.a, read.b), (1, 2));
        assert!(problem(options(unknown.as_ptr().cast(), DEFAULTS, "o")).contains("too old"));
        for bad in [0, 7, 4097, usize::MAX] {
            let garbage = Small { struct_size: bad, a: 0 };
            assert!(problem(options(&raw const garbage, garbage, "o")).contains("struct_size"));
        }
    }
}

#[test]
fn output_structs_of_older_equal_and_newer_callers() {
    let value = Large { struct_size: size_of::<Large>(), a: 1, b: 2 };
    for words in [1, 2, 3, 4] {
        let mut room = [words as u64 * 8, 0xA5, 0xA5, 0xA5, 0xA5];
        // SAFETY: the array spans as many bytes as its first word says.
        unsafe {
            let out = OutStruct::<Large>::new(room.as_mut_ptr().cast(), "info").unwrap();
            out.set(&value);
        }
        let mut expected = [words as u64 * 8, 1, 2, 0, 0xA5];
        expected[words..].fill(0xA5);
        assert_eq!(room, expected, "{words} words");
    }
    let mut bad = Small { struct_size: 3, a: 5 };
    // SAFETY: refused, or NULL.
    unsafe {
        assert!(problem(OutStruct::new(&raw mut bad, "info").map(|_| ())).contains("struct_size"));
        let none = OutStruct::<Small>::new(ptr::null_mut(), "info");
        assert_eq!(problem(none.map(|_| ())), "`info`: is NULL");
    }
    assert_eq!(bad.a, 5);
}
