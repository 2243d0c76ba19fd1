//! Clocks that stand still, or that move only when they are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder};

/// What time it is for a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clocks {
    /// What time it is.
    #[default]
    Real,
    /// The same in each run: both clocks advance by `step` with every reading of either, from
    /// `wall` since 1970 and from 0, in each instance anew. With a `step` of zero they stand
    /// still, and a guest that waits for them in a loop waits until its deadline. Sleeping takes
    /// real time.
    Fixed {
        /// What the wall clock shows at first.
        wall: Duration,
        /// How far each reading moves both clocks.
        step: Duration,
    },
}

impl Clocks {
    pub(super) fn install(self, builder: &mut WasiCtxBuilder) {
        if let Self::Fixed { wall, step } = self {
            let readings = Arc::new(Readings { step: nanoseconds(step), count: AtomicU64::new(0) });
            builder.wall_clock(Wall { start: wall, readings: readings.clone() });
            builder.monotonic_clock(Monotonic(readings));
        }
    }
}

struct Readings {
    step: u64,
    count: AtomicU64,
}

impl Readings {
    /// Nanoseconds that have passed before this reading.
    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed).saturating_mul(self.step)
    }
}

/// A duration in whole nanoseconds, as far as they go.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

struct Wall {
    start: Duration,
    readings: Arc<Readings>,
}

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(self.readings.step.max(1))
    }

    fn now(&self) -> Duration {
        self.start.saturating_add(Duration::from_nanos(self.readings.next()))
    }
}

struct Monotonic(Arc<Readings>);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        self.0.step.max(1)
    }

    fn now(&self) -> u64 {
        self.0.next()
    }
}
