//! Bombs: components that take a compiler long for what they are. Each is refused, or loaded for
//! what its size may cost; every load runs in a process of its own, which knows what it took.

use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use wasmcell::{Component, ComponentOptions, Runtime};

const FILE: &str = "WASMCELL_LOAD";

/// CPU time of this process in milliseconds, and the most memory it had, in MiB.
fn usage() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    (ticks * 10, memory("VmHWM:"))
}

fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix(line)).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}

/// What a process does that another test started.
#[test]
fn load() {
    let Some(file) = env::var_os(FILE) else { return };
    thread::spawn(|| {
        while memory("VmRSS:") < 4 << 10 && usage().0 < 120_000 {
            thread::sleep(Duration::from_millis(20));
        }
        eprintln!("more than anybody should take: {:?}", usage());
        process::exit(3);
    });
    let bytes = fs::read(file).unwrap();
    let mut builder = Runtime::builder();
    builder.log(tracing::Level::DEBUG, Arc::new(|_, _, message| eprintln!("{message}")));
    if let Some(cost) = env::var_os("WASMCELL_COST") {
        builder.max_compile_cost(cost.to_str().unwrap().parse().unwrap());
    }
    builder.force_on_demand_allocator().max_table_elements(100_000);
    let runtime = builder.build().unwrap();
    let before = usage();
    let outcome = Component::new(&runtime, &bytes, &ComponentOptions::default());
    let after = usage();
    let told = match outcome {
        Ok(_) => "loaded".to_owned(),
        Err(error) => format!("{:?}: {}", error.code(), error.message()),
    };
    println!("{} {} {told}", after.0 - before.0, after.1 - before.1);
}
