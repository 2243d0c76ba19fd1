//! Guests whose memory, pointers and `realloc` are whatever a fuzzer likes.

use crate::ENCODINGS;
use crate::echo::{Types, flat};
use crate::random::Random;
use crate::types::Type;

/// What a guest does.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// `give: func() -> T` returns what it says.
    Give,
    /// `take: func(p: T) -> u32` returns a hash of what it got and of its memory.
    Take,
    /// `ask: func() -> u32` calls the import `echo` with what it says, and returns such a hash.
    Ask,
}

impl Does {
    pub const ALL: [Self; 3] = [Self::Give, Self::Take, Self::Ask];

    /// What its function is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Give => "give",
            Self::Take => "take",
            Self::Ask => "ask",
        }
    }
}

/// Bytes of memory that such a guest has: one page.
const MEMORY: u64 = 1 << 16;
/// Where an honest `realloc` begins.
const HEAP: u64 = 1 << 15;

/// The text of a component that does this with values of type `ty`, as chance wants it. What is
/// left of that becomes the beginning of the guest's memory.
pub fn component(does: Does, ty: &Type, random: &mut Random<'_>) -> String {
    let mut types = Types::default();
    let name = types.name(ty);
    let encoding = ENCODINGS[random.below(ENCODINGS.len())];
    let flat = flat(ty);
    let params = if flat.len() > 16 { &["i32"][..] } else { &flat };
    let many = flat.len() > 1;
    let gives = if many { "i32" } else { flat[0] };
    let (realloc, param) = (realloc(random), params.join(" "));
    let options = format!("(memory $mem) (realloc $realloc) string-encoding={encoding}");
    let (mut import, mut lowered, mut with) = Default::default();
    let (signature, body) = match does {
        Does::Give => {
            (format!("(result {name})"), format!("(result {gives}) {}", constant(gives, random)))
        }
        Does::Take => {
            let add = |(i, ty)| format!("i32.const 31 i32.mul local.get {i} {} i32.add ", mix(ty));
            let all: String = params.iter().copied().enumerate().map(add).collect();
            let body = format!("(param {param}) (result i32) i32.const 0 {all} call $hash");
            (format!("(param \"p\" {name}) (result u32)"), body)
        }
        Does::Ask => {
            // A result that takes several places goes where the caller says.
            let ty = if many { " i32)".to_owned() } else { format!(") (result {gives})") };
            let args: String = params.iter().map(|ty| constant(ty, random)).collect();
            let area = if many { constant("i32", random) } else { String::new() };
            let result = if many { "i32.const 0" } else { mix(gives) };
            let body = format!("(result i32) {args} {area} call $echo {result} call $hash");
            import = format!(r#"(import "host" "echo" (func $echo (param {param}{ty}))"#);
            lowered = format!(
                r#"(import "echo" (func $echo (param "p" {name}) (result {name})))
    (core func $lowered (canon lower (func $echo) {options}))"#
            );
            with = r#"(with "host" (instance (export "echo" (func $lowered))))"#.to_owned();
            ("(result u32)".to_owned(), body)
        }
    };
    let memory = memory(random);
    format!(
        r#"(component
    {defs}
    (core module $memory-m
        (memory (export "memory") 1)
        (data (i32.const 0) "{memory}")
        {realloc}
        (func (export "hash") (param $hash i32) (result i32)
            (local $at i32)
            (loop $next
                (local.set $hash (i32.add
                    (i32.mul (local.get $hash) (i32.const 31)) (i32.load (local.get $at))))
                (local.set $at (i32.add (local.get $at) (i32.const 4)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const {MEMORY}))))
            local.get $hash))
    (core instance $memory (instantiate $memory-m))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    {lowered}
    (core module $guest-m
        (import "memory" "hash" (func $hash (param i32) (result i32)))
        {import}
        (func (export "run") {body}))
    (core instance $guest (instantiate $guest-m (with "memory" (instance $memory)) {with}))
    (func (export "{export}") {signature} (canon lift (core func $guest "run") {options}))
)"#,
        defs = types.definitions,
        export = does.name(),
    )
}

/// A `realloc` that lies in some of its first answers.
fn realloc(random: &mut Random<'_>) -> String {
    let mut lies = String::new();
    for i in 0..random.below(7) {
        if random.below(3) > 0 {
            let answer = constant("i32", random);
            lies += &format!("(if (i32.eq (local.get $n) (i32.const {i})) (then {answer} return))");
        }
    }
    format!(
        r#"(global $next (mut i32) (i32.const {HEAP}))
        (global $calls (mut i32) (i32.const 0))
        (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32)
            (local $n i32) (local $at i32)
            (local.set $n (global.get $calls))
            (global.set $calls (i32.add (local.get $n) (i32.const 1)))
            {lies}
            (local.set $at (i32.and
                (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get $size)))
            (memory.copy (local.get $at) (local.get 0) (local.get 1))
            local.get $at)"#
    )
}

/// A number on the stack. Many could be pointers or lengths.
fn constant(ty: &str, random: &mut Random<'_>) -> String {
    let number = match random.below(5) {
        0 => random.bits(8) * 4,
        1 => random.bits(16),
        2 => random.bits(64),
        3 => MEMORY - random.bits(8),
        _ => random.bits(2),
    };
    match ty {
        "i32" => format!("i32.const {} ", number as u32),
        "i64" => format!("i64.const {number} "),
        "f32" => format!("i32.const {} f32.reinterpret_i32 ", number as u32),
        _ => format!("i64.const {number} f64.reinterpret_i64 "),
    }
}

/// Makes an i32 of what is on the stack.
fn mix(ty: &str) -> &'static str {
    match ty {
        "i32" => "",
        "i64" => "i64.const 0x9e3779b97f4a7c15 i64.mul i64.const 32 i64.shr_u i32.wrap_i64",
        "f32" => "i32.reinterpret_f32",
        _ => {
            "i64.reinterpret_f64 i64.const 0x9e3779b97f4a7c15 i64.mul i64.const 32 i64.shr_u \
             i32.wrap_i64"
        }
    }
}

/// The rest of chance as memory. Some of it in small numbers only, so that what could be a pointer
/// or a length often is one.
fn memory(random: &mut Random<'_>) -> String {
    let mask = [u32::MAX, 0xffff, 0x3fc, 0x3f][random.below(4)].to_le_bytes();
    let rest = match random {
        Random::Bytes(bytes) => &bytes[..bytes.len().min(MEMORY as usize)],
        Random::Seed(_) => &[],
    };
    rest.iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| format!("\\{:02x}", byte & mask))
        .collect()
}
