//! Runs the benchmarks side by side and tells how they compare: `make bench`, ../README.md.

use std::fs;
use std::io;
use std::path::Path;

mod bystanders;
mod instructions;
mod json;
mod measure;
mod picture;
mod programs;
mod tables;
#[cfg(test)]
mod tests;
mod works;

use bystanders::Watch;
use measure::progress;
use programs::{Places, Program, Programs};
use tables::Results;
use works::Side;

const USAGE: &str = "usage: compare RELEASE_DIRECTORY BENCH_DIRECTORY [--quick] [WORK]...
       compare --paste RESULTS ALL FEW";
const INSTANCES: u64 = 10_000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--paste", results, all, few] => {
            let results = fs::read_to_string(results)?;
            paste(&results, Path::new(all))?;
            paste(&tables::few(&results), Path::new(few))
        }
        [release, bench, ref rest @ ..] => {
            let quick = rest.contains(&"--quick");
            let wanted = rest.iter().filter(|it| **it != "--quick").map(|&it| it.to_owned());
            let places = Places::new(Path::new(release), Path::new(bench));
            bench_all(&places, quick, &wanted.collect::<Vec<_>>())
        }
        _ => Err(io::Error::other(USAGE)),
    }
}

fn bench_all(places: &Places, quick: bool, wanted: &[String]) -> io::Result<()> {
    let rounds = std::env::var("BENCH_ROUNDS").ok().and_then(|it| it.parse().ok());
    let rounds = rounds.unwrap_or(if quick { 15 } else { 25 });
    let mut problems = Vec::new();
    let sides: &[Side] = if quick { &[Side::Ours, Side::Floor] } else { &Side::ALL };
    fs::create_dir_all(places.bench.join("cache"))?;
    fs::write(
        places.bench.join("core.wasm"),
        wat::parse_file("tests/bench/core.wat").map_err(io::Error::other)?,
    )?;
    let guest = fs::read_to_string("tests/bench/guest.wat")?;
    fs::write(places.plain(), without_host(&guest))?;
    let mut programs = Programs::new();
    for &side in sides {
        match places.is_built(side) {
            true => drop(programs.insert(side, Program::start(&mut places.command(side))?)),
            false => problems.push(format!("{} was not built", side.title())),
        }
    }
    let sides = programs.keys().copied().collect();
    let watch = Watch::start(&programs);
    let samples = measure::run(&mut programs, rounds, wanted, &mut problems);
    let others = watch.and_then(|it| it.others(&programs)).unwrap_or(0.0);
    drop(programs);
    let mut results = Results {
        samples,
        rounds,
        others,
        sides,
        instructions: Vec::new(),
        resident: Vec::new(),
        instances: INSTANCES,
        problems,
    };
    if wanted.is_empty() {
        if !places.python.exists() {
            let problem = "No component in Python: `make large` builds it.".to_owned();
            results.problems.push(problem);
        }
        count(places, quick, &mut results);
    }
    write(places, &results)
}

/// The guest as a component that imports no function.
fn without_host(guest: &str) -> String {
    let lines = guest.lines().filter(|line| !line.ends_with(";; host"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What is not measured in turns.
fn count(places: &Places, quick: bool, results: &mut Results) {
    for side in [Side::Ours, Side::Floor] {
        progress(&format!("{INSTANCES} instances: {}", side.title()));
        match measure::resident(places, side, INSTANCES) {
            Ok(bytes) => results.resident.extend(bytes.map(|it| (side, it))),
            Err(error) => results.problems.push(format!("instances, {}: {error}", side.title())),
        }
    }
    for work in instructions::COUNTED.into_iter().filter(|_| !quick) {
        let mut counts = Vec::new();
        for side in [Side::Ours, Side::Floor] {
            progress(&format!("instructions: {}, {}", works::title(work.0), side.title()));
            match instructions::count(places, side, work) {
                Ok(count) => counts.push((side, count)),
                Err(error) => {
                    results.problems.push(format!("instructions, {}: {error}", side.title()));
                }
            }
        }
        results.instructions.push((work.0, counts));
    }
    progress("");
}

fn write(places: &Places, results: &Results) -> io::Result<()> {
    let markdown = results.markdown();
    println!("{}", tables::aligned(&markdown));
    let at = |name: &str| places.bench.join(name);
    fs::write(at("results.md"), &markdown)?;
    fs::write(at("results.json"), json::text(results))?;
    fs::write(at("results.svg"), picture::svg(results))?;
    println!("\n{}/results.{{md,json,svg}} have the same.", places.bench.display());
    let held = results.bars().filter(|(bar, it)| bar.limit.holds(it.median)).count();
    println!("{held} of {} bars hold.", results.bars().count());
    Ok(())
}

/// Puts results into `document`, where `<u8>` would be taken for HTML.
fn paste(results: &str, document: &Path) -> io::Result<()> {
    let (results, text) = (&results.replace('<', "\\<"), fs::read_to_string(document)?);
    let missing = || io::Error::other(format!("no place for them in {}", document.display()));
    fs::write(document, pasted(results, &text).ok_or_else(missing)?)
}

/// `text` with `results` between its two comments.
fn pasted(results: &str, text: &str) -> Option<String> {
    const BEGIN: &str = "<!-- bench:begin -->\n";
    const END: &str = "<!-- bench:end -->";
    let begin = text.find(BEGIN)? + BEGIN.len();
    let end = begin + text[begin..].find(END)?;
    Some(format!("{}\n{}\n{}", &text[..begin], results.trim(), &text[end..]))
}
