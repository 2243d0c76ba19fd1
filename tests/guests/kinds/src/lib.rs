//! Answers what it is given, for every kind of value; and a few functions of the world itself.

use std::cell::Cell;

use exports::wasmcell::test::counters::{self, CounterBorrow};
use exports::wasmcell::test::kinds::{self, Colour, Many, Odd, Point, Rights, Shape, Size};

wit_bindgen::generate!({ path: "../wit", world: "all-kinds" });

/// Implements every interface of the world.
struct Kinds;

/// One function a line, each answering its argument.
macro_rules! echo {
    ($($name:ident: $kind:ty;)*) => {
        $(fn $name(x: $kind) -> $kind { x })*
    };
}

type Fifteen = (
    u8,
    u16,
    u32,
    u64,
    f32,
    f64,
    String,
    bool,
    char,
    i8,
    i16,
    i32,
    i64,
    Vec<u8>,
    Option<u8>,
);

impl kinds::Guest for Kinds {
    echo! {
        echo_bool: bool;
        echo_s8: i8;
        echo_u8: u8;
        echo_s16: i16;
        echo_u16: u16;
        echo_s32: i32;
        echo_u32: u32;
        echo_s64: i64;
        echo_u64: u64;
        echo_f32: f32;
        echo_f64: f64;
        echo_char: char;
        echo_string: String;
        echo_bytes: Vec<u8>;
        echo_bools: Vec<bool>;
        echo_chars: Vec<char>;
        echo_s64s: Vec<i64>;
        echo_f64s: Vec<f64>;
        echo_strings: Vec<String>;
        echo_nested: Vec<Vec<u16>>;
        echo_points: Vec<Point>;
        echo_point: Point;
        echo_shape: Shape;
        echo_odd: Odd;
        echo_tuple: (u8, String, f32);
        echo_colour: Colour;
        echo_size: Size;
        echo_rights: Rights;
        echo_many: Many;
        echo_option: Option<String>;
        echo_option_option: Option<Option<u32>>;
        echo_result: Result<u64, String>;
        echo_result_ok_only: Result<String, ()>;
        echo_result_error_only: Result<(), u8>;
        echo_result_bare: Result<(), ()>;
    }

    fn describe(shape: Shape) -> String {
        let colour = match shape.colour {
            Some(Colour::Red) => "red",
            Some(Colour::Green) => "green",
            Some(Colour::Blue) => "blue",
            None => "colourless",
        };
        format!("{}: {colour}, {} corners", shape.name, shape.corners.len())
    }

    fn nothing() {}

    fn echo_fifteen(
        a: u8,
        b: u16,
        c: u32,
        d: u64,
        e: f32,
        f: f64,
        g: String,
        h: bool,
        i: char,
        j: i8,
        k: i16,
        l: i32,
        m: i64,
        n: Vec<u8>,
        o: Option<u8>,
    ) -> Fifteen {
        (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
    }
}

struct Counter(Cell<u32>);

impl counters::Guest for Kinds {
    type Counter = Counter;
}

impl counters::GuestCounter for Counter {
    fn new(start: u32) -> Self {
        Self(Cell::new(start))
    }

    fn increment(&self) -> u32 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }

    fn compare(a: CounterBorrow<'_>, b: CounterBorrow<'_>) -> i32 {
        let (a, b) = (a.get::<Counter>().0.get(), b.get::<Counter>().0.get());
        a.cmp(&b) as i32
    }
}

impl Guest for Kinds {
    fn add(a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    fn divide(a: i64, b: i64) -> Result<i64, String> {
        a.checked_div(b)
            .ok_or_else(|| format!("{a} / {b} has no answer"))
    }

    fn longest(words: Vec<String>) -> Option<String> {
        words.into_iter().rev().max_by_key(String::len)
    }

    fn fail(message: String) {
        panic!("{message}");
    }
}

export!(Kinds);
