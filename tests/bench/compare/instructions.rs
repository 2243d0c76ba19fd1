//! Instructions for one call, as callgrind counts them: no noise, and no stalls either.

use std::fs;
use std::io::{self, Write};
use std::process::Stdio;

use crate::programs::Places;
use crate::works::Side;

/// Works, with few and with many iterations.
pub const COUNTED: [(&str, u64, u64); 4] = [
    ("none", 1_000, 11_000),
    ("add", 1_000, 11_000),
    ("text32", 1_000, 11_000),
    ("fresh", 200, 1_200),
];

/// Instructions for one iteration.
pub fn count(places: &Places, side: Side, work: (&str, u64, u64)) -> io::Result<f64> {
    let (name, few, many) = work;
    let more = total(places, side, name, many)? - total(places, side, name, few)?;
    Ok(more / (many - few) as f64)
}

fn total(places: &Places, side: Side, name: &str, n: u64) -> io::Result<f64> {
    let program = places.command(side);
    let file = places.bench.join("callgrind.out");
    let mut child = std::process::Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program.get_program())
        .args(program.get_args())
        // A pool that valgrind has room for.
        .env("BENCH_SLOTS", "4")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{name} {n}")?;
    }
    if !child.wait()?.success() {
        return Err(io::Error::other("valgrind failed"));
    }
    let counts = fs::read_to_string(&file)?;
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: "));
    total
        .and_then(|it| it.trim().parse().ok())
        .ok_or_else(|| io::Error::other("callgrind wrote no totals"))
}
