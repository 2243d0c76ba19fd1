//! Tries everything that a sandbox may grant, through Rust's standard library where that can.
#![feature(wasi_ext)]

mod network;
mod streams;

use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::time::{Duration, Instant, SystemTime};

use exports::wasmcell::test::outside::Guest;
use wasi::config::store;
use wasi::logging::logging::{self, Level};

wit_bindgen::generate!({ path: "../wit", world: "sandboxed", generate_all });

struct Sandboxed;

fn kind<T>(result: io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{:?}", error.kind()))
}

fn print(text: &str) {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).expect("stdout takes it");
}

impl Guest for Sandboxed {
    fn arguments() -> Vec<String> {
        std::env::args().collect()
    }

    fn environment() -> Vec<(String, String)> {
        std::env::vars().collect()
    }

    fn initial_directory() -> Option<String> {
        wasip2::cli::environment::initial_cwd()
    }

    fn print(text: String) {
        print(&text);
    }

    fn complain(text: String) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn print_lines(bytes: u32, times: u32) {
        let line = "x".repeat(bytes as usize - 1) + "\n";
        for _ in 0..times {
            print(&line);
        }
    }

    fn print_and_trap(text: String) {
        print(&text);
        std::process::abort();
    }

    fn print_and_spin(text: String) {
        print(&text);
        loop {
            std::hint::black_box(());
        }
    }

    fn print_and_sleep(text: String) {
        print(&text);
        std::thread::sleep(Duration::from_secs(1000));
    }

    fn print_and_exit(text: String) {
        print(&text);
        wasip2::cli::exit::exit_with_code(3);
    }

    fn print_without_waiting(text: String) {
        streams::print_without_waiting(text.as_bytes());
    }

    fn read_line() -> Result<String, String> {
        let mut line = String::new();
        kind(io::stdin().lock().read_line(&mut line))?;
        Ok(line)
    }

    fn read_all() -> Result<String, String> {
        let mut text = String::new();
        kind(io::stdin().lock().read_to_string(&mut text))?;
        Ok(text)
    }

    fn stdin_or_timer(milliseconds: u64) -> String {
        streams::stdin_or_timer(milliseconds)
    }

    fn directories() -> Vec<String> {
        let all = wasip2::filesystem::preopens::get_directories();
        all.into_iter().map(|(_, path)| path).collect()
    }

    fn read_file(path: String) -> Result<String, String> {
        kind(fs::read_to_string(path))
    }

    fn write_file(path: String, text: String) -> Result<(), String> {
        kind(fs::write(path, text))
    }

    fn append_file(path: String, text: String) -> Result<(), String> {
        let file = fs::OpenOptions::new().append(true).open(path);
        kind(file.and_then(|mut file| file.write_all(text.as_bytes())))
    }

    fn list_directory(path: String) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for entry in kind(fs::read_dir(path))? {
            names.push(kind(entry)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn make_directory(path: String) -> Result<(), String> {
        kind(fs::create_dir(path))
    }

    fn remove_file(path: String) -> Result<(), String> {
        kind(fs::remove_file(path))
    }

    fn rename(from: String, to: String) -> Result<(), String> {
        kind(fs::rename(from, to))
    }

    fn hard_link(original: String, link: String) -> Result<(), String> {
        kind(fs::hard_link(original, link))
    }

    fn symlink(target: String, link: String) -> Result<(), String> {
        kind(std::os::wasi::fs::symlink_path(target, link))
    }

    fn read_link(path: String) -> Result<String, String> {
        kind(fs::read_link(path)).map(|path| path.to_string_lossy().into_owned())
    }

    fn size_of(path: String) -> Result<u64, String> {
        kind(fs::metadata(path)).map(|data| data.len())
    }

    fn wall_clock() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |elapsed| elapsed.as_nanos() as u64)
    }

    fn monotonic_clock() -> u64 {
        wasip2::clocks::monotonic_clock::now()
    }

    fn sleep(milliseconds: u64) {
        let start = Instant::now();
        std::thread::sleep(Duration::from_millis(milliseconds));
        std::hint::black_box(start);
    }

    fn random() -> u64 {
        wasip2::random::random::get_random_u64()
    }

    fn insecure_random() -> u64 {
        wasip2::random::insecure::get_insecure_random_u64()
    }

    fn connect(address: String, line: String) -> Result<String, String> {
        network::connect(&address, &line)
    }

    fn listen(address: String) -> Result<u16, String> {
        network::listen(&address)
    }

    fn send_datagram(address: String, text: String) -> Result<(), String> {
        network::send_datagram(&address, &text)
    }

    fn look_up(name: String) -> Result<Vec<String>, String> {
        network::look_up(&name)
    }

    fn config(key: String) -> Result<Option<String>, String> {
        store::get(&key).map_err(|error| format!("{error:?}"))
    }

    fn config_all() -> Result<Vec<(String, String)>, String> {
        store::get_all().map_err(|error| format!("{error:?}"))
    }

    fn log(level: String, context: String, message: String) {
        let level = match level.as_str() {
            "trace" => Level::Trace,
            "debug" => Level::Debug,
            "info" => Level::Info,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Critical,
        };
        logging::log(level, &context, &message);
    }
}

export!(Sandboxed);
