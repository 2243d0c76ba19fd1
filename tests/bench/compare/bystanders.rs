//! What else the machine did meanwhile: it explains odd results, of two threads most of all.

use std::fs;

use crate::programs::Programs;

/// Ticks of processor time.
pub struct Watch {
    busy: u64,
    idle: u64,
    ours: u64,
}

impl Watch {
    pub fn start(programs: &Programs) -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let numbers = stat.lines().next()?.split_whitespace().skip(1);
        let ticks: Vec<u64> = numbers.map_while(|it| it.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal
        let idle = ticks.get(3)? + ticks.get(4)?;
        let busy = ticks.iter().take(8).sum::<u64>() - idle;
        let own = std::process::id();
        let ours = programs.values().map(|it| it.id()).chain([own]).map(used).sum();
        Some(Self { busy, idle, ours })
    }

    /// The share of all processors, from 0 to 1, that others had since `start`.
    pub fn others(&self, programs: &Programs) -> Option<f64> {
        let now = Self::start(programs)?;
        let (busy, idle) = (now.busy.checked_sub(self.busy)?, now.idle.checked_sub(self.idle)?);
        let others = busy.saturating_sub(now.ours.checked_sub(self.ours)?);
        Some(others as f64 / (busy + idle).max(1) as f64)
    }
}

/// Ticks that a process has used.
fn used(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may have blanks in it: state, and ten numbers until utime and stime.
    let behind = stat.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum()
}
