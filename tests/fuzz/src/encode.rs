//! Values in a guest's memory and on its stack, straight from the text of the canonical ABI: what
//! guests give that would be honest but for a few places.

use crate::echo::flat;
use crate::types::Type;
use crate::value::Value;

/// A guest's memory, filled from the beginning.
pub struct Memory {
    pub bytes: Vec<u8>,
    pub encoding: &'static str,
}

impl Memory {
    /// Where there is room for `size` more bytes.
    pub fn room(&mut self, size: usize, align: usize) -> usize {
        let at = self.bytes.len().next_multiple_of(align);
        self.bytes.resize(at + size, 0);
        at
    }

    /// Puts `value` into new memory: where.
    pub fn put(&mut self, value: &Value, ty: &Type) -> usize {
        let (size, align) = size(ty);
        let at = self.room(size, align);
        self.store(value, ty, at);
        at
    }

    /// The bits of `value` on the stack, one for each of [`flat`].
    pub fn stack(&mut self, value: &Value, ty: &Type) -> Vec<u64> {
        match (value, ty) {
            (Value::String(_) | Value::List(_), _) => {
                let (at, len) = self.row(value, ty);
                vec![at, len]
            }
            (Value::Record(fields), _) => {
                let each = fields.iter().enumerate();
                each.flat_map(|(i, (_, it))| self.stack(it, child(ty, i))).collect()
            }
            (Value::Tuple(values), _) => {
                let each = values.iter().enumerate();
                each.flat_map(|(i, it)| self.stack(it, child(ty, i))).collect()
            }
            (Value::Variant(..) | Value::Option(_) | Value::Result(_), _) => {
                let (index, payload) = case(value, ty);
                let mut all = vec![index];
                all.extend(payload.map_or(Vec::new(), |(it, ty)| self.stack(it, ty)));
                all.resize(flat(ty).len(), 0);
                all
            }
            _ => vec![number(value, ty)],
        }
    }

    fn store(&mut self, value: &Value, ty: &Type, at: usize) {
        match value {
            Value::String(_) | Value::List(_) => {
                let (ptr, len) = self.row(value, ty);
                self.write(at, ptr | len << 32, 8);
            }
            Value::Record(fields) => self.members(fields.iter().map(|it| &it.1), ty, at),
            Value::Tuple(values) => self.members(values.iter(), ty, at),
            Value::Variant(..) | Value::Option(_) | Value::Result(_) => {
                let (index, payload) = case(value, ty);
                self.write(at, index, discriminant(ty));
                if let Some((it, of)) = payload {
                    self.store(it, of, at + payload_at(ty));
                }
            }
            _ => self.write(at, number(value, ty), size(ty).0),
        }
    }

    fn members<'v>(&mut self, values: impl Iterator<Item = &'v Value>, ty: &Type, mut at: usize) {
        for (i, value) in values.enumerate() {
            let (size, align) = size(child(ty, i));
            at = at.next_multiple_of(align);
            self.store(value, child(ty, i), at);
            at += size;
        }
    }

    /// Text or a list in new memory: where, and its length.
    fn row(&mut self, value: &Value, ty: &Type) -> (u64, u64) {
        match value {
            Value::List(values) => {
                let (size, align) = size(child(ty, 0));
                let at = self.room(size * values.len(), align);
                for (i, value) in values.iter().enumerate() {
                    self.store(value, child(ty, 0), at + size * i);
                }
                (at as u64, values.len() as u64)
            }
            Value::String(text) => {
                let (bytes, len) = self.text(text);
                let at = self.room(bytes.len(), 2);
                self.bytes[at..][..bytes.len()].copy_from_slice(&bytes);
                (at as u64, len)
            }
            _ => unreachable!("text or a list"),
        }
    }

    fn text(&self, text: &str) -> (Vec<u8>, u64) {
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let wide = || utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let latin1 = || text.chars().map(|it| u8::try_from(it).ok()).collect::<Option<Vec<u8>>>();
        match self.encoding {
            "utf8" => (text.as_bytes().to_vec(), text.len() as u64),
            "utf16" => (wide(), utf16.len() as u64),
            _ => match latin1() {
                Some(bytes) => (bytes.clone(), bytes.len() as u64),
                None => (wide(), 1 << 31 | utf16.len() as u64),
            },
        }
    }

    fn write(&mut self, at: usize, bits: u64, size: usize) {
        self.bytes[at..][..size].copy_from_slice(&bits.to_le_bytes()[..size]);
    }
}

fn child(ty: &Type, i: usize) -> &Type {
    ty.child(i).expect("values have as many members as their types")
}

/// Size and alignment in memory.
fn size(ty: &Type) -> (usize, usize) {
    match ty {
        Type::Bool | Type::S8 | Type::U8 => (1, 1),
        Type::S16 | Type::U16 => (2, 2),
        Type::S32 | Type::U32 | Type::F32 | Type::Char => (4, 4),
        Type::S64 | Type::U64 | Type::F64 => (8, 8),
        Type::String | Type::List(_) => (8, 4),
        Type::Flags(names) => match names.len() {
            0..=8 => (1, 1),
            9..=16 => (2, 2),
            _ => (4, 4),
        },
        Type::Record(_) | Type::Tuple(_) => {
            let (mut at, mut most) = (0_usize, 1);
            for (size, align) in (0..ty.len()).map(|i| size(child(ty, i))) {
                at = at.next_multiple_of(align) + size;
                most = most.max(align);
            }
            (at.next_multiple_of(most), most)
        }
        _ => {
            let align = payload_align(ty).max(discriminant(ty));
            let most = payloads(ty).map(|ty| size(ty).0).max().unwrap_or(0);
            ((payload_at(ty) + most).next_multiple_of(align), align)
        }
    }
}

/// Bytes that say which case it is.
fn discriminant(ty: &Type) -> usize {
    match ty.len() {
        0..=256 => 1,
        257..=65536 => 2,
        _ => 4,
    }
}

fn payloads(ty: &Type) -> impl Iterator<Item = &Type> {
    (0..ty.len()).filter_map(|i| ty.child(i))
}

fn payload_align(ty: &Type) -> usize {
    payloads(ty).map(|ty| size(ty).1).max().unwrap_or(1)
}

fn payload_at(ty: &Type) -> usize {
    discriminant(ty).next_multiple_of(payload_align(ty))
}

/// The number of a case, and what it carries.
fn case<'v>(value: &'v Value, ty: &'v Type) -> (u64, Option<(&'v Value, &'v Type)>) {
    let (index, child, payload) = match value {
        Value::Option(None) => (0, 0, None),
        Value::Option(Some(it)) => (1, 0, Some(it)),
        Value::Result(Ok(it)) => (0, 0, it.as_ref()),
        Value::Result(Err(it)) => (1, 1, it.as_ref()),
        Value::Variant(name, it) => (index(name, ty), index(name, ty), it.as_ref()),
        _ => unreachable!("has cases"),
    };
    (index as u64, payload.and_then(|it| Some((&**it, ty.child(child)?))))
}

fn index(name: &str, ty: &Type) -> usize {
    let named = |i: &usize| ty.child_name(*i).is_some_and(|it| it.as_str() == name);
    (0..ty.len()).find(named).expect("a name of the type")
}

/// The bits of what is one number.
fn number(value: &Value, ty: &Type) -> u64 {
    match value {
        Value::Bool(it) => (*it).into(),
        Value::S8(it) => (i32::from(*it) as u32).into(),
        Value::U8(it) => (*it).into(),
        Value::S16(it) => (i32::from(*it) as u32).into(),
        Value::U16(it) => (*it).into(),
        Value::S32(it) => (*it as u32).into(),
        Value::U32(it) => (*it).into(),
        Value::S64(it) => *it as u64,
        Value::U64(it) => *it,
        Value::Float32(it) => it.to_bits().into(),
        Value::Float64(it) => it.to_bits(),
        Value::Char(it) => u32::from(*it).into(),
        Value::Enum(name) => index(name, ty) as u64,
        Value::Flags(set) => set.iter().map(|name| 1 << index(name, ty)).sum(),
        other => unreachable!("{other:?} is no number"),
    }
}
