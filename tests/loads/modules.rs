//! Modules with much of everything but code.

use super::encode::*;

const END: u8 = 0x0b;

/// `n` different function types of `params` parameters; the `imported` first of them are those of
/// imported functions.
pub fn types(params: usize, n: usize, imported: usize) -> Vec<u8> {
    let mut module = Module::default();
    for number in 0..n {
        // Binary digits, as two types.
        let kinds = (0..params).map(|bit| if number >> (bit % 24) & 1 == 1 { I64 } else { I32 });
        module.ty(&kinds.collect::<Vec<_>>(), &[]);
    }
    for number in 0..imported {
        let name = sized(number.to_string().as_bytes());
        module.imports.push([sized(b""), name, vec![0], leb(number)].concat());
    }
    wrap(&module)
}

/// `n` imported functions of one type.
pub fn imports(n: usize, name: usize) -> Vec<u8> {
    let mut module = Module::default();
    module.ty(&[], &[]);
    for number in 0..n {
        let name = sized(format!("{number:0name$}").as_bytes());
        module.imports.push([sized(b"m"), name, vec![0, 0]].concat());
    }
    wrap(&module)
}

/// One function, exported under `n` names of `name` bytes.
pub fn exports(n: usize, name: usize) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    for number in 0..n {
        let name = sized(format!("{number:0name$}").as_bytes());
        module.exports.push([name, vec![0, 0]].concat());
    }
    wrap(&module)
}

/// `n` functions, all of which escape.
pub fn escaping(n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&[], &[]);
    for _ in 0..n {
        module.function(ty, (0, I32), &[]);
    }
    let all: Vec<u8> = (0..n).flat_map(leb).collect();
    module.elements.push([vec![1, 0], leb(n), all].concat());
    wrap(&module)
}

/// `n` globals of type `ty`, each with the initial value `init`.
pub fn globals(n: usize, ty: u8, init: &[u8]) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    module.globals = vec![[&[ty, 0], init, &[END]].concat(); n];
    wrap(&module)
}

/// `modules` modules of `n` tables, each of them filled at element `at`.
pub fn tables(modules: usize, n: usize, at: usize) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    for table in 0..n {
        module.tables.push([vec![FUNCREF, 0], leb(at + 1)].concat());
        let start = [vec![2], leb(table), vec![0x41], sleb(at as i64), vec![END, 0, 1, 0]];
        module.elements.push(start.concat());
    }
    self::modules(&vec![module.encode(); modules])
}

/// `n` segments of `elements` elements, given as numbers of functions or as expressions.
pub fn elements(n: usize, elements: usize, expressions: bool, passive: bool) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    module.tables.push([vec![FUNCREF, 0], leb(elements)].concat());
    let place: &[u8] = if passive { &[] } else { &[0x41, 0, END] };
    let segment = match (expressions, passive) {
        (false, false) => [&[0], place, &leb(elements), &vec![0; elements]].concat(),
        (false, true) => [&[1, 0][..], &leb(elements), &vec![0; elements]].concat(),
        (true, false) => [&[4], place, &leb(elements), &[0xd2, 0, END].repeat(elements)].concat(),
        (true, true) => {
            [&[5, FUNCREF][..], &leb(elements), &[0xd2, 0, END].repeat(elements)].concat()
        }
    };
    module.elements = vec![segment; n];
    wrap(&module)
}

/// `modules` modules of `n` memories, whose images have holes of `hole` bytes.
pub fn images(modules: usize, n: usize, hole: usize) -> Vec<u8> {
    let mut module = Module::default();
    for memory in 0..n {
        module.memories.push([vec![0], leb(hole / 65536 + 1)].concat());
        for at in [0, hole] {
            let start = [vec![2], leb(memory), vec![0x41], sleb(at as i64), vec![END, 1, b'x']];
            module.data.push(start.concat());
        }
    }
    self::modules(&vec![module.encode(); modules])
}

/// `n` data segments of one byte.
pub fn segments(n: usize, passive: bool) -> Vec<u8> {
    let mut module = Module::default();
    module.memories.push(vec![0, 1]);
    let place: &[u8] = if passive { &[1] } else { &[0, 0x41, 0, END] };
    module.data = vec![[place, &[1, b'x']].concat(); n];
    wrap(&module)
}

/// Names for `n` functions that are not there, of `name` bytes each.
pub fn names(n: usize, name: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&[], &[]);
    module.function(ty, (0, I32), &[]);
    let entries: Vec<_> =
        (0..n).map(|number| [leb(number), sized(&vec![b'x'; name])].concat()).collect();
    module.custom.push([sized(b"name"), section(1, &list(&entries))].concat());
    wrap(&module)
}

/// A custom section of `size` bytes.
pub fn custom(name: &str, size: usize) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    module.custom.push([sized(name.as_bytes()), vec![0; size]].concat());
    wrap(&module)
}

/// `n` modules with a function each.
pub fn many(n: usize) -> Vec<u8> {
    let mut module = Module::default();
    module.run((0, I32), &[]);
    module.custom.clear();
    modules(&vec![module.encode(); n])
}
