//! Bombs: components that take a compiler long for what they are. Each is refused, or loaded for
//! what its size may cost; every load runs in a process of its own, which knows what it took.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use wasmcell::{Component, ComponentOptions, Runtime};

mod bodies;
mod encode;
mod managed;
mod modules;
mod parts;

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
        while memory("VmRSS:") < 2 << 10 && usage().0 < 30_000 {
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
    builder.force_on_demand_allocator().max_table_elements(100_000).proposals(7);
    let runtime = builder.build().unwrap();
    let before = usage();
    let outcome = Component::new(&runtime, &bytes, &ComponentOptions::default());
    let after = usage();
    let told = match outcome {
        Ok(_) => "loaded".to_owned(),
        Err(error) => format!("{:?}: {}", error.code(), error.message()),
    };
    println!("\nTOOK {} {} {told}", after.0 - before.0, after.1 - before.1);
}

type Bomb = (&'static str, fn(usize) -> Vec<u8>);

/// Larger ones are not tried: a load may take what its size may.
const MOST_BYTES: usize = 512 << 10;

/// Loads `bomb` of 64 parts and more, twice as many each time, until it is refused.
fn explode((name, bomb): Bomb) -> Vec<String> {
    let mut problems = Vec::new();
    for n in (6..22).map(|power| 1 << power) {
        let bytes = bomb(n);
        if bytes.len() > MOST_BYTES || is_refused(name, n, &bytes, &mut problems) {
            break;
        }
    }
    problems
}

/// Loads one of `n` parts, and tells whether it was refused, or ended the process.
fn is_refused(name: &str, n: usize, bytes: &[u8], problems: &mut Vec<String>) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bomb.wasm");
    fs::write(&file, bytes).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "load", "--nocapture"])
        .env(FILE, &file)
        .output()
        .unwrap();
    let (text, size) = (String::from_utf8_lossy(&output.stdout).into_owned(), bytes.len());
    let Some(told) = text.lines().find_map(|line| line.strip_prefix("TOOK ")) else {
        problems.push(format!("{name} of {n}, {size} bytes: ended by {}", output.status));
        return true;
    };
    let mut parts = told.splitn(3, ' ');
    let [cpu, memory] = [(); 2].map(|()| parts.next().unwrap().parse::<usize>().unwrap());
    let outcome = parts.next().unwrap();
    println!("{name} of {n}: {size} bytes, {cpu} ms, {memory} MiB: {outcome:.60}");
    // Four microseconds a byte, and a machine that is half as fast or has other things to do.
    if cpu > 2 * (2000 + size / 250) || memory > 256 + size / 5000 {
        problems.push(format!("{name} of {n}, {size} bytes: {cpu} ms, {memory} MiB"));
    }
    if outcome.starts_with("Panic") {
        problems.push(format!("{name} of {n}: {outcome}"));
    }
    let is_refused = outcome.starts_with("ResourceLimit") || outcome.starts_with("Component");
    if is_refused && !outcome.contains("`max_") && !outcome.contains("more than") {
        problems.push(format!("{name} of {n} names no limit: {outcome}"));
    }
    is_refused
}

fn explode_all(bombs: &[Bomb]) {
    let problems: Vec<String> = bombs.iter().copied().flat_map(explode).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What compilers write when they are not to optimise, such as a function of QuickJS built for
/// debugging.
#[test]
fn thousands_of_brief_variables_are_loaded() {
    let runtime = Runtime::builder().force_on_demand_allocator().build().unwrap();
    let bytes = bodies::brief_variables(8000, 2500);
    Component::new(&runtime, &bytes, &ComponentOptions::default()).unwrap();
}

/// A name that is written once, and wanted very often.
#[test]
fn long_names_are_shared() {
    const N: usize = 90_000;
    let mut problems = Vec::new();
    for place in ["import", "interface", "export"] {
        let bytes = parts::long_parameters(place, N, N);
        is_refused(&format!("parameters, {place}"), N, &bytes, &mut problems);
    }
    is_refused("functions of an interface", N, &parts::long_interface(N, N), &mut problems);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Its reader would move everything for each of them.
#[test]
fn text_of_many_parts_is_refused() {
    let mut problems = Vec::new();
    assert!(is_refused("imports, as text", 40_000, &parts::text_imports(40_000), &mut problems));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn bodies_cost_what_their_size_may() {
    explode_all(&[
        ("values of branches", |n| bodies::branch_values(900, n)),
        ("values of calls", |n| bodies::call_values(900, n)),
        ("values of blocks", |n| bodies::block_values(0x02, 900, n)),
        ("values of loops", |n| bodies::block_values(0x03, 900, n)),
        ("functions", |n| bodies::functions(0, n)),
        ("functions with locals", |n| bodies::functions(40_000, n)),
        ("live variables", |n| bodies::live_variables(n, n)),
        ("variables of loops", |n| bodies::loop_variables(n, 100)),
        ("brief variables", |n| bodies::brief_variables(n, n)),
        ("brief variables, few branches", |n| bodies::brief_variables(n, n / 16)),
        ("variables of a turn", |n| bodies::variables_of_a_turn(n, n)),
        ("branch tables", |n| bodies::branch_tables(n, n)),
        ("blocks within blocks", |n| bodies::nest(0x02, n)),
        ("loops within loops", |n| bodies::nest(0x03, n)),
        ("tall stacks", bodies::tall_stack),
        ("chains of additions", |n| bodies::chain(n, &[0x41, 1, 0x6a])),
        ("table.grow", |n| bodies::repeated(1, n, &[0xd0, 0x70, 0x41, 0, 0xfc, 15, 0, 0x1a])),
        ("memory.grow", |n| bodies::repeated(1, n, &[0x41, 0, 0x40, 0, 0x1a])),
    ]);
}

#[test]
fn modules_cost_what_their_size_may() {
    explode_all(&[
        ("types", |n| modules::types(20, n, 0)),
        ("types of imports", |n| modules::types(20, n, n)),
        ("imports", |n| modules::imports(n, 10)),
        ("exports", |n| modules::exports(n, 10)),
        ("long exports", |n| modules::exports(n, 10_000)),
        ("escaping functions", modules::escaping),
        ("globals", |n| modules::globals(n, encode::I32, &[0x41, 0])),
        ("tables", |n| modules::tables(n / 64, 10, 10_000)),
        ("elements", |n| modules::elements(1, n, false, false)),
        ("elements as expressions", |n| modules::elements(1, n, true, false)),
        ("segments of elements", |n| modules::elements(n, 1, true, true)),
        ("images", |n| modules::images(n / 64, 1, 15 << 20)),
        ("data segments", |n| modules::segments(n, false)),
        ("names", |n| modules::names(n, 10)),
        ("custom sections", |n| modules::custom("anything", n)),
        ("empty modules", modules::many),
    ]);
}

#[test]
fn what_is_managed_costs_what_its_size_may() {
    explode_all(&[
        ("structs", |n| managed::structs(1, n)),
        ("structs of many fields", |n| managed::structs(1000, n)),
        ("chains of types", |n| managed::chains(1, n)),
        ("chains of large types", |n| managed::chains(500, n)),
        ("a group of types", managed::group),
        ("large structs", |n| managed::large_structs(9_000, n)),
        ("small structs", |n| managed::large_structs(1, n)),
        ("places that catch, nested", |n| managed::nested(n, 1)),
        ("places that catch, nested, and calls", |n| managed::nested(n, n)),
        ("places that catch", |n| managed::repeated(n, "(try_table (catch_all 0) (call $f))")),
        ("ways to catch", |n| managed::catches(n, 1)),
        ("ways to catch and calls", |n| managed::catches(n, n)),
        ("caught variables", |n| managed::caught_variables(n, n)),
        ("caught variables, few calls", |n| managed::caught_variables(n, n / 16)),
        ("throws", |n| managed::repeated(n, "(block (throw $t (i32.const 1)))")),
        ("roots", |n| managed::roots(n, n)),
        ("few roots, many calls", |n| managed::roots(n / 16, n)),
        ("many roots, few calls", |n| managed::roots(n, n / 16)),
        ("given roots", |n| managed::given_roots(n, n)),
        ("passed roots", |n| managed::passed_roots(n.min(900), n)),
        ("tags", managed::tags),
        ("initial values", |n| managed::initial(2, n)),
        ("large initial values", |n| managed::initial(9_000, n)),
        ("casts", |n| managed::repeated(n, "(drop (ref.test (ref $q) (local.get $p)))")),
        ("branches on casts", |n| {
            managed::repeated(
                n,
                "(drop (block (result (ref null $p))
                    (br_on_cast 0 (ref null $p) (ref $q) (local.get $p))))",
            )
        }),
        ("fields", |n| managed::repeated(n, "(drop (struct.get $p 0 (local.get $p)))")),
        ("set fields", |n| managed::repeated(n, "(struct.set $p 0 (local.get $p) (i32.const 1))")),
        ("elements of arrays", |n| {
            managed::repeated(n, "(drop (array.get $a (local.get $a) (i32.const 1)))")
        }),
        ("arrays", |n| managed::repeated(n, "(drop (array.new_default $a (i32.const 3)))")),
        ("filled arrays", |n| {
            managed::repeated(
                n,
                "(array.fill $a (local.get $a) (i32.const 0) (i32.const 1)
                (i32.const 1))",
            )
        }),
        ("copied arrays", |n| {
            managed::repeated(
                n,
                "(array.copy $a $a (local.get $a) (i32.const 0) (local.get $a)
                (i32.const 0) (i32.const 1))",
            )
        }),
        ("arrays of operands", |n| {
            managed::repeated(
                n,
                "(drop (array.new_fixed $a 4 (i32.const 1) (i32.const 1)
                (i32.const 1) (i32.const 1)))",
            )
        }),
        ("calls of references", |n| managed::repeated(n, "(call_ref $v (ref.func $f))")),
    ]);
}

#[test]
fn components_cost_what_their_size_may() {
    explode_all(&[
        ("instantiations", |n| parts::instantiations(n.ilog2() as usize, 2)),
        ("components that are given", |n| parts::given(n.ilog2() as usize)),
        ("bags of bags", |n| parts::bags(n.ilog2() as usize)),
        ("tuples of tuples", |n| parts::tuples(n.ilog2() as usize, 20)),
        ("interfaces", |n| parts::interfaces(n, n.min(900))),
        ("long names", |n| parts::long_names(20_000, n)),
        ("long parameters", |n| parts::long_parameters("interface", 20_000, n)),
        ("lowered functions", parts::lowered),
        ("dropped resources", parts::dropped),
        ("adapters", |n| parts::adapters(&parts::large_type(10, 10), n / 16)),
        ("core instances", |n| parts::core_instances(20, n)),
        ("aliases", parts::aliases),
        ("types within types", parts::nested_types),
        ("components within components", parts::nested_components),
        ("imports, as text", parts::text_imports),
        ("types of functions, as text", parts::text_lowered),
        ("text", |n| format!("(component (core module {}))", "(func)".repeat(n)).into_bytes()),
    ]);
}
