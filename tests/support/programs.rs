//! Compiles C programs against the header and the library that cargo just built, and runs them:
//! plainly, with the sanitizers, and under Valgrind.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{output, read, root, run, scratch, tool};

/// How a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Plain,
    /// With AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer in the program; those
    /// also watch the allocations of the library.
    Sanitized,
    Valgrind,
}

/// What the first lines of a program ask for, each in a comment of its own:
///
/// - `/* run: ulimit -v 8000000 */` runs the program after that piece of shell, in plain mode
///   only; `/* run: ulimit -v 8000000 -- shrunk */` gives it arguments, too. One run for each.
/// - `/* no-valgrind: reason */` and `/* no-sanitizer: reason */` leave out that mode.
/// - `/* threads */` makes Valgrind switch threads fairly.
/// - `/* unlinked */` is for a program that loads `$WASMCELL_LIBRARY` itself.
/// - `/* plugin */` has the source made into a shared object as well, with `PLUGIN` defined, which
///   the program finds under its own path followed by `.so`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directives {
    pub runs: Vec<(String, String)>,
    pub threads: bool,
    pub unlinked: bool,
    pub plugin: bool,
    pub no_valgrind: bool,
    pub no_sanitizer: bool,
}

impl Directives {
    pub fn parse(source: &str) -> Self {
        let mut it = Self::default();
        for line in source.lines().take_while(|line| line.starts_with("/*")) {
            let text = line.trim_start_matches("/*").trim_end_matches("*/").trim();
            if let Some(run) = text.strip_prefix("run:") {
                let (setup, arguments) = run.split_once(" -- ").unwrap_or((run, ""));
                it.runs.push((setup.trim().to_owned(), arguments.trim().to_owned()));
            }
            it.threads |= text == "threads";
            it.unlinked |= text == "unlinked";
            it.plugin |= text == "plugin";
            it.no_valgrind |= text.starts_with("no-valgrind:");
            it.no_sanitizer |= text.starts_with("no-sanitizer:");
        }
        it
    }
}

/// The shared library that belongs to the running test.
pub fn cdylib() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its path");
    let library = test.with_file_name("libwasmcell.so");
    assert!(library.is_file(), "{} is missing: run `cargo test`", library.display());
    library
}

/// The name under which programs linked to `library` look for it.
pub fn soname(library: &Path) -> Option<String> {
    let dynamic = run(tool("readelf").arg("-dW").arg(library));
    let line = dynamic.lines().find(|line| line.contains("(SONAME)"))?;
    Some(line.split_once('[')?.1.split_once(']')?.0.to_owned())
}

/// A directory with `library` under the names that the linker and the loader ask for.
pub fn stage(library: &Path) -> PathBuf {
    // Another library is another directory, so a link is never stale.
    let mut hasher = DefaultHasher::new();
    library.hash(&mut hasher);
    let directory = scratch(&format!("stage-{:x}", hasher.finish()));
    for name in soname(library).into_iter().chain(["libwasmcell.so".to_owned()]) {
        let link = directory.join(name);
        match std::os::unix::fs::symlink(library, &link) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            other => other.unwrap_or_else(|e| panic!("{}: {e}", link.display())),
        }
    }
    directory
}

fn main_stage() -> &'static Path {
    static STAGE: OnceLock<PathBuf> = OnceLock::new();
    STAGE.get_or_init(|| stage(&cdylib()))
}

/// A C compiler with the flags that every program here has to pass.
pub fn compiler(name: &str) -> Command {
    let mut compiler = tool(name);
    compiler.current_dir(root());
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
    compiler.args(["-g", "-O1", "-pthread", "-D_GNU_SOURCE=", "-Iinclude", "-Itests/c"]);
    compiler
}

/// Compiles `source` against the libraries in `stage`.
pub fn compile(source: &Path, stage: &Path, mode: Mode) -> PathBuf {
    let stem = source.file_stem().and_then(OsStr::to_str).expect("a program has a name");
    let from = stage.file_name().and_then(OsStr::to_str).expect("a stage has a name");
    // Plain and Valgrind compile the same program, perhaps at the same time.
    let program = scratch("programs").join(format!("{stem}-{from}-{mode:?}"));
    let directives = Directives::parse(&read(source));
    let build = |into: &Path, flags: &[&str]| {
        let mut gcc = compiler("gcc");
        if mode == Mode::Sanitized {
            gcc.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
            gcc.arg("-fno-omit-frame-pointer");
        }
        // Another thread may be running what is there.
        let own = format!("{}-{:?}", std::process::id(), std::thread::current().id());
        let own = into.with_extension(own);
        gcc.args(flags).arg(source).arg("-o").arg(&own);
        if !directives.unlinked {
            gcc.arg("-L").arg(stage).arg("-lwasmcell");
            gcc.arg(format!("-Wl,-rpath,{}", stage.display()));
        }
        run(&mut gcc);
        std::fs::rename(&own, into).expect("the program was made");
    };
    build(&program, &[]);
    if directives.plugin {
        build(&program.with_extension("so"), &["-shared", "-fPIC", "-DPLUGIN"]);
    }
    if mode == Mode::Sanitized {
        let symbols = run(tool("nm").arg(&program));
        assert!(symbols.contains("__asan_init"), "{} has no sanitizer", program.display());
    }
    program
}

/// Compiles `source` and runs it in `mode`, as often and in the way its directives ask for.
/// Returns what it printed.
pub fn run_source(source: &Path, mode: Mode) -> String {
    run_against(source, main_stage(), mode)
}

/// As [`run_source`], against another build of the library.
pub fn run_against(source: &Path, stage: &Path, mode: Mode) -> String {
    let directives = Directives::parse(&read(source));
    let left_out = match mode {
        Mode::Plain => false,
        Mode::Sanitized => directives.no_sanitizer,
        Mode::Valgrind => directives.no_valgrind,
    };
    // Limits on address space leave no room for shadow memory.
    if left_out || mode != Mode::Plain && !directives.runs.is_empty() {
        println!("{} does not run in mode {mode:?}", source.display());
        return String::new();
    }
    let program = compile(source, stage, mode);
    let plain = [(String::new(), String::new())];
    let runs = if directives.runs.is_empty() { &plain[..] } else { &directives.runs[..] };
    let run = |setup: &str, args: &str| run_once(&program, setup, "", args, mode, &directives);
    runs.iter().map(|(setup, args)| run(setup, args)).collect()
}

/// Compiles `source` and runs it in a process that is strange in one way: see strange.c. `setup` is
/// a piece of shell that comes before.
pub fn run_strangely(source: &Path, condition: &str, setup: &str) -> String {
    static PRELOADED: OnceLock<PathBuf> = OnceLock::new();
    let preloaded = PRELOADED.get_or_init(|| {
        let library = scratch("programs").join("strange.so");
        let mut gcc = compiler("gcc");
        gcc.args(["-shared", "-fPIC", "tests/support/strange.c", "-o"]).arg(&library);
        run(gcc.arg("-ldl"));
        library
    });
    let program = compile(source, main_stage(), Mode::Plain);
    let preload = preloaded.display();
    let wrapper = format!("env WASMCELL_STRANGE={condition} LD_PRELOAD={preload} ");
    let directives = Directives::parse(&read(source));
    let printed = run_once(&program, setup, &wrapper, "", Mode::Plain, &directives);
    assert!(printed.contains(&format!("strange: {condition}\n")), "{condition}: {printed}");
    printed
}

fn run_once(
    program: &Path,
    setup: &str,
    wrapper: &str,
    arguments: &str,
    mode: Mode,
    directives: &Directives,
) -> String {
    let mut wrapper = wrapper.to_owned();
    if mode == Mode::Valgrind {
        let _ = tool("valgrind");
        wrapper.push_str("valgrind --quiet --error-exitcode=99 --leak-check=full ");
        wrapper.push_str("--errors-for-leak-kinds=definite --show-leak-kinds=definite ");
        wrapper.push_str("--num-callers=30 --suppressions=tests/c/valgrind.supp ");
        if directives.threads {
            wrapper.push_str("--fair-sched=yes ");
        }
    }
    let setup = if setup.is_empty() { String::new() } else { format!("{setup} && ") };
    let stem = program.file_name().and_then(OsStr::to_str).expect("a program has a name");
    let mut command = tool("timeout");
    command.args(["--kill-after=5", "600", "sh", "-c"]);
    command.arg(format!("{setup}exec {wrapper}\"$0\" {arguments}")).arg(program);
    command.current_dir(root());
    command.env("WASMCELL_GUESTS", root().join("tests/guests"));
    command.env("WASMCELL_LIBRARY", main_stage().join("libwasmcell.so"));
    command.env("WASMCELL_SCRATCH", scratch(&format!("scratch-{stem}")));
    // wasmtime handles the signals of traps itself; the sanitizer would take them for crashes.
    let asan = "handle_segv=0:handle_sigill=0:handle_sigfpe=0:handle_sigbus=0:detect_leaks=1";
    command.env("ASAN_OPTIONS", format!("{asan}:alloc_dealloc_mismatch=1:strict_string_checks=1"));
    command.env("UBSAN_OPTIONS", "print_stacktrace=1");
    command.env_remove("WASMCELL_TEST_SMALL");
    // Cargo's own library would win over the one that the program was linked to.
    command.env_remove("LD_LIBRARY_PATH");
    if mode == Mode::Valgrind {
        command.env("WASMCELL_TEST_SMALL", "1");
    }
    let done = output(&mut command);
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{stem} {arguments} ({mode:?}{}{setup}): {}\n{stdout}{}",
        if setup.is_empty() { "" } else { ", " },
        if done.status.code() == Some(124) { "it hangs".into() } else { done.status.to_string() },
        String::from_utf8_lossy(&done.stderr),
    );
    stdout
}

/// Compiles and runs a program given as text, under the name `stem`.
pub fn run_text(stem: &str, text: &str, mode: Mode) -> String {
    run_source(&write(stem, text), mode)
}

/// Writes a program given as text where it can be compiled.
pub fn write(stem: &str, text: &str) -> PathBuf {
    let source = scratch("sources").join(format!("{stem}.c"));
    // Tests of several modes write the same text at the same time: each writes and renames.
    let id = format!("{}-{:?}", std::process::id(), std::thread::current().id());
    let new = source.with_extension(id.replace(|c: char| !c.is_alphanumeric(), ""));
    fs::write(&new, text).unwrap_or_else(|e| panic!("{}: {e}", new.display()));
    fs::rename(&new, &source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    source
}
