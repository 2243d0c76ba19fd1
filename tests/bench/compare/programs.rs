//! The programs that do the work: child processes that read "work iterations" and answer
//! nanoseconds.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::works::Side;

/// Where things are.
pub struct Places {
    /// What cargo built.
    pub release: PathBuf,
    /// What `make bench` built, and where results go.
    pub bench: PathBuf,
    pub python: PathBuf,
}

impl Places {
    pub fn new(release: &Path, bench: &Path) -> Self {
        Self {
            release: release.to_owned(),
            bench: bench.to_owned(),
            python: release.join("large/python.wasm"),
        }
    }

    /// A component without imports.
    pub fn plain(&self) -> PathBuf {
        self.bench.join("plain.wat")
    }

    /// How a side is started.
    pub fn command(&self, side: Side) -> Command {
        let go = |name: &str| self.bench.join("go").join(name);
        let program = match side {
            Side::Ours => self.bench.join("wasmcell"),
            Side::Floor => self.release.join("floor"),
            Side::Capi => self.bench.join("wasmtime"),
            Side::Extism => self.bench.join("extism"),
            Side::Go => go("wasmcell"),
            Side::WasmtimeGo => go("wasmtime"),
            Side::Wazero => go("wazero"),
        };
        let mut command = Command::new(program);
        match side {
            Side::Extism => command.arg("tests/bench/plugin.wat"),
            Side::WasmtimeGo | Side::Wazero => command.arg(self.bench.join("core.wasm")),
            _ => command.args(["tests/bench", "tests/guests"]).args([&self.python, &self.plain()]),
        };
        if side == Side::Ours {
            command.arg(self.bench.join("cache"));
        }
        command
    }

    pub fn is_built(&self, side: Side) -> bool {
        Path::new(self.command(side).get_program()).exists()
    }
}

/// A program that runs.
pub struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let missing = || io::Error::other("no pipe");
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What `n` iterations took; `None` if the program cannot do the work.
    pub fn ask(&mut self, work: &str, n: u64) -> io::Result<Option<f64>> {
        writeln!(self.input, "{work} {n}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim() {
            "-" => Ok(None),
            number => number
                .parse()
                .map(Some)
                .map_err(|_| io::Error::other(format!("answered `{number}` to `{work} {n}`"))),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All programs that are there.
pub type Programs = BTreeMap<Side, Program>;
