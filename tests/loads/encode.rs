//! The binary format of WebAssembly, as far as bombs need it.

/// Value types, and the type of a block without values.
pub const I32: u8 = 0x7f;
pub const I64: u8 = 0x7e;
pub const V128: u8 = 0x7b;
pub const FUNCREF: u8 = 0x70;
pub const EMPTY: u8 = 0x40;

/// An unsigned LEB128.
pub fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A signed LEB128.
pub fn sleb(mut number: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 && byte & 0x40 == 0 || number == -1 && byte & 0x40 != 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// `bytes` after their length.
pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [&leb(bytes.len())[..], bytes].concat()
}

/// `items` after their number.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [leb(items.len()), items.concat()].concat()
}

/// A section with `content`.
pub fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &sized(content)].concat()
}

/// A component of these sections.
pub fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".to_vec(), sections.concat()].concat()
}

/// A component of core modules that nobody instantiates.
pub fn modules(modules: &[Vec<u8>]) -> Vec<u8> {
    component(&modules.iter().map(|module| section(1, module)).collect::<Vec<_>>())
}

/// A component of one core module.
pub fn wrap(module: &Module) -> Vec<u8> {
    modules(&[module.encode()])
}

/// A core module, section by section.
#[derive(Clone, Default)]
pub struct Module {
    pub types: Vec<Vec<u8>>,
    pub imports: Vec<Vec<u8>>,
    pub functions: Vec<usize>,
    pub tables: Vec<Vec<u8>>,
    pub memories: Vec<Vec<u8>>,
    pub globals: Vec<Vec<u8>>,
    pub exports: Vec<Vec<u8>>,
    pub elements: Vec<Vec<u8>>,
    pub bodies: Vec<Vec<u8>>,
    pub data: Vec<Vec<u8>>,
    pub custom: Vec<Vec<u8>>,
}

impl Module {
    /// Adds a function type, and answers its number.
    pub fn ty(&mut self, params: &[u8], results: &[u8]) -> usize {
        self.types.push([&[0x60][..], &sized(params), &sized(results)].concat());
        self.types.len() - 1
    }

    /// Adds a function of type `ty` with `locals` of one type, and answers its number.
    pub fn function(&mut self, ty: usize, locals: (usize, u8), code: &[u8]) -> usize {
        let locals = match locals.0 {
            0 => leb(0),
            n => [leb(1), leb(n), vec![locals.1]].concat(),
        };
        self.functions.push(ty);
        self.bodies.push(sized(&[&locals, code, &[0x0b]].concat()));
        self.functions.len() - 1
    }

    /// Adds a function without parameters and results.
    pub fn run(&mut self, locals: (usize, u8), code: &[u8]) -> usize {
        let ty = self.ty(&[], &[]);
        self.function(ty, locals, code)
    }

    /// The binary.
    pub fn encode(&self) -> Vec<u8> {
        let functions: Vec<_> = self.functions.iter().map(|ty| leb(*ty)).collect();
        let known: [(u8, &[Vec<u8>]); 9] = [
            (1, &self.types),
            (2, &self.imports),
            (3, &functions),
            (4, &self.tables),
            (5, &self.memories),
            (6, &self.globals),
            (7, &self.exports),
            (9, &self.elements),
            (10, &self.bodies),
        ];
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (id, items) in known {
            if !items.is_empty() {
                bytes.extend(section(id, &list(items)));
            }
        }
        if !self.data.is_empty() {
            bytes.extend(section(11, &list(&self.data)));
        }
        for custom in &self.custom {
            bytes.extend(section(0, custom));
        }
        bytes
    }
}

/// `n` times `code`.
pub fn times(n: usize, code: &[u8]) -> Vec<u8> {
    code.repeat(n)
}
