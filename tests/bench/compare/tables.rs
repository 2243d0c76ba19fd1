//! What was measured, as Markdown tables.

use std::fmt::Write;

use crate::measure::{Samples, Spread};
use crate::works::{BARS, Bar, Side, WORKS};

/// Everything there is to tell.
pub struct Results {
    pub samples: Samples,
    pub rounds: usize,
    /// The share of the processors that other processes had meanwhile.
    pub others: f64,
    /// Sides that took part.
    pub sides: Vec<Side>,
    /// Work, and instructions of each side.
    pub instructions: Vec<(&'static str, Vec<(Side, f64)>)>,
    /// Bytes for each live instance, and how many there were.
    pub resident: Vec<(Side, f64)>,
    pub instances: u64,
    /// What went wrong.
    pub problems: Vec<String>,
}

impl Results {
    /// Bars that have a measurement, with it.
    pub fn bars(&self) -> impl Iterator<Item = (&'static Bar, Spread)> + '_ {
        BARS.iter().filter_map(|bar| Some((bar, self.samples.bar(bar)?)))
    }

    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.beside_floor(&mut out);
        self.other_bars(&mut out);
        self.go(&mut out);
        self.figures(&mut out);
        let _ = writeln!(
            out,
            "\nTimes are medians. A ratio is the median of those of {} rounds, in which everybody \
             takes turns of some 25 ms; in parentheses its quartiles. \
             Other processes had {:.0} % of the processors meanwhile.",
            self.rounds,
            self.others * 100.0
        );
        for problem in &self.problems {
            let _ = writeln!(out, "\n**{problem}**");
        }
        out
    }

    fn has(&self, side: Side) -> bool {
        self.sides.contains(&side)
    }

    fn time(&self, side: Side, work: &'static str) -> String {
        self.samples.of((side, work)).map_or_else(|| "-".to_owned(), |it| time(it.median))
    }

    fn beside_floor(&self, out: &mut String) {
        let mut sides = vec![Side::Ours, Side::Floor];
        sides.extend([Side::Capi, Side::Extism].into_iter().filter(|it| self.has(*it)));
        out.push_str("| one call |");
        for side in &sides {
            let _ = write!(out, " {} |", side.title());
            if *side == Side::Floor {
                out.push_str(" ratio | bar |");
            }
        }
        let _ = writeln!(out, "\n| --- |{}", " ---: |".repeat(sides.len() + 2));
        for work in WORKS {
            if self.samples.of((Side::Ours, work.name)).is_none()
                && self.samples.of((Side::Floor, work.name)).is_none()
            {
                continue;
            }
            let _ = write!(out, "| {} |", work.title);
            for side in &sides {
                let _ = write!(out, " {} |", self.time(*side, work.name));
                if *side != Side::Floor {
                    continue;
                }
                let own = ((Side::Ours, work.name), (Side::Floor, work.name));
                let ratio = self.samples.ratio(own.0, own.1, 1.0);
                let bar = BARS.iter().find(|it| (it.over, it.under) == own);
                let verdict =
                    bar.zip(ratio).map_or_else(String::new, |(bar, it)| verdict(bar, &it));
                let ratio = ratio.map_or_else(String::new, |it| spread(&it));
                let _ = write!(out, " {ratio} | {verdict} |");
            }
            out.push('\n');
        }
    }

    fn other_bars(&self, out: &mut String) {
        let others: Vec<_> = self.bars().filter(|(bar, _)| !bar.title.is_empty()).collect();
        if others.is_empty() {
            return;
        }
        out.push_str("\n| besides | ratio | bar |\n| --- | ---: | ---: |\n");
        for (bar, ratio) in others {
            let (ratio, verdict) = (spread(&ratio), verdict(bar, &ratio));
            let _ = writeln!(out, "| {} | {ratio} | {verdict} |", bar.title);
        }
    }

    fn go(&self, out: &mut String) {
        let sides = [Side::Go, Side::WasmtimeGo, Side::Wazero];
        let sides: Vec<_> = sides.into_iter().filter(|it| self.has(*it)).collect();
        if sides.is_empty() {
            return;
        }
        out.push_str("\n| one call, from Go |");
        for side in &sides {
            let _ = write!(out, " {} |", side.title());
        }
        let _ = writeln!(out, "\n| --- |{}", " ---: |".repeat(sides.len()));
        for work in WORKS.iter().filter(|it| it.go) {
            let _ = write!(out, "| {} |", work.title);
            for side in &sides {
                let _ = write!(out, " {} |", self.time(*side, work.name));
            }
            out.push('\n');
        }
    }

    fn figures(&self, out: &mut String) {
        if self.instructions.is_empty() && self.resident.is_empty() {
            return;
        }
        let sides = [Side::Ours, Side::Floor];
        out.push_str("\n| no times |");
        for side in sides {
            let _ = write!(out, " {} |", side.title());
        }
        out.push_str(" ratio |\n| --- | ---: | ---: | ---: |\n");
        let mut row = |title: &str, numbers: &[(Side, f64)]| {
            let of = |side| numbers.iter().find(|it| it.0 == side).map(|it| it.1);
            let _ = write!(out, "| {title} |");
            for side in sides {
                let number = of(side).map_or_else(|| "-".to_owned(), |it| format!("{it:.0}"));
                let _ = write!(out, " {number} |");
            }
            match of(Side::Ours).zip(of(Side::Floor)) {
                Some((ours, floor)) => writeln!(out, " {:.2} |", ours / floor),
                None => writeln!(out, " |"),
            }
            .unwrap_or_default();
        };
        for (work, numbers) in &self.instructions {
            row(&format!("instructions: {}", crate::works::title(work)), numbers);
        }
        if !self.resident.is_empty() {
            let title = format!("resident bytes of each of {} live instances", self.instances);
            row(&title, &self.resident);
        }
    }
}

pub fn time(nanoseconds: f64) -> String {
    let (number, unit) = match nanoseconds {
        it if it < 1e3 => (it, "ns"),
        it if it < 1e6 => (it / 1e3, "µs"),
        it if it < 1e9 => (it / 1e6, "ms"),
        it => (it / 1e9, "s"),
    };
    let digits = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.digits$} {unit}")
}

fn ratio(number: f64) -> String {
    match number {
        it if it < 20.0 => format!("{it:.2}"),
        it => format!("{it:.0}"),
    }
}

fn spread(it: &Spread) -> String {
    match it.count {
        1 => ratio(it.median),
        _ => format!("{} ({} to {})", ratio(it.median), ratio(it.lower), ratio(it.upper)),
    }
}

fn verdict(bar: &Bar, it: &Spread) -> String {
    let verdict = if bar.limit.holds(it.median) { "ok" } else { "**missed**" };
    format!("{} {verdict}", bar.limit.text())
}

/// What README.md has of the results: rows for which there is a reason, good or bad.
const FEW: [&str; 5] = [
    "(u32, u32) -> u32",
    "list<u8> there and back, 1 MiB",
    "list<record>, 10,000",
    "a fresh instance for each call",
    "a host function called by the guest",
];

/// A few rows of the first table, without the bars.
pub fn few(markdown: &str) -> String {
    let mut out = String::new();
    for (number, line) in markdown.lines().take_while(|line| line.starts_with('|')).enumerate() {
        let mut cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let is_wanted = number < 2 || FEW.contains(&&*cells[0].replace('\\', ""));
        if is_wanted && cells.len() > 4 {
            cells.remove(4);
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
    }
    out
}

/// Tables with columns of one width, for a terminal.
pub fn aligned(markdown: &str) -> String {
    let mut out = String::new();
    let mut table: Vec<Vec<&str>> = Vec::new();
    for line in markdown.lines().chain([""]) {
        if let Some(row) = line.strip_prefix("| ") {
            if !row.starts_with("---") {
                table.push(row.trim_end_matches(" |").split(" | ").map(str::trim).collect());
            }
            continue;
        }
        let columns = table.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            table.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count()).max()
        };
        for row in &table {
            let mut text = String::new();
            for column in 0..columns {
                let cell = row.get(column).copied().unwrap_or("").trim_end_matches('|').trim();
                let width = width(column).unwrap_or(0);
                let _ = match column {
                    0 => write!(text, "{cell:width$}"),
                    _ => write!(text, "  {cell:>width$}"),
                };
            }
            let _ = writeln!(out, "{}", text.trim_end());
        }
        table.clear();
        let _ = writeln!(out, "{line}");
    }
    out.trim_end().to_owned()
}
