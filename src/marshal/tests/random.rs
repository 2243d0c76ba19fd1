//! Types and values by chance.

use super::*;

/// A small generator of numbers, the same on every machine (splitmix64).
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((it ^ (it >> 31)) % limit as u64).unwrap()
    }

    pub(super) fn ty(&mut self, depth: usize) -> Type {
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
                Type::Variant((0..count).map(|i| case(&format!("c{i}"), optional(self))).collect())
            }
            18 => option(self.ty(depth - 1)),
            19 => result(optional(self), optional(self)),
            _ => match self.below(2) {
                0 => enumeration(self.below(40) + 1),
                _ => flags(self.below(32) + 1),
            },
        }
    }

    pub(super) fn value(&mut self, ty: &Type) -> Value {
        let number = self.below(1 << 62);
        match ty {
            Type::Bool => Value::Bool(number.is_multiple_of(2)),
            Type::S8 => Value::S8(number as i8),
            Type::U8 => Value::U8(number as u8),
            Type::S16 => Value::S16(number as i16),
            Type::U16 => Value::U16(number as u16),
            Type::S32 => Value::S32(number as i32),
            Type::U32 => Value::U32(number as u32),
            Type::S64 => Value::S64(number as i64),
            Type::U64 => Value::U64(number as u64),
            Type::F32 => Value::Float32(number as f32),
            Type::F64 => Value::Float64(number as f64),
            Type::Char => Value::Char(char::from_u32(number as u32 % 0xd800).unwrap()),
            Type::String => text(&"aß🦀\0"[..[0, 1, 3, 7, 8][number % 5]].repeat(number % 9)),
            Type::List(ty) => Value::List((0..number % 5).map(|_| self.value(ty)).collect()),
            Type::Record(fields) => Value::Record(
                fields.iter().map(|it| (it.name.to_string(), self.value(&it.ty))).collect(),
            ),
            Type::Tuple(types) => Value::Tuple(types.iter().map(|ty| self.value(ty)).collect()),
            Type::Variant(cases) => {
                let case = &cases[number % cases.len()];
                let payload = case.ty.as_ref().map(|ty| Box::new(self.value(ty)));
                Value::Variant(case.name.to_string(), payload)
            }
            Type::Enum(names) => Value::Enum(names[number % names.len()].to_string()),
            Type::Option(ty) => {
                Value::Option((!number.is_multiple_of(3)).then(|| Box::new(self.value(ty))))
            }
            Type::Result(ty) => {
                let (is_ok, ty) =
                    if number.is_multiple_of(2) { (true, &ty.ok) } else { (false, &ty.err) };
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
