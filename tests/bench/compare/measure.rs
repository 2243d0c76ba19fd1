//! Rounds: everybody does everything once, in short turns, again and again, so that whatever else
//! the machine does meets all alike.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use crate::programs::{Places, Program, Programs};
use crate::works::{Bar, Sample, Side, WORKS, Work};

/// How long one turn takes, about, in nanoseconds.
const TURN: f64 = 25e6;
/// All turns of one program at one work, at most.
const ALL_TURNS: f64 = 6e9;
/// Turns that a work is done before it counts.
const WARM: usize = 1;

/// Nanoseconds for one iteration, round by round.
#[derive(Default)]
pub struct Samples(BTreeMap<Sample, BTreeMap<usize, f64>>);

impl Samples {
    pub fn of(&self, sample: Sample) -> Option<Spread> {
        Spread::of(self.0.get(&sample)?.values().copied())
    }

    /// A ratio in each round in which both took their turn.
    pub fn ratio(&self, over: Sample, under: Sample, factor: f64) -> Option<Spread> {
        let (over, under) = (self.0.get(&over)?, self.0.get(&under)?);
        let both = over.iter().filter_map(|(round, a)| Some(factor * a / under.get(round)?));
        Spread::of(both)
    }

    pub fn bar(&self, bar: &Bar) -> Option<Spread> {
        self.ratio(bar.over, bar.under, bar.factor)
    }

    pub fn all(&self) -> impl Iterator<Item = (Sample, Spread)> + '_ {
        self.0.keys().filter_map(|it| Some((*it, self.of(*it)?)))
    }
}

/// How numbers are distributed.
#[derive(Clone, Copy)]
pub struct Spread {
    pub count: usize,
    /// One in ten is less.
    pub tenth: f64,
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
    /// One in ten is more.
    pub ninetieth: f64,
}

impl Spread {
    pub fn of(numbers: impl Iterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = numbers.collect();
        all.sort_by(f64::total_cmp);
        let count = all.len();
        let at = |share: f64| {
            let position = share * (count as f64 - 1.0);
            let (low, high) = (position.floor() as usize, position.ceil() as usize);
            Some(all.get(low)? + (all.get(high)? - all.get(low)?) * position.fract())
        };
        Some(Self {
            count,
            tenth: at(0.1)?,
            lower: at(0.25)?,
            median: at(0.5)?,
            upper: at(0.75)?,
            ninetieth: at(0.9)?,
        })
    }
}

/// One program at one work.
struct Task {
    side: Side,
    work: &'static Work,
    iterations: u64,
    rounds: usize,
}

/// Says what goes on, to somebody who waits.
pub fn progress(what: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K{what}");
    }
}

/// Runs all works in which `wanted`, if there is one, has its say.
pub fn run(
    programs: &mut Programs,
    rounds: usize,
    wanted: &[String],
    problems: &mut Vec<String>,
) -> Samples {
    let mut samples = Samples::default();
    let mut groups = Vec::new();
    let wanted = |it: &&Work| wanted.is_empty() || wanted.iter().any(|name| name == it.name);
    for work in WORKS.iter().filter(wanted) {
        progress(&format!("warming up: {}", work.title));
        let mut tasks = Vec::new();
        for (side, program) in programs.iter_mut() {
            if matches!(side, Side::Go | Side::WasmtimeGo | Side::Wazero) && !work.go {
                continue;
            }
            match prepare(program, *side, work, rounds, &mut samples) {
                Ok(task) => tasks.extend(task),
                Err(error) => problems.push(format!("{}, {}: {error}", side.title(), work.title)),
            }
        }
        groups.push(tasks);
    }
    for round in 0..rounds {
        progress(&format!("round {} of {rounds}", round + 1));
        for tasks in &groups {
            // Nobody is always first.
            for i in 0..tasks.len() {
                let task = &tasks[(i + round) % tasks.len()];
                if round >= task.rounds {
                    continue;
                }
                let Some(program) = programs.get_mut(&task.side) else { continue };
                match program.ask(task.work.name, task.iterations) {
                    Ok(Some(took)) => samples.add(task, round, took),
                    Ok(None) => {}
                    Err(error) => {
                        let (side, work) = (task.side.title(), task.work.title);
                        problems.push(format!("{side}, {work}: {error}"));
                        programs.remove(&task.side);
                    }
                }
            }
        }
    }
    progress("");
    samples
}

impl Samples {
    fn add(&mut self, task: &Task, round: usize, took: f64) {
        let all = self.0.entry((task.side, task.work.name)).or_default();
        all.insert(round, took / task.iterations as f64);
    }
}

/// Finds out how many iterations make a turn.
fn prepare(
    program: &mut Program,
    side: Side,
    work: &'static Work,
    rounds: usize,
    samples: &mut Samples,
) -> io::Result<Option<Task>> {
    let mut task = Task { side, work, iterations: 1, rounds };
    let mut warm = 0;
    loop {
        let Some(took) = program.ask(work.name, task.iterations)? else { return Ok(None) };
        if took > ALL_TURNS / 4.0 {
            // Too slow to be asked again.
            samples.add(&task, 0, took);
            task.rounds = 0;
            return Ok(Some(task));
        }
        if took >= TURN / 1.5 {
            warm += 1;
            if warm > WARM {
                task.rounds = rounds.min((ALL_TURNS / took) as usize).max(1);
                return Ok(Some(task));
            }
            continue;
        }
        let factor = (TURN / took.max(1.0)).clamp(1.5, 20.0);
        task.iterations = (task.iterations as f64 * factor).ceil() as u64;
    }
}

/// Bytes that each of many instances takes that live at once.
pub fn resident(places: &Places, side: Side, count: u64) -> io::Result<Option<f64>> {
    let mut command = places.command(side);
    command.env("BENCH_SLOTS", (count + 10).to_string());
    let total = Program::start(&mut command)?.ask("instances", count)?;
    Ok(total.map(|it| it / count as f64))
}
