//! The benchmarks' work, done by wasmtime for a Rust host that knows all types when it is compiled
//! and keeps the promises that wasmcell keeps. See ../README.md.

use std::fs;
use std::io::{BufRead, Write};
use std::time::Instant;

use wasmtime::Result;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, Lower};

mod fresh;
mod host;
mod values;

use fresh::Fresh;
use host::{Ask, Guest, Host};
use values::{Row, Shape};

/// How often `compute` and `loop` go round in one iteration.
const BLOCKS: u32 = 1_000;
const ROUNDS: u32 = 1_000_000;

/// An instance that is called again and again.
struct Live {
    host: Host,
    store: Store<Guest>,
    instance: Instance,
    /// Whether calls may wait, and need a stack of their own for it.
    waits: bool,
}

impl Live {
    fn new(path: &str, ask: Ask, epochs: bool) -> Result<Self> {
        let host = Host::new(epochs)?;
        let pre = host.link(&Component::from_file(host.engine(), path)?, ask)?;
        let mut store = host.store();
        let instance = host.live(&mut store, |store| pre.instantiate_async(store))?;
        Ok(Self { host, store, instance, waits: true })
    }

    /// Of a component that imports nothing: a call only computes, here on the caller's stack.
    fn plain(path: &str) -> Result<Self> {
        Ok(Self { waits: false, ..Self::new(path, Ask::Direct, true)? })
    }

    /// `n` calls of `name`.
    fn calls<P, R>(&mut self, name: &str, n: u64, args: impl Fn() -> P) -> Result<u64>
    where
        P: ComponentNamedList + Lower + Send,
        R: ComponentNamedList + Lift + Send + 'static,
    {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name)?;
        nanoseconds(|| {
            for _ in 0..n {
                if !self.waits {
                    Host::arm(&mut self.store);
                    drop(function.call(&mut self.store, args())?);
                    continue;
                }
                let call = |store| function.call_async(store, args());
                drop(self.host.live(&mut self.store, call)?);
            }
            Ok(())
        })
    }
}

/// Bytes that `n` instances take.
fn instances(fresh: &Fresh, n: u64) -> Result<u64> {
    let mut alive = Vec::with_capacity(n as usize);
    let before = resident()?;
    for _ in 0..n {
        let mut store = fresh.host.store();
        let start = |store| fresh.pre.instantiate_async(store);
        let instance = fresh.host.live(&mut store, start)?;
        alive.push((store, instance));
    }
    Ok(resident()? - before)
}

/// Bytes of this process that are in memory.
fn resident() -> Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).and_then(|it| it.parse::<u64>().ok());
    pages.map(|it| it * 4096).ok_or_else(|| wasmtime::format_err!("/proc/self/statm: {statm}"))
}

fn nanoseconds(work: impl FnOnce() -> Result<()>) -> Result<u64> {
    let begin = Instant::now();
    work()?;
    Ok(u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// Ways to get a component that is ready to be instantiated.
struct Loads {
    host: Host,
    bytes: Vec<u8>,
    compiled: Vec<u8>,
    file: tempfile::TempPath,
}

impl Loads {
    fn new(path: &str) -> Result<Self> {
        let host = Host::new(true)?;
        let bytes = fs::read(path)?;
        let compiled = Component::new(host.engine(), &bytes)?.serialize()?;
        let file = tempfile::NamedTempFile::new()?.into_temp_path();
        fs::write(&file, &compiled)?;
        Ok(Self { host, bytes, compiled, file })
    }

    fn work(&self, how: &str) -> Result<()> {
        let engine = self.host.engine();
        // SAFETY: `new` compiled what is loaded here, and nobody else knows the file.
        let component = match how {
            "load-compile" => Component::new(engine, &self.bytes)?,
            "load-deserialize" => unsafe { Component::deserialize(engine, &self.compiled)? },
            _ => unsafe { Component::deserialize_file(engine, &self.file)? },
        };
        if how == "load-file" {
            return Ok(());
        }
        self.host.link_wasi(&component).map(drop)
    }
}

/// What was needed so far, so that a work that nobody asks for costs nothing.
#[derive(Default)]
struct Works {
    /// The directory of the benchmarks and that of the test guests, a component in Python, one
    /// without imports.
    paths: [String; 4],
    live: Option<Live>,
    plain: Option<Live>,
    direct: Option<Live>,
    compute: Option<Live>,
    endless: Option<Live>,
    fresh: Option<Fresh>,
    wasi: Option<Fresh>,
    python: Option<Fresh>,
    loads: Option<Loads>,
}

/// What `slot` holds, made if it is empty.
fn made<T>(slot: &mut Option<T>, make: impl FnOnce() -> Result<T>) -> Result<&mut T> {
    if slot.is_none() {
        *slot = Some(make()?);
    }
    Ok(slot.as_mut().expect("just made"))
}

impl Works {
    /// Nanoseconds that `n` times the work `name` took; `None` if it cannot be done.
    fn work(&mut self, name: &str, n: u64) -> Result<Option<u64>> {
        let [bench, guests, python, plain] = &self.paths;
        let (guest, compute) = (&format!("{bench}/guest.wat"), &format!("{bench}/compute.wat"));
        let wasi = format!("{guests}/greeter.wasm");
        let took = match name {
            "ask-direct" => {
                let live = made(&mut self.direct, || Live::new(guest, Ask::Direct, true))?;
                live.calls::<(u32,), (u32,)>("ask", 1, || (n as u32,))?
            }
            "compute" | "loop" => {
                let live = || Live::new(compute, Ask::Outside, true);
                computes(made(&mut self.compute, live)?, name, n)?
            }
            "compute-endless" | "loop-endless" => {
                let live = || Live::new(compute, Ask::Outside, false);
                computes(made(&mut self.endless, live)?, name, n)?
            }
            "fresh" | "threads" | "instances" => {
                let fresh = made(&mut self.fresh, || fresh(guest, "add", false))?;
                match name {
                    "fresh" => nanoseconds(|| fresh.adds(n))?,
                    "threads" => nanoseconds(|| fresh.in_two_threads(n))?,
                    _ => instances(fresh, n)?,
                }
            }
            "fresh-wasi" => {
                let fresh = made(&mut self.wasi, || fresh(&wasi, "greet", true))?;
                nanoseconds(|| fresh.greets(n))?
            }
            "fresh-python" if fs::exists(python)? => {
                let fresh = made(&mut self.python, || fresh(python, "greet", true))?;
                nanoseconds(|| fresh.greets(n))?
            }
            "fresh-python" => return Ok(None),
            name if name.starts_with("load-") => {
                let loads = made(&mut self.loads, || Loads::new(&wasi))?;
                if name == "load-cache" {
                    return Ok(None);
                }
                nanoseconds(|| (0..n).try_for_each(|_| loads.work(name)))?
            }
            name if name.starts_with("plain-") => {
                let live = made(&mut self.plain, || Live::plain(plain))?;
                return values(live, &name["plain-".len()..], n);
            }
            name => {
                let live = made(&mut self.live, || Live::new(guest, Ask::Outside, true))?;
                return values(live, name, n);
            }
        };
        Ok(Some(took))
    }
}

fn fresh(path: &str, name: &str, wasi: bool) -> Result<Fresh> {
    Fresh::new(Host::new(true)?, path, name, wasi)
}

/// Calls in a live instance that compute.
fn computes(live: &mut Live, name: &str, n: u64) -> Result<u64> {
    match name.starts_with("loop") {
        true => live.calls::<(u32,), (u32,)>("loop", n, || (ROUNDS,)),
        false => live.calls::<(u32,), (u32,)>("compute", n, || (BLOCKS,)),
    }
}

/// Calls in a live instance, most with an argument whose size stands behind the name.
fn values(live: &mut Live, name: &str, n: u64) -> Result<Option<u64>> {
    let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let (kind, size) = name.split_at(digits);
    let size = size.parse::<usize>().unwrap_or_default();
    let took = match kind {
        "none" => live.calls::<(), ()>(kind, n, || ())?,
        "add" => live.calls::<(u32, u32), (u32,)>(kind, n, || (20, 22))?,
        "ask" => live.calls::<(u32,), (u32,)>(kind, 1, || (n as u32,))?,
        "text" => {
            let text = "x".repeat(size);
            live.calls::<(&str,), (String,)>(kind, n, || (&*text,))?
        }
        "bytes" => {
            let bytes = vec![0; size];
            live.calls::<(&[u8],), (Vec<u8>,)>(kind, n, || (&*bytes,))?
        }
        "doubles" => {
            let doubles = vec![0.0; size];
            live.calls::<(&[f64],), (Vec<f64>,)>(kind, n, || (&*doubles,))?
        }
        "rows" => {
            let rows = values::rows(size);
            live.calls::<(&[Row],), (Vec<Row>,)>(kind, n, || (&*rows,))?
        }
        "shapes" => {
            let shapes = values::shapes(size);
            live.calls::<(&[Shape],), (Vec<Shape>,)>(kind, n, || (&*shapes,))?
        }
        _ => return Ok(None),
    };
    Ok(Some(took))
}

fn main() -> Result<()> {
    let mut paths = std::env::args().skip(1);
    let mut path = || paths.next().unwrap_or_default();
    let mut works = Works { paths: [path(), path(), path(), path()], ..Works::default() };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some((name, n)) = line.split_once(' ') else { continue };
        match works.work(name, n.trim().parse()?)? {
            Some(took) => println!("{took}"),
            None => println!("-"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
