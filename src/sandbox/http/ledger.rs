//! What an instance holds of the host's memory by fields and bodies of HTTP.
//!
//! wasmtime bounds each set of fields and each body, and how many resources there are, by which a
//! guest could have a gigabyte.

use std::collections::HashMap;

use crate::error::{Code, Error, Result};

/// Bytes for all fields and bodies of an instance together.
const MOST: usize = 4 << 20;

/// What each resource is charged with, by its number in the instance's table.
#[derive(Default)]
pub(super) struct Ledger {
    charged: HashMap<u32, usize>,
    total: usize,
}

impl Ledger {
    /// Charges `number` with so much, unless it is charged with more: what memory once was taken is
    /// not given back by what becomes smaller.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT`; it is charged all the same, since the memory is there.
    pub(super) fn charge(&mut self, number: u32, bytes: usize) -> Result<()> {
        let before = self.charged.get(&number).copied().unwrap_or(0);
        let bytes = bytes.max(before);
        self.release(number);
        if bytes == 0 {
            return Ok(());
        }
        self.charged.insert(number, bytes);
        self.total += bytes;
        match self.total <= MOST {
            true => Ok(()),
            false => {
                let problem = format_args!(
                    "fields and bodies of HTTP of one instance take {MOST} bytes at most"
                );
                Err(Error::new(Code::ResourceLimit, problem))
            }
        }
    }

    /// Charges `number` with so much more.
    ///
    /// # Errors
    /// As [`charge`](Self::charge).
    pub(super) fn add(&mut self, number: u32, bytes: usize) -> Result<()> {
        let before = self.charged.get(&number).copied().unwrap_or(0);
        self.charge(number, before + bytes)
    }

    /// `number` is gone.
    pub(super) fn release(&mut self, number: u32) {
        self.total -= self.charged.remove(&number).unwrap_or(0);
    }

    /// What `from` was charged with is in `to` now.
    pub(super) fn pass_on(&mut self, from: u32, to: u32) {
        if let Some(bytes) = self.charged.remove(&from) {
            *self.charged.entry(to).or_default() += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_is_not_counted_any_more() {
        let mut ledger = Ledger::default();
        for _ in 0..100 {
            ledger.charge(1, MOST / 2).unwrap();
            ledger.pass_on(1, 2);
            ledger.add(2, MOST / 2).unwrap();
            ledger.release(2);
        }
        assert_eq!(ledger.total, 0);
    }

    #[test]
    fn all_together_have_a_limit() {
        let mut ledger = Ledger::default();
        ledger.charge(1, MOST - 1).unwrap();
        ledger.charge(2, 1).unwrap();
        assert_eq!(ledger.charge(3, 1).unwrap_err().code(), Code::ResourceLimit);
        ledger.release(1);
        ledger.charge(4, MOST - 2).unwrap();
    }
}
