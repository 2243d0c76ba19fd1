//! Calls that have some of the `max_components` slots and wait for more, because components provide
//! for others. If all slots were theirs, they would wait for each other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Code, Error, Result};

/// Those that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<Want>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Want {
    held: u32,
    wanted: u32,
}

/// While it lives, its call waits.
#[derive(Debug)]
pub(crate) struct Waits<'a> {
    of: &'a Waiting,
    want: Want,
}

impl Waiting {
    /// A call that has `held` slots wants as many as `wanted` besides.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT` if those that wait would have so many that the rest is too little for one
    /// of them.
    pub(super) fn enter(&self, held: u32, wanted: u32, max: u32) -> Result<Waits<'_>> {
        let want = Want { held, wanted };
        let mut all = self.all();
        let of_all = || all.iter().chain([&want]);
        let held: u64 = of_all().map(|it| u64::from(it.held)).sum();
        let most = of_all().map(|it| it.wanted).max().unwrap_or_default();
        if held + u64::from(most) > u64::from(max) {
            let problem = format_args!(
                "calls that have {held} of the {max} instances that `max_components` allows wait \
                 for more, to provide for those: one of them has to end"
            );
            return Err(Error::new(Code::InstanceLimit, problem).met(
                "max_components",
                Some(held + u64::from(wanted)),
                max.into(),
            ));
        }
        all.push(want);
        Ok(Waits { of: self, want })
    }

    fn all(&self) -> MutexGuard<'_, Vec<Want>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut all = self.of.all();
        if let Some(place) = all.iter().position(|it| *it == self.want) {
            all.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_wait_leave_enough_for_one_of_them() {
        let waiting = Waiting::default();
        let first = waiting.enter(1, 1, 4).unwrap();
        let second = waiting.enter(2, 1, 4).unwrap();
        assert_eq!(waiting.enter(1, 1, 4).unwrap_err().code(), Code::InstanceLimit);
        drop(first);
        // The second is left with too little, not this one.
        let third = waiting.enter(1, 1, 4).unwrap();
        drop((second, third));
        let large = waiting.enter(1, 3, 4).unwrap();
        assert_eq!(waiting.enter(1, 1, 4).unwrap_err().code(), Code::InstanceLimit);
        drop(large);
        assert!(waiting.enter(1, 1, 1).is_err() && waiting.all().is_empty());
    }
}
