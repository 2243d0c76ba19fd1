//! Functions that are slow to compile for what they are.

use super::encode::*;

const END: u8 = 0x0b;
const DROP: u8 = 0x1a;
const BR_IF: u8 = 0x0d;
const GET: u8 = 0x20;
const SET: u8 = 0x21;

/// `n` branches that carry `arity` values each, of two kinds in turn.
pub fn branch_values(arity: usize, n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let many = module.ty(&[], &vec![I32; arity]);
    let one = module.ty(&[], &[I32]);
    let produce = module.function(one, (0, I32), &[0x41, 0]);
    let mut code = Vec::new();
    for local in 0..2 * arity {
        code.extend([vec![0x10], leb(produce), vec![SET], leb(local)].concat());
    }
    code.extend([vec![0x02], leb(many)].concat());
    for half in 0..2 {
        for local in half * arity..(half + 1) * arity {
            code.extend([vec![GET], leb(local)].concat());
        }
        code.extend(times(n / 2, &[GET, 0, BR_IF, 0]));
        if half == 0 {
            code.extend(times(arity, &[DROP]));
        }
    }
    code.push(END);
    code.extend(times(arity, &[DROP]));
    module.run((2 * arity, I32), &code);
    wrap(&module)
}

/// `n` calls of a function that takes and gives `arity` values.
pub fn call_values(arity: usize, n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&vec![I64; arity], &vec![I64; arity]);
    let code: Vec<u8> = (0..arity).flat_map(|local| [vec![GET], leb(local)].concat()).collect();
    let pass = module.function(ty, (0, I32), &code);
    let code = [code, times(n, &[vec![0x10], leb(pass)].concat())].concat();
    module.function(ty, (0, I32), &code);
    wrap(&module)
}

/// `n` blocks of the kind `opcode` that take and give `arity` values.
pub fn block_values(opcode: u8, arity: usize, n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&vec![I32; arity], &vec![I32; arity]);
    let code: Vec<u8> = (0..arity).flat_map(|local| [vec![GET], leb(local)].concat()).collect();
    let condition: &[u8] = if opcode == 0x04 { &[GET, 0] } else { &[] };
    let block = [condition, &[opcode], &leb(ty), &[END]].concat();
    module.function(ty, (0, I32), &[code, times(n, &block)].concat());
    wrap(&module)
}

/// `n` functions, the smallest there are, each with `locals`.
pub fn functions(locals: usize, n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&[], &[]);
    for _ in 0..n {
        module.function(ty, (locals, I64), &[]);
    }
    wrap(&module)
}

/// `functions` functions of `n` times `code`, which needs nothing and leaves nothing.
pub fn repeated(functions: usize, n: usize, code: &[u8]) -> Vec<u8> {
    wrap(&equipped(functions, n, code))
}

/// As [`repeated`], in a module with a memory, a table, a global, a passive segment of each kind
/// and a function type, each of number 0, and a local of each type.
pub fn equipped(functions: usize, n: usize, code: &[u8]) -> Module {
    let mut module = Module::default();
    let ty = module.ty(&[I32, I64, V128, FUNCREF], &[]);
    let plain = module.ty(&[], &[]);
    for _ in 0..functions {
        module.function(ty, (0, I32), &times(n, code));
    }
    module.function(plain, (0, I32), &[]);
    module.tables.push(vec![FUNCREF, 0, 1]);
    module.memories.push(vec![0, 1]);
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.elements.push(vec![1, 0, 1, 0]);
    module
}

/// `variables` locals that are set before and used after `blocks` branches.
pub fn live_variables(variables: usize, blocks: usize) -> Vec<u8> {
    let mut module = Module::default();
    let mut code = Vec::new();
    for local in 0..variables {
        code.extend([vec![0x23, 0, SET], leb(local)].concat());
    }
    code.extend([0x02, EMPTY]);
    code.extend(times(blocks, &[0x23, 0, BR_IF, 0]));
    code.push(END);
    for local in 0..variables {
        code.extend([vec![GET], leb(local), vec![0x24, 0]].concat());
    }
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((variables, I32), &code);
    wrap(&module)
}

/// `variables` locals that change in the innermost of `depth` loops.
pub fn loop_variables(variables: usize, depth: usize) -> Vec<u8> {
    let mut module = Module::default();
    let mut code = times(depth, &[0x03, EMPTY]);
    for local in 0..variables {
        code.extend([vec![GET], leb(local), vec![0x41, 1, 0x6a, SET], leb(local)].concat());
    }
    code.extend(times(depth, &[0x23, 0, BR_IF, 0, END]));
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((variables, I32), &code);
    wrap(&module)
}

/// `n` tables of branches, each with `targets` to blocks around it.
pub fn branch_tables(targets: usize, n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let mut code = times(targets, &[0x02, EMPTY]);
    let labels: Vec<u8> = (0..targets).flat_map(leb).collect();
    let table = [vec![0x23, 0, 0x0e], leb(targets - 1), labels].concat();
    code.extend(times(n, &[vec![0x02, EMPTY], table, vec![END]].concat()));
    code.extend(times(targets, &[END]));
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((0, I32), &code);
    wrap(&module)
}

/// `depth` blocks within each other.
pub fn nest(opcode: u8, depth: usize) -> Vec<u8> {
    let mut module = Module::default();
    let condition: &[u8] = if opcode == 0x04 { &[0x23, 0] } else { &[] };
    let open = [condition, &[opcode, EMPTY]].concat();
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((0, I32), &[times(depth, &open), times(depth, &[END])].concat());
    wrap(&module)
}

/// A chain of `n` operations, each of the last one's result; one function, one live value.
pub fn chain(n: usize, code: &[u8]) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&[I32], &[I32]);
    module.function(ty, (0, I32), &[&[GET, 0][..], &times(n, code)].concat());
    wrap(&module)
}

/// A tree of `n` live values, added up in the end.
pub fn tall_stack(n: usize) -> Vec<u8> {
    let mut module = Module::default();
    let ty = module.ty(&[], &[I32]);
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    let code = [times(n, &[0x23, 0]), times(n - 1, &[0x73])].concat();
    module.function(ty, (0, I32), &code);
    wrap(&module)
}

/// `variables` locals that are set and read at once, after `blocks` branches, in a loop.
pub fn brief_variables(variables: usize, blocks: usize) -> Vec<u8> {
    let mut module = Module::default();
    let mut code = vec![0x03, EMPTY, 0x02, EMPTY];
    code.extend(times(blocks, &[0x23, 0, BR_IF, 0]));
    code.push(END);
    for local in 0..variables {
        code.extend([vec![0x23, 0, SET], leb(local), vec![GET], leb(local)].concat());
        code.extend([0x24, 0]);
    }
    code.extend([0x23, 0, BR_IF, 0, END]);
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((variables, I32), &code);
    wrap(&module)
}

/// As many locals that are set before a block with as many branches, and read after it, each in
/// one turn of a loop.
pub fn variables_of_a_turn(variables: usize, blocks: usize) -> Vec<u8> {
    let mut module = Module::default();
    let mut code = vec![0x03, EMPTY];
    for local in 0..variables {
        code.extend([vec![0x23, 0, SET], leb(local)].concat());
    }
    code.extend([0x02, EMPTY]);
    code.extend(times(blocks, &[0x23, 0, BR_IF, 0]));
    code.push(END);
    for local in 0..variables {
        code.extend([vec![GET], leb(local), vec![0x24, 0]].concat());
    }
    code.extend([0x23, 0, BR_IF, 0, END]);
    module.globals.push(vec![I32, 1, 0x41, 0, END]);
    module.run((variables, I32), &code);
    wrap(&module)
}
