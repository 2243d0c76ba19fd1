//! The compound types of guest.wat, and the same values as wasmcell.c passes.

use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Row {
    id: u32,
    x: f64,
    y: f64,
    on: bool,
}

#[derive(Clone, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Shape {
    #[component(name = "none")]
    None,
    #[component(name = "number")]
    Number(u64),
    #[component(name = "text")]
    Text(String),
    #[component(name = "pair")]
    Pair((u32, Option<u32>)),
    #[component(name = "outcome")]
    Outcome(Result<String, u32>),
}

pub fn rows(count: usize) -> Vec<Row> {
    let row = |i: usize| Row { id: i as u32, x: i as f64, y: -(i as f64), on: i % 2 == 1 };
    (0..count).map(row).collect()
}

/// Each case in turn.
pub fn shapes(count: usize) -> Vec<Shape> {
    let shape = |i: usize| match i % 5 {
        1 => Shape::Number(i as u64),
        2 => Shape::Text("some text".to_owned()),
        3 => Shape::Pair((i as u32, (i % 2 == 1).then_some(7))),
        4 => Shape::Outcome(Ok("fine".to_owned())),
        _ => Shape::None,
    };
    (0..count).map(shape).collect()
}
