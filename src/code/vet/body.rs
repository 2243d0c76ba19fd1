//! What one function asks of the compiler.

use wasmparser::{BlockType, FunctionBody, Operator, Result};

use super::brief::Brief;
use super::managed::{self, Traits};
use super::signatures::Signatures;
use super::weights as w;

/// One block, loop or `if` that is open, or the function itself.
struct Frame {
    is_loop: bool,
    /// Values that a branch to it carries.
    arity: u64,
    /// Branches to it so far.
    branches: u64,
    /// Where the locals that were set in it start in [`Body::set`].
    set_from: usize,
    /// Tells frames apart.
    serial: u32,
    /// Ways to its end from calls within, by exceptions.
    caught: u64,
    /// Where its own catchers start in [`Body::catchers`], if it has any, and how many calls stood
    /// before it.
    catchers_from: Option<(usize, u64)>,
}

/// The costs of a function so far, in units.
#[derive(Default)]
pub(super) struct Body {
    /// Of instructions and the values they carry.
    linear: f64,
    /// What grows with how often the function does the same.
    counts: Counts,
    frames: Vec<Frame>,
    serial: u32,
    loop_depth: u64,
    /// Which frames exceptions lead to the end of, for each catcher that is open.
    catchers: Vec<usize>,
    /// Locals set in the frames that are open, each once a frame.
    set: Vec<Set>,
    locals: Vec<Local>,
    after_const: bool,
    /// Locals that are counted apart.
    brief: Brief,
}

/// A local that was set in a frame.
#[derive(Clone, Copy)]
struct Set {
    local: u32,
    /// The newest frame when it was set before that.
    before: u32,
}

#[derive(Default)]
struct Counts {
    loops: u64,
    /// Basic blocks, about.
    blocks: u64,
    /// Different locals that are used.
    used: u64,
    folded: u64,
    indirect: u64,
    joins: f64,
    /// Ways from calls to where exceptions are caught, and the values that differ on these.
    caught: u64,
    caught_values: f64,
    cast_branches: u64,
    /// References that are given, and places where the collector may run.
    references: u64,
    safepoints: u64,
}

#[derive(Clone, Copy, Default)]
struct Local {
    is_used: bool,
    /// The newest frame when it was last set.
    set_in: u32,
    /// Branches to frames that ended since it was last read, in which it was set.
    joins: u64,
}

impl Body {
    /// Adds up a function of type `ty`.
    pub(super) fn cost(
        &mut self,
        ty: (u64, u64),
        body: &FunctionBody<'_>,
        known: &Signatures,
        limit: f64,
    ) -> Result<f64> {
        let units = self.add_up(ty, body, known, limit)?;
        if units <= limit {
            return Ok(units);
        }
        // A closer look, which most have no need of.
        self.brief = Brief::find(self.locals.len(), body)?;
        let units = self.add_up(ty, body, known, limit);
        self.brief = Brief::default();
        units
    }

    fn add_up(
        &mut self,
        ty: (u64, u64),
        body: &FunctionBody<'_>,
        known: &Signatures,
        limit: f64,
    ) -> Result<f64> {
        self.begin(ty, body)?;
        let mut code = body.get_operators_reader()?;
        while !code.eof() {
            let operator = code.read()?;
            self.operator(&operator, known)?;
            // Ends are where counting itself may take long.
            if matches!(operator, Operator::End) && self.total() > limit {
                break;
            }
        }
        Ok(self.total())
    }

    fn begin(&mut self, (params, results): (u64, u64), body: &FunctionBody<'_>) -> Result<()> {
        let mut locals = params;
        for group in body.get_locals_reader()? {
            locals = locals.saturating_add(group?.0.into());
        }
        self.linear =
            w::FUNCTION + locals as f64 * w::LOCAL + (params + results) as f64 * w::CALL_VALUE;
        self.counts = Counts { blocks: 1, ..Counts::default() };
        self.frames.clear();
        self.set.clear();
        self.locals.clear();
        // The validator allows 50 000.
        self.locals.resize(locals.min(100_000) as usize, Local::default());
        self.catchers.clear();
        (self.serial, self.loop_depth, self.after_const) = (0, 0, false);
        self.open(false, results);
        Ok(())
    }

    fn total(&self) -> f64 {
        let c = &self.counts;
        let square = |n: u64| (n as f64) * (n as f64);
        self.linear
            + c.joins
            + square(c.loops) * w::LOOPS
            + square(c.indirect) * w::INDIRECTS
            + (c.used as f64) * (c.blocks as f64) * w::LIVE
            + (c.caught as f64) * (c.used as f64).mul_add(w::CAUGHT_LOCAL, w::CATCHER)
            + c.caught_values * c.caught_values * w::CAUGHT_VALUES
            + square(c.cast_branches) * w::CAST_BRANCHES
            + (c.references as f64) * ((c.safepoints + c.loops) as f64) * w::ROOT
            + self.brief.cost(c.blocks)
    }

    fn operator(&mut self, operator: &Operator<'_>, known: &Signatures) -> Result<()> {
        use Operator as O;
        let mut is_const = false;
        match operator {
            O::LocalGet { local_index } => self.get(*local_index),
            O::LocalSet { local_index } | O::LocalTee { local_index } => self.assign(*local_index),
            O::I32Const { .. } | O::I64Const { .. } | O::F32Const { .. } | O::F64Const { .. } => {
                self.linear += w::CONST;
                is_const = true;
            }
            O::Block { blockty } => {
                let (params, results) = arity(*blockty, known);
                self.linear += w::BLOCK + (params + results) as f64 * w::BLOCK_VALUE;
                self.open(false, results);
            }
            O::If { blockty } => {
                let (params, results) = arity(*blockty, known);
                self.linear += w::IF + (params + results) as f64 * w::IF_VALUE;
                self.counts.blocks += 2;
                self.open(false, results);
                self.branch(0);
            }
            O::Loop { blockty } => self.open_loop(arity(*blockty, known)),
            O::End => self.close(),
            O::Br { relative_depth } => self.branch(*relative_depth),
            O::BrIf { relative_depth } => {
                self.linear += w::BRANCH;
                self.branch(*relative_depth);
            }
            O::BrTable { targets } => {
                for target in targets.targets() {
                    self.linear += w::TARGET;
                    self.branch(target?);
                }
                self.branch(targets.default());
            }
            O::Call { function_index } | O::ReturnCall { function_index } => {
                self.call(w::CALL, known.function_type(*function_index), known);
            }
            O::CallRef { type_index } | O::ReturnCallRef { type_index } => {
                self.call(w::CALL_REFERENCE, *type_index, known);
            }
            O::TryTable { try_table } => {
                let (params, results) = arity(try_table.ty, known);
                self.linear += w::BLOCK + (params + results) as f64 * w::BLOCK_VALUE;
                let from = self.catchers.len();
                for catch in &try_table.catches {
                    let (label, units) = managed::catch(catch, known);
                    self.linear += units;
                    self.branch(label);
                    let place = self.frames.len().checked_sub(label as usize + 1);
                    self.catchers.extend(place);
                }
                self.open(false, results);
                if let Some(frame) = self.frames.last_mut() {
                    frame.catchers_from = Some((from, self.counts.safepoints));
                }
            }
            O::BrOnCast { relative_depth, .. } | O::BrOnCastFail { relative_depth, .. } => {
                self.counts.cast_branches += 1;
                self.branch(*relative_depth);
                self.other(operator, known);
            }
            O::BrOnNull { relative_depth } | O::BrOnNonNull { relative_depth } => {
                self.linear += w::BRANCH;
                self.branch(*relative_depth);
                self.other(operator, known);
            }
            O::CallIndirect { type_index, .. } | O::ReturnCallIndirect { type_index, .. } => {
                self.counts.indirect += 1;
                self.call(w::CALL_INDIRECT, *type_index, known);
            }
            O::I32Add | O::I64Add | O::I32Sub | O::I64Sub | O::I32Mul | O::I64Mul
                if self.after_const =>
            {
                self.counts.folded += 1;
                self.linear +=
                    w::FOLDED + (self.counts.folded as f64 * w::FOLDED_MORE).min(w::FOLDED_MOST);
            }
            other => self.other(other, known),
        }
        self.after_const = is_const;
        Ok(())
    }

    fn other(&mut self, operator: &Operator<'_>, known: &Signatures) {
        let (cost, loops) = w::operator(operator, self.after_const);
        let (more, Traits { gives, collects, blocks, loops: others }) =
            managed::operator(operator, known);
        self.linear += cost + more;
        self.counts.loops += loops + others;
        self.counts.blocks += blocks;
        self.counts.references += u64::from(gives);
        self.counts.safepoints += u64::from(collects);
    }

    fn call(&mut self, cost: f64, ty: u32, known: &Signatures) {
        let (params, results) = known.ty(ty);
        self.linear += cost + (params + results) as f64 * w::CALL_VALUE;
        self.counts.blocks += 1;
        self.counts.references += known.references(ty);
        self.counts.safepoints += 1;
    }

    fn open(&mut self, is_loop: bool, arity: u64) {
        self.serial += 1;
        self.counts.blocks += 1;
        let (serial, set_from) = (self.serial, self.set.len());
        self.frames.push(Frame {
            is_loop,
            arity,
            branches: 0,
            set_from,
            serial,
            caught: 0,
            catchers_from: None,
        });
    }

    fn open_loop(&mut self, (params, results): (u64, u64)) {
        self.counts.loops += 1;
        self.counts.blocks += 4;
        self.loop_depth += 1;
        let values = (params + results) as f64;
        let more = self.counts.loops as f64 * w::LOOP_VALUE_MORE;
        self.linear += w::LOOP + values * (w::LOOP_VALUE + more);
        self.linear += self.loop_depth.saturating_sub(w::DEEP) as f64 * w::DEEP_LOOP;
        self.open(true, params);
    }

    fn branch(&mut self, depth: u32) {
        self.counts.blocks += 1;
        let Some(place) = self.frames.len().checked_sub(depth as usize + 1) else { return };
        let Some(frame) = self.frames.get_mut(place) else { return };
        frame.branches += 1;
        self.linear += frame.arity as f64 * w::BRANCH_VALUE;
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        self.catch(&frame);
        let set = self.set.len() - frame.set_from;
        self.counts.joins += set as f64 * w::PAIR;
        let set_in_loop = if frame.is_loop { set as f64 } else { 0.0 };
        self.counts.joins +=
            set_in_loop * set_in_loop * w::LOOP_LOCALS + set_in_loop * w::LOOP_LOCAL;
        self.loop_depth -= u64::from(frame.is_loop);
        if !frame.is_loop && frame.branches > 0 {
            for local in &self.set[frame.set_from..] {
                if let Some(local) = self.locals.get_mut(local.local as usize) {
                    local.joins += frame.branches;
                }
            }
        } else if frame.is_loop {
            self.counts.joins += set_in_loop * frame.branches as f64 * w::JOIN;
        }
        // What was set in it was set in the frame around it, which may know that already.
        let outer = self.frames.last().map_or(0, |outer| outer.serial);
        let mut kept = frame.set_from;
        for at in frame.set_from..self.set.len() {
            let entry = self.set[at];
            if entry.before < outer {
                self.set[kept] = entry;
                kept += 1;
            }
        }
        self.set.truncate(kept);
    }

    /// Exceptions of the calls in a frame lead to where its catchers say, and those that lead to
    /// its end bring along what was set in it until then.
    fn catch(&mut self, frame: &Frame) {
        if let Some((from, before)) = frame.catchers_from {
            let calls = self.counts.safepoints - before;
            for place in self.catchers.drain(from..) {
                if let Some(target) = self.frames.get_mut(place) {
                    target.caught += calls;
                }
            }
        }
        let set = self.set.len() - frame.set_from;
        self.counts.caught += frame.caught;
        self.counts.caught_values += frame.caught as f64 * (set as f64 + w::CAUGHT_ANYWAY);
    }

    fn get(&mut self, local: u32) {
        if self.brief.has(local) {
            return;
        }
        let Some(local) = self.locals.get_mut(local as usize) else { return };
        self.counts.used += u64::from(!local.is_used);
        local.is_used = true;
        self.counts.joins += local.joins as f64 * w::JOIN;
        local.joins = 0;
    }

    fn assign(&mut self, index: u32) {
        if self.brief.has(index) {
            return;
        }
        let Some(local) = self.locals.get_mut(index as usize) else { return };
        self.counts.used += u64::from(!local.is_used);
        local.is_used = true;
        let Some(frame) = self.frames.last() else { return };
        if local.set_in < frame.serial {
            self.set.push(Set { local: index, before: local.set_in });
        }
        local.set_in = self.serial;
    }
}

fn arity(ty: BlockType, known: &Signatures) -> (u64, u64) {
    match ty {
        BlockType::Empty => (0, 0),
        BlockType::Type(_) => (0, 1),
        BlockType::FuncType(index) => known.ty(index),
    }
}
