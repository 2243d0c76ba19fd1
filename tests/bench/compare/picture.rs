//! Ratios to the floor with their spread, as an SVG with a logarithmic axis.

use std::fmt::Write;

use crate::measure::Spread;
use crate::tables::Results;
use crate::works::{BARS, Limit, Side, WORKS};

const WIDTH: f64 = 1000.0;
/// Where the axis begins and ends.
const LEFT: f64 = 270.0;
const RIGHT: f64 = 970.0;
const TOP: f64 = 84.0;
const ROW: f64 = 26.0;

const COLOURS: [(Side, &str); 3] =
    [(Side::Ours, "#1f6feb"), (Side::Capi, "#bc4c00"), (Side::Extism, "#8250df")];

/// A logarithmic axis.
struct Axis {
    least: f64,
    most: f64,
}

impl Axis {
    fn at(&self, ratio: f64) -> f64 {
        let share = (ratio / self.least).ln() / (self.most / self.least).ln();
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// 1, 2, 5, 10, and so on.
    fn ticks(&self) -> Vec<f64> {
        let all = (-3..7).flat_map(|power| [1.0, 2.0, 5.0].map(|it| it * 10_f64.powi(power)));
        all.filter(|it| (self.least..=self.most).contains(it)).collect()
    }
}

/// One work, with the ratios of those who can do it.
struct Row {
    title: &'static str,
    ratios: Vec<(&'static str, Spread)>,
    bar: Option<f64>,
}

fn rows(results: &Results) -> Vec<Row> {
    let row = |work: &'static str, title: &'static str| {
        let ratio = |side| results.samples.ratio((side, work), (Side::Floor, work), 1.0);
        let ratios: Vec<_> =
            COLOURS.iter().filter_map(|(side, colour)| Some((*colour, ratio(*side)?))).collect();
        let bar = BARS.iter().find(|it| it.is_beside_floor() && it.over.1 == work);
        let bar = bar.filter(|it| it.under.1 == work).map(|it| match it.limit {
            Limit::AtMost(limit) | Limit::AtLeast(limit) => limit,
        });
        (!ratios.is_empty()).then_some(Row { title, ratios, bar })
    };
    WORKS.iter().filter_map(|work| row(work.name, work.title)).collect()
}

pub fn svg(results: &Results) -> String {
    let rows = rows(results);
    let ends = rows.iter().flat_map(|row| &row.ratios);
    let (mut least, mut most) = (0.5_f64, 2.5_f64);
    for (_, spread) in ends {
        (least, most) = (least.min(spread.tenth / 1.1), most.max(spread.ninetieth * 1.2));
    }
    let axis = Axis { least, most };
    let bottom = TOP + ROW * rows.len() as f64;
    let height = bottom + 46.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"20\" y=\"30\" font-size=\"17\" font-weight=\"600\" fill=\"#1f2328\">\
         Time for one call, as a multiple of wasmtime in Rust with static types</text>\n"
    );
    legend(&mut out, results);
    for (i, _) in rows.iter().enumerate().filter(|(i, _)| i % 2 == 0) {
        let y = TOP + ROW * i as f64;
        let _ = writeln!(
            out,
            "<rect x=\"10\" y=\"{y}\" width=\"{}\" height=\"{ROW}\" fill=\"#f6f8fa\"/>",
            WIDTH - 20.0
        );
    }
    for tick in axis.ticks() {
        let x = axis.at(tick);
        let colour = match tick {
            1.0 => "#59636e",
            _ if tick.log10().fract() == 0.0 => "#d1d9e0",
            _ => "#eaeef2",
        };
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"{colour}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#59636e\">×{tick}</text>",
            bottom + 20.0
        );
    }
    for (i, row) in rows.iter().enumerate() {
        draw(&mut out, &axis, row, TOP + ROW * (i as f64 + 0.5));
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, axis: &Axis, row: &Row, y: f64) {
    let title = row.title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1f2328\">{title}</text>",
        LEFT - 14.0,
        y + 4.5
    );
    if let Some(bar) = row.bar {
        let x = axis.at(bar);
        let (top, end) = (y - ROW / 2.0 + 3.0, y + ROW / 2.0 - 3.0);
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{end}\" stroke=\"#cf222e\" \
             stroke-width=\"2\"/>"
        );
    }
    for (colour, it) in &row.ratios {
        let at = |ratio| axis.at(ratio);
        let _ = writeln!(
            out,
            "<line x1=\"{:.1}\" y1=\"{y}\" x2=\"{:.1}\" y2=\"{y}\" stroke=\"{colour}\" \
             stroke-width=\"1.2\"/>\
             <line x1=\"{:.1}\" y1=\"{y}\" x2=\"{:.1}\" y2=\"{y}\" stroke=\"{colour}\" \
             stroke-width=\"6\" stroke-linecap=\"round\" stroke-opacity=\"0.35\"/>\
             <circle cx=\"{:.1}\" cy=\"{y}\" r=\"4\" fill=\"{colour}\"/>",
            at(it.tenth),
            at(it.ninetieth),
            at(it.lower),
            at(it.upper),
            at(it.median)
        );
    }
}

fn legend(out: &mut String, results: &Results) {
    let mut x = 26.0;
    for (side, colour) in COLOURS.iter().filter(|it| results.sides.contains(&it.0)) {
        let _ = writeln!(
            out,
            "<circle cx=\"{x}\" cy=\"56\" r=\"5\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"60.5\" fill=\"#1f2328\">{}</text>",
            x + 11.0,
            side.title()
        );
        x += 40.0 + 7.5 * side.title().len() as f64;
    }
    let _ = writeln!(
        out,
        "<line x1=\"{x}\" y1=\"48\" x2=\"{x}\" y2=\"64\" stroke=\"#cf222e\" stroke-width=\"2\"/>\
         <text x=\"{}\" y=\"60.5\" fill=\"#1f2328\">bar</text>\
         <text x=\"{RIGHT}\" y=\"60.5\" text-anchor=\"end\" fill=\"#59636e\">\
         dot: median of {} rounds · thick: quartiles · thin: 10 % to 90 %</text>",
        x + 9.0,
        results.rounds
    );
}
