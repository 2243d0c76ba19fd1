//! Types and values by chance. Shared with the fuzz targets in tests/fuzz.

use super::shapes::{case, enumeration, field, flags, list, option, result};
use crate::types::{Name, Type};
use crate::value::Value;

/// Where chance comes from.
pub enum Random<'a> {
    /// A small generator of numbers, the same on every machine (splitmix64).
    Seed(u64),
    /// What a fuzzer thinks of, and zeros after that: with them, types and values soon end.
    Bytes(&'a [u8]),
}

/// What texts are made of: of one byte in UTF-8, of one in Latin-1, of one and two in UTF-16.
const LETTERS: [char; 6] = ['a', '\0', 'ß', 'ÿ', '中', '🦀'];

impl Random<'_> {
    /// A number of as many bits, from 1 to 64.
    pub fn bits(&mut self, count: usize) -> u64 {
        let all = match self {
            Self::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut it = *state;
                it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                it ^ (it >> 31)
            }
            Self::Bytes(bytes) => {
                let (taken, rest) = bytes.split_at(bytes.len().min(count.div_ceil(8)));
                *bytes = rest;
                taken.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
            }
        };
        all & (u64::MAX >> (64 - count))
    }

    /// A number below `limit`, which is at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        self.bits(8) as usize % limit
    }

    /// Whether there is nothing left to choose.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Bytes([]))
    }

    pub fn ty(&mut self, depth: usize) -> Type {
        let optional = |this: &mut Self| (this.below(3) > 0).then(|| this.ty(depth - 1));
        match self.below(if depth == 0 { 13 } else { 21 }) {
            0 => Type::Bool,
            1 => Type::S8,
            2 => Type::U8,
            3 => Type::S16,
            4 => Type::U16,
            5 => Type::S32,
            6 => Type::U32,
            7 => Type::S64,
            8 => Type::U64,
            9 => Type::F32,
            10 => Type::F64,
            11 => Type::Char,
            12 => Type::String,
            13 | 14 => list(self.ty(depth - 1)),
            15 => {
                let count = self.below(4) + 1;
                let one = |i| field(&format!("f{i}"), self.ty(depth - 1));
                Type::Record((0..count).map(one).collect())
            }
            16 => Type::Tuple((0..=self.below(4)).map(|_| self.ty(depth - 1)).collect()),
            17 => {
                let count = self.below(30) + 1;
                // Some have numbers that take two bytes.
                let more = [0, 0, 0, 256][self.below(4)];
                let mut one =
                    |i| case(&format!("c{i}"), (i < count).then(|| optional(self)).flatten());
                Type::Variant((0..count + more).map(&mut one).collect())
            }
            18 => option(self.ty(depth - 1)),
            19 => result(optional(self), optional(self)),
            _ => match self.below(2) {
                0 => enumeration((self.below(40) + 1) * [1, 1, 1, 8][self.below(4)]),
                _ => flags(self.below(32) + 1),
            },
        }
    }

    pub fn value(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Bool => Value::Bool(self.bits(1) == 1),
            Type::S8 => Value::S8(self.bits(8) as i8),
            Type::U8 => Value::U8(self.bits(8) as u8),
            Type::S16 => Value::S16(self.bits(16) as i16),
            Type::U16 => Value::U16(self.bits(16) as u16),
            Type::S32 => Value::S32(self.bits(32) as i32),
            Type::U32 => Value::U32(self.bits(32) as u32),
            Type::S64 => Value::S64(self.bits(64) as i64),
            Type::U64 => Value::U64(self.bits(64)),
            Type::F32 => Value::Float32(f32::from_bits(self.bits(32) as u32)),
            Type::F64 => Value::Float64(f64::from_bits(self.bits(64))),
            Type::Char => Value::Char(char::from_u32(self.bits(21) as u32).unwrap_or('🦀')),
            Type::String => {
                // Many with the first letters only, so that all encodings have work.
                let letters = &LETTERS[..=self.below(LETTERS.len())];
                let count = self.below(9);
                Value::String((0..count).map(|_| letters[self.below(letters.len())]).collect())
            }
            Type::List(ty) => {
                // Some long enough for a plan of their elements.
                let most = [7, 7, 7, 24][self.below(4)];
                let count = self.below(most);
                Value::List((0..count).map(|_| self.value(ty)).collect())
            }
            Type::Record(fields) => Value::Record(
                fields.iter().map(|it| (it.name.to_string(), self.value(&it.ty))).collect(),
            ),
            Type::Tuple(types) => Value::Tuple(types.iter().map(|ty| self.value(ty)).collect()),
            Type::Variant(cases) => {
                let case = &cases[self.bits(16) as usize % cases.len()];
                let payload = case.ty.as_ref().map(|ty| Box::new(self.value(ty)));
                Value::Variant(case.name.to_string(), payload)
            }
            Type::Enum(names) => {
                Value::Enum(names[self.bits(16) as usize % names.len()].to_string())
            }
            Type::Option(ty) => {
                Value::Option((self.below(3) > 0).then(|| Box::new(self.value(ty))))
            }
            Type::Result(ty) => {
                let is_ok = self.below(2) == 0;
                let ty = if is_ok { &ty.ok } else { &ty.err };
                let payload = ty.as_ref().map(|ty| Box::new(self.value(ty)));
                Value::Result(if is_ok { Ok(payload) } else { Err(payload) })
            }
            Type::Flags(names) => Value::Flags(
                names.iter().filter(|_| self.below(2) == 0).map(Name::to_string).collect(),
            ),
            _ => unreachable!("not generated"),
        }
    }
}
