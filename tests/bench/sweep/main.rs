//! Tries settings of the pool: `make bench-pool`, ../README.md.
//!
//! All variants live in this process and take turns, so that whatever else the machine does meets
//! all alike. Beside the time that passes stands the processor time of the whole process, which
//! counts what the kernel does for it and does not count who else was running.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use wasmtime::Result;

#[path = "../floor/fresh.rs"]
mod fresh;
#[path = "../floor/host.rs"]
#[expect(dead_code, reason = "only a part of the floor is needed")]
mod host;

use fresh::Fresh;
use host::{Host, Pool};

const USAGE: &str = "usage: sweep BENCH_DIRECTORY GUESTS_DIRECTORY [SETTING=VALUE,...]...";
/// What is tried unless the command line says so: one factor at a time, then what was promising.
const VARIANTS: &[&str] = &[
    "",
    "memory=0",
    "memory=4096",
    "memory=65536",
    "memory=1048576",
    "memory=131072,table=131072",
    "table=0",
    "table=4096",
    "table=65536",
    "table=1048576",
    "batch=8",
    "batch=32",
    "batch=128",
    "scan=1",
    "warm=0",
    "warm=1000",
    "stack=0",
    "stack=16384",
    "scan=1,memory=65536",
    "scan=1,memory=131072,table=131072",
    "scan=1,memory=1048576,table=1048576",
    "scan=1,batch=32",
    "scan=1,memory=65536,batch=8",
    "memory=0,table=0,batch=32",
];
/// Enough for two threads and for slots that wait for their batch, on a few processors.
const SLOTS: u32 = 400;
/// How long one turn takes, about.
const TURN: Duration = Duration::from_millis(20);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bench, guests, wanted @ ..] = &arguments[..] else { wasmtime::bail!("{USAGE}") };
    let rounds = std::env::var("BENCH_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(25);
    let mut variants: Vec<&str> = wanted.iter().map(String::as_str).collect();
    if variants.is_empty() {
        variants.extend(VARIANTS);
    }
    let mut all = Vec::new();
    for name in variants {
        match Variant::new(name, bench, guests) {
            Ok(variant) => all.push(variant),
            Err(error) => println!("{name}: not possible here: {error:#}"),
        }
    }
    let count = all.len();
    for round in 0..rounds {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[Kround {} of {rounds}", round + 1);
        }
        for work in Work::ALL {
            // Nobody is always first.
            for i in 0..count {
                all[(i + round) % count].turn(work)?;
            }
        }
    }
    eprintln!();
    print(&mut all)
}

/// Microseconds for one instance and one call in it, and the page faults: medians, and quartiles.
fn print(all: &mut [Variant]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "| from wasmcell's settings")?;
    for work in Work::ALL {
        write!(out, " | {}, processor | time passed", work.title())?;
    }
    writeln!(out, " |\n| --- |{}", " --- | --- |".repeat(Work::ALL.len()))?;
    for variant in all {
        write!(out, "| {}", if variant.name.is_empty() { "none" } else { &variant.name })?;
        for turns in &mut variant.turns {
            write!(out, " | {} | {}", spread(&mut turns.processor), spread(&mut turns.passed))?;
        }
        writeln!(out, " |")?;
    }
    Ok(())
}

fn spread(all: &mut [f64]) -> String {
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    format!("{:.1} ({:.1} to {:.1})", at(0.5), at(0.25), at(0.75))
}

#[derive(Clone, Copy)]
enum Work {
    Small,
    TwoThreads,
    Wasi,
}

impl Work {
    const ALL: [Self; 3] = [Self::Small, Self::TwoThreads, Self::Wasi];

    fn title(self) -> &'static str {
        match self {
            Self::Small => "small component",
            Self::TwoThreads => "the same in two threads",
            Self::Wasi => "WASI component",
        }
    }
}

/// Microseconds for one instance.
#[derive(Default)]
struct Turns {
    iterations: u64,
    passed: Vec<f64>,
    processor: Vec<f64>,
}

struct Variant {
    name: String,
    small: Fresh,
    wasi: Fresh,
    turns: [Turns; Work::ALL.len()],
}

impl Variant {
    fn new(name: &str, bench: &str, guests: &str) -> Result<Self> {
        let pool = pool(name)?;
        let host = || Host::with_pool(&pool, true);
        let mut it = Self {
            name: name.to_owned(),
            small: Fresh::new(host()?, &format!("{bench}/guest.wat"), "add", false)?,
            wasi: Fresh::new(host()?, &format!("{guests}/greeter.wasm"), "greet", true)?,
            turns: Default::default(),
        };
        for work in Work::ALL {
            it.calibrate(work)?;
        }
        Ok(it)
    }

    fn work(&self, work: Work, n: u64) -> Result<()> {
        match work {
            Work::Small => self.small.adds(n),
            Work::TwoThreads => self.small.in_two_threads(n / 2),
            Work::Wasi => self.wasi.greets(n),
        }
    }

    /// Finds out how many iterations make a turn.
    fn calibrate(&mut self, work: Work) -> Result<()> {
        let mut n = 2;
        loop {
            let begin = Instant::now();
            self.work(work, n)?;
            if begin.elapsed() > TURN / 2 {
                self.turns[work as usize].iterations = n;
                return Ok(());
            }
            n *= 2;
        }
    }

    fn turn(&mut self, work: Work) -> Result<()> {
        let n = self.turns[work as usize].iterations;
        let (begin, used) = (Instant::now(), processor_time());
        self.work(work, n)?;
        let each = |it: Duration| it.as_secs_f64() * 1e6 / n as f64;
        let (passed, used) = (begin.elapsed(), processor_time() - used);
        let turns = &mut self.turns[work as usize];
        turns.passed.push(each(passed));
        turns.processor.push(each(used));
        Ok(())
    }
}

/// Processor time of this process, in all threads, in itself and in the kernel.
fn processor_time() -> Duration {
    let it = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(it.tv_sec.unsigned_abs(), it.tv_nsec as u32)
}

/// Reads `SETTING=VALUE,...`.
fn pool(settings: &str) -> Result<Pool> {
    let mut pool = Pool { slots: SLOTS, ..Pool::default() };
    for setting in settings.split(',').filter(|it| !it.is_empty()) {
        let (name, value) = setting.split_once('=').unwrap_or((setting, "1"));
        let number: usize = value.parse()?;
        match name {
            "memory" => pool.memory_resident = number,
            "table" => pool.table_resident = number,
            "batch" => pool.batch = number,
            "scan" => pool.scan = number != 0,
            "warm" => pool.warm = number as u32,
            "stack" => pool.zeroed_stack = Some(number),
            _ => wasmtime::bail!("no setting is called `{name}`"),
        }
    }
    Ok(pool)
}
