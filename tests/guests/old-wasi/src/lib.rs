//! Tells what it sees of the world outside, through Rust's standard library and WASI.

use std::io::Write;
use std::time::{Duration, SystemTime};

wit_bindgen::generate!({ path: "../wit", world: "surroundings" });

struct Surroundings;

impl Guest for Surroundings {
    fn arguments() -> Vec<String> {
        std::env::args().collect()
    }

    fn environment() -> Vec<(String, String)> {
        std::env::vars().collect()
    }

    fn read(path: String) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| error.to_string())
    }

    fn say(text: String) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    fn complain(text: String) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    fn now() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |elapsed| elapsed.as_secs())
    }

    fn random() -> u64 {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0)
    }

    fn nap(milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }

    fn leave(status: u8) {
        std::process::exit(status.into());
    }
}

export!(Surroundings);
