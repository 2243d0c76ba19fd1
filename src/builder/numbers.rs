//! The settings that are numbers, and what they may be. Their units and meanings stand where their
//! setters are; the header says the same of defaults and ranges, and a test compares.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::engine::limits::MIN_STACK;
use crate::engine::sizes::{GIB, KIB, MIB, TIB, WASM_PAGE};
use crate::engine::{MOST_POOLS, Settings};

/// A year, in milliseconds. Longer times come from an overflow in the host.
pub(crate) const MAX_MILLISECONDS: u64 = 366 * 24 * 60 * 60 * 1000;

/// A setting that is a number.
pub(super) struct Number {
    pub name: &'static str,
    pub range: RangeInclusive<u64>,
    /// 0 if it is not set.
    pub get: fn(&Settings) -> u64,
    pub set: fn(&mut Settings, u64),
}

pub(super) const NUMBERS: [Number; 37] = [
    Number {
        name: "max_components",
        range: 1..=1_000_000,
        get: |s| s.max_components.into(),
        set: |s, n| s.max_components = n as u32,
    },
    Number {
        name: "max_pools",
        range: 1..=MOST_POOLS as u64,
        get: |s| s.max_pools.into(),
        set: |s, n| s.max_pools = n as u32,
    },
    Number {
        name: "max_core_instances_per_component",
        range: 1..=10_000,
        get: |s| s.max_core_instances_per_component.into(),
        set: |s, n| s.max_core_instances_per_component = n as u32,
    },
    Number {
        name: "max_memories_per_component",
        range: 1..=10_000,
        get: |s| s.max_memories_per_component.into(),
        set: |s, n| s.max_memories_per_component = n as u32,
    },
    Number {
        name: "max_tables_per_component",
        range: 1..=10_000,
        get: |s| s.max_tables_per_component.into(),
        set: |s, n| s.max_tables_per_component = n as u32,
    },
    Number {
        name: "max_table_elements",
        range: 1..=10_000_000,
        get: |s| s.max_table_elements as u64,
        set: |s, n| s.max_table_elements = n as usize,
    },
    Number {
        name: "max_component_size",
        range: 1..=4 * GIB,
        get: |s| s.max_component_size,
        set: |s, n| s.max_component_size = n,
    },
    Number {
        name: "max_names_size",
        range: KIB..=GIB,
        get: |s| s.max_names_size,
        set: |s, n| s.max_names_size = n,
    },
    Number {
        name: "max_text_size",
        range: 0..=4 * GIB,
        get: |s| s.max_text_size,
        set: |s, n| s.max_text_size = n,
    },
    Number {
        name: "max_compile_cost",
        range: 0..=1_000_000_000_000_000,
        get: |s| s.max_compile_cost,
        set: |s, n| s.max_compile_cost = n,
    },
    Number {
        name: "max_compile_threads",
        range: 0..=1024,
        get: |s| s.max_compile_threads as u64,
        set: |s, n| s.max_compile_threads = n as usize,
    },
    Number {
        name: "max_linear_memory",
        range: WASM_PAGE..=4 * GIB,
        get: |s| s.max_linear_memory as u64,
        set: |s, n| s.max_linear_memory = (n / WASM_PAGE * WASM_PAGE) as usize,
    },
    Number {
        name: "max_instance_memory",
        range: WASM_PAGE..=128 * TIB,
        get: |s| s.max_instance_memory,
        set: |s, n| s.max_instance_memory = n,
    },
    Number {
        name: "max_execution_time",
        range: 1..=MAX_MILLISECONDS,
        get: |s| milliseconds(s.max_execution_time),
        set: |s, n| s.max_execution_time = Duration::from_millis(n),
    },
    Number {
        name: "epoch_tick",
        range: 1..=10_000,
        get: |s| milliseconds(s.epoch_tick),
        set: |s, n| s.epoch_tick = Duration::from_millis(n),
    },
    Number {
        name: "instance_wait",
        range: 0..=MAX_MILLISECONDS,
        get: |s| milliseconds(s.instance_wait),
        set: |s, n| s.instance_wait = Duration::from_millis(n),
    },
    Number {
        name: "max_stack",
        range: MIN_STACK..=64 * MIB,
        get: |s| s.max_stack as u64,
        set: |s, n| s.max_stack = n as usize,
    },
    Number {
        name: "max_call_depth",
        range: 1..=10_000,
        get: |s| s.max_call_depth.into(),
        set: |s, n| s.max_call_depth = n as u32,
    },
    Number {
        name: "max_hostcall_memory",
        range: 1..=4 * GIB,
        get: |s| s.max_hostcall_memory as u64,
        set: |s, n| s.max_hostcall_memory = n as usize,
    },
    Number {
        name: "max_resources",
        range: 1..=10_000_000,
        get: |s| s.max_resources as u64,
        set: |s, n| s.max_resources = n as usize,
    },
    Number {
        name: "max_random_size",
        range: 1..=GIB,
        get: |s| s.max_random_size,
        set: |s, n| s.max_random_size = n,
    },
    Number {
        name: "fuel",
        range: 1..=u64::MAX,
        get: |s| s.fuel.unwrap_or_default(),
        set: |s, n| s.fuel = Some(n),
    },
    Number {
        name: "pool_keep_resident",
        range: 0..=GIB,
        get: |s| s.pool_keep_resident as u64,
        set: |s, n| s.pool_keep_resident = n as usize,
    },
    Number {
        name: "worker_threads",
        range: 0..=1024,
        get: |s| s.worker_threads as u64,
        set: |s, n| s.worker_threads = n as usize,
    },
    Number {
        name: "cache_memory",
        range: 0..=128 * TIB,
        get: |s| s.cache.memory,
        set: |s, n| s.cache.memory = n,
    },
    Number {
        name: "max_descriptors",
        range: 1..=1_000_000,
        get: |s| s.bounds.max_descriptors,
        set: |s, n| s.bounds.max_descriptors = n,
    },
    Number {
        name: "max_total_descriptors",
        range: 1..=1_000_000,
        get: |s| s.bounds.max_total_descriptors.unwrap_or_default(),
        set: |s, n| s.bounds.max_total_descriptors = Some(n),
    },
    Number {
        name: "max_buffers",
        range: 128 * KIB..=GIB,
        get: |s| s.bounds.max_buffers,
        set: |s, n| s.bounds.max_buffers = n,
    },
    Number {
        name: "max_total_buffers",
        range: MIB..=128 * TIB,
        get: |s| s.bounds.max_total_buffers,
        set: |s, n| s.bounds.max_total_buffers = n,
    },
    Number {
        name: "max_file_operations",
        range: 1..=1024,
        get: |s| s.bounds.max_file_operations as u64,
        set: |s, n| s.bounds.max_file_operations = n as usize,
    },
    Number {
        name: "file_threads",
        range: 1..=1024,
        get: |s| s.bounds.file_threads as u64,
        set: |s, n| s.bounds.file_threads = n as usize,
    },
    Number {
        name: "host_threads",
        range: 1..=1024,
        get: |s| s.bounds.host_threads as u64,
        set: |s, n| s.bounds.host_threads = n as usize,
    },
    Number {
        name: "max_lookups",
        range: 1..=1024,
        get: |s| s.bounds.max_lookups,
        set: |s, n| s.bounds.max_lookups = n,
    },
    Number {
        name: "lookup_threads",
        range: 1..=1024,
        get: |s| s.bounds.lookup_threads as u64,
        set: |s, n| s.bounds.lookup_threads = n as usize,
    },
    Number {
        name: "max_environment",
        range: 1..=GIB,
        get: |s| s.bounds.max_environment,
        set: |s, n| s.bounds.max_environment = n,
    },
    Number {
        name: "max_instance_state",
        range: 4 * KIB..=GIB,
        get: |s| s.bounds.max_instance_state,
        set: |s, n| s.bounds.max_instance_state = n,
    },
    Number {
        name: "max_total_instance_state",
        range: MIB..=128 * TIB,
        get: |s| s.bounds.max_total_instance_state,
        set: |s, n| s.bounds.max_total_instance_state = n,
    },
];

fn milliseconds(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = include_str!("../../include/wasmcell.h");

    /// What the header says of the only parameter besides the builder.
    fn documentation(name: &str) -> String {
        let (before, _) = HEADER
            .split_once(&format!("void runtime_builder_{name}("))
            .unwrap_or_else(|| panic!("the header has no runtime_builder_{name}"));
        let comment = &before[before.rfind("/**").unwrap()..];
        let lines = comment.lines().map(|line| line.trim().trim_start_matches('*').trim());
        lines.collect::<Vec<_>>().join(" ").split_once("Default ").unwrap().1.to_owned()
    }

    /// `4 MiB`, `600000`, `128 TiB`, `UINT64_MAX`, at the beginning of `text`.
    fn number(text: &str) -> u64 {
        if text.starts_with("UINT64_MAX") {
            return u64::MAX;
        }
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(digits);
        let units = [(" KiB", KIB), (" MiB", MIB), (" GiB", GIB), (" TiB", TIB)];
        let unit = units.iter().find(|(unit, _)| rest.starts_with(unit)).map_or(1, |(_, n)| *n);
        digits.parse::<u64>().unwrap_or_else(|_| panic!("no number: {text}")) * unit
    }

    fn range(text: &str) -> RangeInclusive<u64> {
        let most = |text: &str, before: &str| number(text.split_once(before).unwrap().1);
        match text.split_once("from ") {
            Some((_, text)) => number(text)..=most(text, " to "),
            None => 0..=most(text, "at most "),
        }
    }

    #[test]
    fn the_header_tells_defaults_and_ranges() {
        let defaults = Settings::default();
        for Number { name, range: allowed, get, .. } in &NUMBERS {
            let text = documentation(name);
            assert_eq!(range(&text), *allowed, "{name}: {text}");
            let default = match *name {
                "fuel" => text.starts_with("none"),
                "max_total_descriptors" => text.starts_with("half of what the process may open"),
                _ => number(&text) == get(&defaults),
            };
            assert!(default, "{name} is {}: {text}", get(&defaults));
        }
    }

    #[test]
    fn each_is_set_as_it_is_read() {
        for Number { name, range, get, set } in &NUMBERS {
            for value in [range.start(), range.end()] {
                let mut settings = Settings::default();
                set(&mut settings, *value);
                assert_eq!(get(&settings), *value, "{name}");
            }
        }
    }
}
