//! Runs the C programs in `tests/c`: one per object of the API, in C because that is what users
//! write. Each runs plainly, with AddressSanitizer and UndefinedBehaviorSanitizer, and under
//! Valgrind; `support::programs` explains what a program may ask for in its first lines.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use support::programs::{Directives, Mode, run_source, run_strangely, run_text, write};
use support::{calls, sizes};

/// One test for each program and mode.
macro_rules! programs {
    ($($name:ident)*) => {
        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];

        mod plain {
            $(#[test] fn $name() { super::program(stringify!($name), super::Mode::Plain); })*
        }
        mod sanitized {
            $(#[test] fn $name() { super::program(stringify!($name), super::Mode::Sanitized); })*
        }
        mod valgrind {
            $(#[test] fn $name() { super::program(stringify!($name), super::Mode::Valgrind); })*
        }
    };
}

programs! {
    amplified broken_pipes builder cache cancel churn collected compiled completion component
    conformance corners coroutines crowded debug_info definitions depth descriptors details epoch
    error event_loop exports floats footprint fork forks function handlers held host host_threads
    hostile http http_attacks http_fork http_hostile http_kept http_objects import_types instance
    instance_state interrupt late late_output lifetimes limits linker linking little_space
    load_async loads log logs lookups malformed mappings masks no_handlers nulls output own_errors
    paths pending plugin pool process proposals provider_chains provider_fork provider_links
    providers quota reply resource resource_calls reuse sandbox scan shared shutdown signals
    signature sizes sleepers small_stack special_files stacks started stats strings text trap_forks
    two_copies types undelivered undelivered_fork uninterrupted unload value_equal value_text values
    versions
}

/// Programs that run calls, traps, time limits, callbacks and WASI, each in a process that its host
/// has made strange in one way.
mod strange {
    use super::{Path, run_strangely};

    const PROGRAMS: [&str; 14] = [
        "collected",
        "completion",
        "epoch",
        "function",
        "host",
        "instance",
        "limits",
        "providers",
        "resource_calls",
        "reuse",
        "sandbox",
        "stacks",
        "started",
        "undelivered",
    ];
    /// Guests that call their host on its own stack need more of it than `stacks` has, and say so.
    const ROOMY: [&str; 5] = ["host", "providers", "resource_calls", "reuse", "stacks"];

    fn each(condition: &str, setup: &str) {
        let fits = |name: &&&str| condition != "stacks" || !ROOMY.contains(*name);
        for name in PROGRAMS.iter().filter(fits) {
            let source = format!("tests/c/{name}.c");
            print!("{}", run_strangely(Path::new(&source), condition, setup));
        }
    }

    #[test]
    fn all_signals_are_blocked() {
        each("masked", "");
    }

    #[test]
    fn signals_of_writes_are_at_their_default() {
        each("pipe", "");
    }

    #[test]
    fn tiny_numbers_are_zero() {
        each("flush", "");
    }

    #[test]
    fn threads_have_small_stacks() {
        each("stacks", "ulimit -s 256");
    }

    #[test]
    fn a_handler_was_there_before() {
        each("before", "");
    }

    #[test]
    fn a_handler_comes_after() {
        each("after", "");
    }

    #[test]
    fn a_handler_on_top_passes_on() {
        each("passing", "");
    }
}

/// Programs that `support` writes from the header.
const GENERATED: [&str; 2] = ["nulls", "sizes"];

fn program(name: &str, mode: Mode) {
    let printed = match name {
        "nulls" => run_source(&write(name, &calls::null_program()), mode),
        "sizes" => run_source(&write(name, &sizes::size_program()), mode),
        _ => run_source(Path::new(&format!("tests/c/{name}.c")), mode),
    };
    print!("{printed}");
}

/// A program that nobody runs proves nothing.
#[test]
fn every_program_is_listed() {
    let files = support::files("tests/c", "c");
    let stems = files.iter().filter_map(|path| path.file_stem()?.to_str());
    let present: BTreeSet<&str> = stems.chain(GENERATED).collect();
    let listed: BTreeSet<&str> = PROGRAMS.iter().copied().collect();
    assert_eq!(listed, present, "`programs!` in tests/c.rs against the files in tests/c");
}

/// The sanitizers see what C does to the memory of the library.
#[test]
fn the_sanitizers_bite() {
    let program = |body: &str| format!("#include \"check.h\"\nint main(void) {{ {body} }}\n");
    let leak = program("return runtime_builder_new() == NULL;");
    let twice = program(
        "runtime_builder_t *b = runtime_builder_new(); runtime_builder_free(b); \
         runtime_builder_free(b);",
    );
    for (stem, text, mode, complaint) in [
        ("bites_leak_sanitized", &leak, Mode::Sanitized, "LeakSanitizer"),
        ("bites_twice_sanitized", &twice, Mode::Sanitized, "AddressSanitizer"),
        ("bites_leak_valgrind", &leak, Mode::Valgrind, "definitely lost"),
        ("bites_twice_valgrind", &twice, Mode::Valgrind, "Invalid read"),
    ] {
        let failure = std::panic::catch_unwind(|| run_text(stem, text, mode));
        let payload = failure.expect_err("somebody notices");
        let said = payload.downcast_ref::<String>().expect("the panic has a message");
        assert!(said.contains(complaint), "{stem}: {said}");
    }
}

#[test]
fn directives_are_understood() {
    let source = "/* run: ulimit -v 8000000 -- shrunk */\n/* run: ulimit -v 9 */\n/* threads */\n\
                  /* no-valgrind: it cannot reserve that much */\n#include \"check.h\"\n";
    let directives = Directives::parse(source);
    assert_eq!(directives.runs[0], ("ulimit -v 8000000".into(), "shrunk".into()));
    assert_eq!(directives.runs[1], ("ulimit -v 9".into(), String::new()));
    assert!(directives.threads && directives.no_valgrind && !directives.no_sanitizer);
    assert_eq!(Directives::parse("/* what it does */\nint main"), Directives::default());
}
