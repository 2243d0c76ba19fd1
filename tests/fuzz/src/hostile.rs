//! Guests whose memory, pointers and `realloc` are whatever a fuzzer likes.

use crate::ENCODINGS;
use crate::echo::{Types, flat};
use crate::encode::Memory;
use crate::random::Random;
use crate::types::Type;
use crate::value::Value;

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

/// What a guest says.
struct Said {
    /// The arguments of the import.
    params: Vec<u64>,
    /// The result of the export.
    result: u64,
    /// Where it wants the import's result.
    area: u64,
    /// The beginning of its memory.
    memory: Vec<u8>,
    /// What that is, if it is a value.
    value: Option<Value>,
}

impl Said {
    /// Anything. What is left of chance becomes the memory; some of it in small numbers only, so
    /// that what could be a pointer or a length often is one.
    fn anything(params: usize, random: &mut Random<'_>) -> Self {
        let params = (0..params).map(|_| number(random)).collect();
        let (result, area) = (number(random), number(random));
        let mask = [u32::MAX, 0xffff, 0x3fc, 0x3f][random.below(4)].to_le_bytes();
        let rest = match random {
            Random::Bytes(bytes) => &bytes[..bytes.len().min(MEMORY as usize)],
            Random::Seed(_) => &[],
        };
        let memory = rest.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte & mask).collect();
        Self { params, result, area, memory, value: None }
    }

    /// A value of this type, with some of it changed.
    fn nearly(ty: &Type, encoding: &'static str, random: &mut Random<'_>) -> Self {
        let value = random.value(ty);
        let mut memory = Memory { bytes: vec![0; 16], encoding };
        let at = memory.put(&value, ty) as u64;
        let flat = memory.stack(&value, ty);
        let area = memory.room(0, 8) as u64;
        let result = if flat.len() > 1 { at } else { flat[0] };
        let params = if flat.len() > 16 { vec![at] } else { flat };
        let mut said = Self { params, result, area, memory: memory.bytes, value: Some(value) };
        for _ in 0..random.below(5) {
            said.value = None;
            said.change(random);
        }
        // There is no more memory than this.
        said.memory.truncate(MEMORY as usize);
        said
    }

    fn change(&mut self, random: &mut Random<'_>) {
        let place = random.bits(16) as usize;
        let word = match random.below(8) {
            0 => &mut self.result,
            1 => &mut self.area,
            2 => {
                let count = self.params.len();
                &mut self.params[place % count]
            }
            _ => {
                // Most lengths, pointers and cases are 4 bytes that begin at a multiple of 4.
                let at = place % self.memory.len() / 4 * 4;
                let Some(bytes) = self.memory.get_mut(at..at + 4) else { return };
                let mut word = u32::from_le_bytes(bytes.try_into().expect("4 bytes")).into();
                alter(&mut word, random);
                return bytes.copy_from_slice(&(word as u32).to_le_bytes());
            }
        };
        alter(word, random);
    }
}

/// Another number in place of this one, which often is not far from it.
fn alter(word: &mut u64, random: &mut Random<'_>) {
    *word = match random.below(8) {
        0 => word.wrapping_add(1),
        1 => word.wrapping_sub(1),
        2 => *word ^ 1 << random.below(32),
        3 => *word ^ random.bits(8) << (8 * random.below(4)),
        4 => *word | 1 << 31,
        5 => word.wrapping_add(random.bits(8)),
        _ => number(random),
    };
}

/// The text of a component that does this with values of type `ty`, as chance wants it, and the
/// value that it gives, if it is honest about that.
pub fn component(does: Does, ty: &Type, random: &mut Random<'_>) -> (String, Option<Value>) {
    let mut types = Types::default();
    let name = types.name(ty);
    let encoding = ENCODINGS[random.below(ENCODINGS.len())];
    let flat = flat(ty);
    let params = if flat.len() > 16 { &["i32"][..] } else { &flat };
    let many = flat.len() > 1;
    let gives = if many { "i32" } else { flat[0] };
    let (realloc, param) = (realloc(random), params.join(" "));
    let said = match random.below(4) {
        0 => Said::anything(params.len(), random),
        _ => Said::nearly(ty, encoding, random),
    };
    let options = format!("(memory $mem) (realloc $realloc) string-encoding={encoding}");
    let (mut import, mut lowered, mut with) = Default::default();
    let (signature, body) = match does {
        Does::Give => (
            format!("(result {name})"),
            format!("(result {gives}) {}", constant(gives, said.result)),
        ),
        Does::Take => {
            let add = |(i, ty)| format!("i32.const 31 i32.mul local.get {i} {} i32.add ", mix(ty));
            let all: String = params.iter().copied().enumerate().map(add).collect();
            let body = format!("(param {param}) (result i32) i32.const 0 {all} call $hash");
            (format!("(param \"p\" {name}) (result u32)"), body)
        }
        Does::Ask => {
            // A result that takes several places goes where the caller says.
            let ty = if many { " i32)".to_owned() } else { format!(") (result {gives})") };
            let args = params.iter().zip(&said.params).map(|(ty, it)| constant(ty, *it));
            let args: String = args.collect();
            let area = if many { constant("i32", said.area) } else { String::new() };
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
    let memory: String = said.memory.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
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
    );
    (text, said.value)
}

/// A `realloc` that lies in some of its first answers.
fn realloc(random: &mut Random<'_>) -> String {
    let mut lies = String::new();
    for i in 0..random.below(7) {
        if random.below(3) > 0 {
            let answer = constant("i32", number(random));
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

/// Any number. Many could be pointers or lengths.
fn number(random: &mut Random<'_>) -> u64 {
    match random.below(5) {
        0 => random.bits(8) * 4,
        1 => random.bits(16),
        2 => random.bits(64),
        3 => MEMORY - random.bits(8),
        _ => random.bits(2),
    }
}

/// A number on the stack.
fn constant(ty: &str, number: u64) -> String {
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
