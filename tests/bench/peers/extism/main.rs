//! The benchmarks' work, done by Extism, as far as plug-ins can: they take bytes and give bytes.
//! Time and memory are limited as in wasmcell. See ../../README.md.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use extism::{CompiledPlugin, Error, Manifest, PTR, Plugin, PluginBuilder, UserData, Val, Wasm};

const LIMIT: Duration = Duration::from_secs(600);
/// In pages of 64 KiB.
const MEMORY: u32 = 4096;

fn compile(plugin: Vec<u8>) -> Result<CompiledPlugin, Error> {
    let manifest = Manifest::new([Wasm::data(plugin)]).with_timeout(LIMIT).with_memory_max(MEMORY);
    PluginBuilder::new(manifest)
        .with_function("host", [PTR], [PTR], UserData::<()>::default(), |_, args, results, _| {
            results[0] = Val::I64(args[0].unwrap_i64() + 1);
            Ok(())
        })
        .with_cache_disabled()
        .compile()
}

/// Nanoseconds that `n` calls took.
fn calls(plugin: &mut Plugin, name: &str, input: &[u8], n: u64) -> Result<u128, Error> {
    let begin = Instant::now();
    for _ in 0..n {
        drop(plugin.call::<&[u8], Vec<u8>>(name, input)?);
    }
    Ok(begin.elapsed().as_nanos())
}

fn fresh(compiled: &CompiledPlugin, n: u64) -> Result<u128, Error> {
    let begin = Instant::now();
    for _ in 0..n {
        let mut plugin = Plugin::new_from_compiled(compiled)?;
        drop(plugin.call::<&[u8], Vec<u8>>("none", &[])?);
    }
    Ok(begin.elapsed().as_nanos())
}

/// `None` if Extism cannot do it.
fn work(
    compiled: &CompiledPlugin,
    plugin: &mut Plugin,
    name: &str,
    n: u64,
) -> Result<Option<u128>, Error> {
    let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let (kind, size) = name.split_at(digits);
    let took = match kind {
        "none" => calls(plugin, "none", &[], n)?,
        "text" | "bytes" => calls(plugin, "echo", &vec![b'x'; size.parse()?], n)?,
        "fresh" => fresh(compiled, n)?,
        "ask" => calls(plugin, "ask", &n.to_le_bytes(), 1)?,
        _ => return Ok(None),
    };
    Ok(Some(took))
}

fn main() -> Result<(), Error> {
    let path = std::env::args().nth(1);
    let path = path.ok_or_else(|| Error::msg("usage: extism-peer plugin.wat"))?;
    let compiled = compile(std::fs::read(path)?)?;
    let mut plugin = Plugin::new_from_compiled(&compiled)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some((name, n)) = line.split_once(' ') else { continue };
        match work(&compiled, &mut plugin, name, n.trim().parse()?)? {
            Some(took) => println!("{took}"),
            None => println!("-"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
