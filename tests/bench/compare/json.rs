//! The results for programs.

use std::fmt::Write;

use crate::measure::Spread;
use crate::tables::Results;

pub fn text(results: &Results) -> String {
    let (rounds, others) = (results.rounds, results.others);
    let mut out = format!("{{\n  \"rounds\": {rounds},\n  \"others\": {others:.3},\n");
    out.push_str("  \"nanoseconds\": [\n");
    let times = results.samples.all().map(|((side, work), it)| {
        format!("    {{\"work\": \"{work}\", \"side\": \"{}\", {}}}", side.key(), spread(&it))
    });
    list(&mut out, times);
    out.push_str("  ],\n  \"bars\": [\n");
    let bars = results.bars().map(|(bar, it)| {
        let name = |sample: crate::works::Sample| format!("{}:{}", sample.0.key(), sample.1);
        format!(
            "    {{\"over\": \"{}\", \"under\": \"{}\", \"factor\": {}, \"limit\": \"{}\", \
             \"holds\": {}, {}}}",
            name(bar.over),
            name(bar.under),
            bar.factor,
            bar.limit.text(),
            bar.limit.holds(it.median),
            spread(&it)
        )
    });
    list(&mut out, bars);
    out.push_str("  ],\n  \"instructions\": [\n");
    let counts = results.instructions.iter().flat_map(|(work, sides)| {
        sides.iter().map(move |(side, count)| {
            format!(
                "    {{\"work\": \"{work}\", \"side\": \"{}\", \"count\": {count}}}",
                side.key()
            )
        })
    });
    list(&mut out, counts);
    let _ = write!(out, "  ],\n  \"instances\": {},\n  \"resident\": [\n", results.instances);
    let resident = results.resident.iter();
    let resident = resident
        .map(|(side, bytes)| format!("    {{\"side\": \"{}\", \"bytes\": {bytes}}}", side.key()));
    list(&mut out, resident);
    out.push_str("  ]\n}\n");
    out
}

fn list(out: &mut String, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    let _ = writeln!(out, "{}", items.join(",\n"));
}

fn spread(it: &Spread) -> String {
    format!(
        "\"samples\": {}, \"median\": {}, \"lower\": {}, \"upper\": {}, \
         \"tenth\": {}, \"ninetieth\": {}",
        it.count, it.median, it.lower, it.upper, it.tenth, it.ninetieth
    )
}
