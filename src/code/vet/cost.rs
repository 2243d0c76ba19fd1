//! Units, added up until they are too many.

use super::scope::Extent;
use super::weights;
use crate::error::{Code, Error, Result};

/// What a component may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// `max_compile_cost`.
    pub(super) setting: u64,
}

/// What a component costs, as far as it has been read.
pub(super) struct Cost {
    units: f64,
    /// The least `max_compile_cost` that allows all that was read.
    needs: f64,
    /// What it may cost for its size alone.
    free: f64,
    limit: f64,
    budget: Budget,
    size: usize,
}

/// Units for each byte that a component may cost: as many as the most expensive code that was
/// measured (see [`super`]), so that none takes seconds longer than that. In a small one a few
/// functions may make it dearer, and cannot make it slow.
const FREE: f64 = 2.2;
const FREE_IF_SMALL: f64 = 4.0;
const SMALL: usize = 400_000;
/// Units for each byte within one function, where small ones do not make up for a large one.
const FREE_IN_FUNCTION: f64 = 5.0;

/// How deep types may lie within types, wherever they are written; validators allow no more.
const MAX_DEPTH: u32 = 100;

/// No setting allows what readers have no stack for.
pub(super) fn too_deep(what: &str, most: u32) -> Error {
    Error::new(Code::ResourceLimit, format!("more than {most} levels of {what}"))
}

impl Budget {
    pub(crate) fn new(max_compile_cost: u64) -> Self {
        Self { setting: max_compile_cost }
    }
}

impl Cost {
    pub(super) fn new(budget: Budget, size: usize) -> Self {
        let small = size.min(SMALL);
        let free = small as f64 * FREE_IF_SMALL + (size - small) as f64 * FREE;
        let limit = free + budget.setting as f64;
        Self { units: 0.0, needs: 0.0, free, limit, budget, size }
    }

    pub(super) fn units(&self) -> u64 {
        self.units as u64
    }

    pub(super) fn needs(&self) -> u64 {
        self.needs.ceil() as u64
    }

    /// What one function of `bytes` may cost.
    pub(super) fn in_function(&self, bytes: usize) -> f64 {
        (bytes as f64 * FREE_IN_FUNCTION + self.budget.setting as f64).min(self.limit - self.units)
    }

    pub(super) fn add(&mut self, units: f64) -> Result<()> {
        self.units += units;
        self.check(0.0)
    }

    /// Refuses `more` if it were added; it may be, once for each instance.
    pub(super) fn check(&mut self, more: f64) -> Result<()> {
        let units = self.units + more;
        self.needs = self.needs.max(units - self.free);
        match units > self.limit {
            true => Err(self.too_much("the component", self.size, self.limit)),
            false => Ok(()),
        }
    }

    /// Adds a type where it is defined or mentioned, and answers what it costs there.
    pub(super) fn mention(&mut self, ty: Extent) -> Result<f64> {
        if ty.depth > MAX_DEPTH {
            return Err(too_deep("types within types", MAX_DEPTH));
        }
        let units = weights::MENTION * ty.size as f64;
        self.add(units)?;
        Ok(units)
    }

    /// Adds a function of `bytes`, the `index`-th of all that were read.
    pub(super) fn add_function(&mut self, units: f64, bytes: usize, index: usize) -> Result<()> {
        let free = bytes as f64 * FREE_IN_FUNCTION;
        self.needs = self.needs.max(units - free);
        let limit = free + self.budget.setting as f64;
        if units > limit {
            return Err(self.too_much(&format!("function body {index}"), bytes, limit));
        }
        self.add(units)
    }

    fn too_much(&self, what: &str, size: usize, limit: f64) -> Error {
        let setting = self.budget.setting;
        let free = limit as u64 - setting;
        let problem = format!(
            "compiling {what} costs more than {} units: {free} for its {size} bytes, and \
             `max_compile_cost` is {setting}",
            limit as u64,
        );
        Error::new(Code::ResourceLimit, problem).met("max_compile_cost", None, setting)
    }
}
