//! Locals that live briefly, as those of code without optimisation do: thousands of them, each set
//! and then read at once. A compiler carries none of them from one turn of a loop to the next, and
//! joins no two values of them.

use wasmparser::{FunctionBody, Operator, Result};

use super::weights as w;

/// Which locals of a function live briefly, and what they cost.
#[derive(Default)]
pub(super) struct Brief {
    locals: Vec<Local>,
    /// How many there are.
    used: usize,
    /// Basic blocks through which values of locals are kept.
    kept: u64,
    blocks: u64,
}

#[derive(Clone, Copy)]
struct Local {
    is_brief: bool,
    is_used: bool,
    /// The frame it was last set in, and how deep that lies.
    frame: u32,
    depth: usize,
    /// The basic block up to which its last value is kept.
    block: u64,
}

/// A reader of a function.
#[derive(Default)]
struct Reader {
    brief: Brief,
    /// The number of each frame that is open, where an `else` is another one than its `if`.
    frames: Vec<u32>,
    /// How deep the loops lie that are open.
    loops: Vec<usize>,
    serial: u32,
}

impl Brief {
    /// Finds them in a function with this many locals.
    pub(super) fn find(locals: usize, body: &FunctionBody<'_>) -> Result<Self> {
        let local = Local { is_brief: true, is_used: false, frame: 1, depth: 0, block: 0 };
        let brief = Self { locals: vec![local; locals], ..Self::default() };
        let mut reader = Reader { brief, ..Reader::default() };
        reader.open(1);
        let mut code = body.get_operators_reader()?;
        while !code.eof() {
            reader.operator(&code.read()?);
        }
        let mut brief = reader.brief;
        brief.used = brief.locals.iter().filter(|it| it.is_brief && it.is_used).count();
        Ok(brief)
    }

    pub(super) fn has(&self, local: u32) -> bool {
        self.locals.get(local as usize).is_some_and(|it| it.is_brief)
    }

    /// What they cost in a function of this many basic blocks.
    pub(super) fn cost(&self, blocks: u64) -> f64 {
        self.used as f64 * blocks as f64 * w::KNOWN + self.kept as f64 * w::LIVE
    }
}

impl Reader {
    fn operator(&mut self, operator: &Operator<'_>) {
        use Operator as O;
        match operator {
            O::LocalGet { local_index } => self.get(*local_index),
            O::LocalSet { local_index } | O::LocalTee { local_index } => self.set(*local_index),
            O::Block { .. } | O::TryTable { .. } => self.open(1),
            O::If { .. } => self.open(3),
            O::Loop { .. } => {
                self.loops.push(self.frames.len());
                self.open(5);
            }
            O::Else => {
                self.frames.pop();
                self.open(1);
            }
            O::End => {
                self.brief.blocks += 1;
                self.frames.pop();
                if self.loops.last() == Some(&self.frames.len()) {
                    self.loops.pop();
                }
            }
            O::BrTable { targets } => self.brief.blocks += 1 + u64::from(targets.len()),
            O::Br { .. }
            | O::BrIf { .. }
            | O::Call { .. }
            | O::CallIndirect { .. }
            | O::CallRef { .. }
            | O::BrOnNull { .. }
            | O::BrOnNonNull { .. }
            | O::BrOnCast { .. }
            | O::BrOnCastFail { .. }
            | O::ReturnCall { .. }
            | O::ReturnCallIndirect { .. } => self.brief.blocks += 1,
            _ => {}
        }
    }

    fn open(&mut self, blocks: u64) {
        self.serial += 1;
        self.brief.blocks += blocks;
        self.frames.push(self.serial);
    }

    /// What is set in a frame that is still open, and in the same turn of the innermost loop, has
    /// been set on every way here, and has this one value.
    fn get(&mut self, index: u32) {
        let Some(local) = self.brief.locals.get_mut(index as usize) else { return };
        local.is_used = true;
        let is_open = self.frames.get(local.depth) == Some(&local.frame);
        local.is_brief &= is_open && self.loops.last().is_none_or(|it| local.depth >= *it);
        self.brief.kept += self.brief.blocks - local.block;
        local.block = self.brief.blocks;
    }

    fn set(&mut self, index: u32) {
        let Some(local) = self.brief.locals.get_mut(index as usize) else { return };
        let depth = self.frames.len().saturating_sub(1);
        let frame = self.frames.last().copied().unwrap_or_default();
        *local = Local { is_used: true, frame, depth, block: self.brief.blocks, ..*local };
    }
}
