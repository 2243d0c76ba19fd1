//! What lists are checked by first vouches for what the general check accepts, for nothing else.

use super::random::Random;
use super::*;
use crate::marshal::check_args;
use crate::marshal::fits::fits;

/// Types, and values of each.
const TYPES: usize = 2_000;
const VALUES: usize = 40;

/// A copy of a value in which something may be wrong, and what it points to.
struct Spoiler<'r> {
    random: &'r mut Random<'static>,
    /// How many values there are for each that is spoilt.
    rarity: usize,
    kept: Vec<Vec<runtime_value_t>>,
    bytes: Vec<Vec<u64>>,
}

impl Spoiler<'_> {
    fn copy(&mut self, value: &runtime_value_t) -> runtime_value_t {
        let mut copy = *value;
        // SAFETY: the value comes from `lift`, so that its kind says which field is set.
        unsafe {
            match Kind::from_number(value.kind).unwrap() {
                Kind::List if value.element == 0 => {
                    let list = value.of.list;
                    let row = std::slice::from_raw_parts(list.ptr.cast(), list.len);
                    copy.of.list.ptr = self.row(row).cast();
                }
                Kind::List => {
                    copy.of.list.ptr = self.words(value.of.list.len).cast();
                }
                Kind::Record | Kind::Tuple => {
                    let values = value.of.values;
                    let row = std::slice::from_raw_parts(values.ptr, values.len);
                    copy.of.values.ptr = self.row(row);
                }
                Kind::Variant | Kind::Option | Kind::Result if !value.of.payload.is_null() => {
                    copy.of.payload = self.row(std::slice::from_ref(&*value.of.payload));
                }
                _ => {}
            }
        }
        match self.random.below(self.rarity) {
            0 => self.spoil(copy),
            _ => copy,
        }
    }

    fn row(&mut self, values: &[runtime_value_t]) -> *const runtime_value_t {
        let mut row: Vec<_> = values.iter().map(|value| self.copy(value)).collect();
        // Something to point behind.
        row.push(u32_value(0));
        self.kept.push(row);
        self.kept.last().unwrap().as_ptr()
    }

    /// Numbers of any sort, with room for as many values.
    fn words(&mut self, len: usize) -> *const u64 {
        let sound = self.random.below(4) > 0;
        let word = |random: &mut Random<'_>| if sound { 0x01_0000_0001 } else { random.bits(64) };
        let row: Vec<u64> = (0..3 * (len + 1)).map(|_| word(self.random)).collect();
        self.bytes.push(row);
        self.bytes.last().unwrap().as_ptr()
    }

    fn spoil(&mut self, mut it: runtime_value_t) -> runtime_value_t {
        let is_scalar = Kind::from_number(it.kind).unwrap().is_flat();
        let few = self.random.below(3);
        let rows = [Kind::List, Kind::Record, Kind::Tuple].map(|kind| kind as u8);
        let has_more = rows.contains(&it.kind) && few == 0;
        match self.random.below(11) {
            0 => it.kind = self.random.bits(8) as u8,
            1 if is_scalar || few == 0 => it.element = self.random.bits(4) as u8,
            2 => it.reserved = self.random.bits(16) as u16,
            3 => it.index = it.index.wrapping_add(self.random.bits(2) as u32),
            4 => it.index = self.random.bits(32) as u32,
            5 if is_scalar => it.of.u64 = self.random.bits(64),
            // SAFETY: `row` and `words` have room for one more.
            6 if has_more => it.of.list.len = unsafe { it.of.list.len } + 1,
            // SAFETY: all fields of what is no number are initialised as a whole.
            6 if !is_scalar => it.of.list.len = unsafe { it.of.list.len }.min(few),
            7 if !is_scalar => it.of.list.len = usize::MAX - few,
            8 if !is_scalar => it.of.list.ptr = std::ptr::null(),
            // SAFETY: all fields of what is no number begin with a pointer.
            9 if !is_scalar => unsafe { it.of.list.ptr = it.of.list.ptr.wrapping_byte_add(1) },
            10 if !is_scalar => return self.text(it),
            _ => {}
        }
        it
    }

    /// Other bytes, if it is text, or other words, if it is flags.
    fn text(&mut self, mut it: runtime_value_t) -> runtime_value_t {
        if it.kind == Kind::String as u8 || it.kind == Kind::Flags as u8 {
            let len = self.random.below(3);
            let words = (0..=len).map(|_| self.random.bits(64)).collect();
            self.bytes.push(words);
            it.of.list = runtime_list_t { ptr: self.bytes.last().unwrap().as_ptr().cast(), len };
        }
        it
    }
}

/// Whether two ways to check find the same.
fn compare(value: runtime_value_t, ty: &Type) -> bool {
    let (args, function) = ([value], function(ty.clone()));
    // SAFETY: a spoiler keeps what values point to, and whatever their lengths say.
    let quick = unsafe { fits(&value, ty) };
    // SAFETY: as above.
    let checked = unsafe { check_args(&args, &function, &mut NoHandles) }.err();
    let general = lower(value, ty).err();
    let told = |error: &Error| (error.code(), error.message().to_owned());
    let (checked, general) = (checked.as_ref().map(told), general.as_ref().map(told));
    assert_eq!(checked, general, "{ty}");
    assert_eq!(quick, general.is_none(), "{ty}: {general:?}");
    quick
}

#[test]
fn the_quick_check_agrees_with_the_general_one() {
    let (mut right, mut wrong) = (0, 0);
    for i in 0..TYPES {
        let mut random = Random::Seed(i as u64);
        let ty = random.ty(1 + i % 4);
        let all = list(ty.clone());
        for j in 0..VALUES {
            let rarity = [256, 20, 4][j % 3];
            let value = lift(random.value(&ty), &ty);
            let mut spoiler =
                Spoiler { random: &mut random, rarity, kept: Vec::new(), bytes: Vec::new() };
            let one = spoiler.copy(&value.values()[0]);
            let another = spoiler.copy(&value.values()[0]);
            for (value, ty) in [(one, &ty), (list_of(&[one, another, one]), &all)] {
                match compare(value, ty) {
                    true => right += 1,
                    false => wrong += 1,
                }
            }
        }
    }
    assert!(right > TYPES * VALUES / 4 && wrong > TYPES * VALUES / 8, "{right} and {wrong}");
}

#[test]
fn the_quick_check_vouches_for_no_resource() {
    let handle = value(Kind::Own, runtime_value_of_t { resource: 1 });
    let own = Type::Own(thing());
    // SAFETY: what values point to lives here.
    unsafe {
        assert!(!fits(&handle, &own));
        assert!(!fits(&members(Kind::Tuple, &[handle]), &Type::Tuple([own.clone()].into())));
        assert!(!fits(&list_of(&[handle]), &list(own.clone())));
        assert!(fits(&list_of(&[]), &list(own)));
    }
}
