//! A command: prints its arguments, copies stdin to stdout, and exits with the status it is told.
//! usage: command [STATUS | trap] [WORD]...

use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    println!("arguments: {}", arguments.join(" "));
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => print!("{text}"),
        Err(error) => eprintln!("stdin: {error}"),
    }
    let _ = std::io::stdout().flush();
    match arguments.get(1).map(String::as_str) {
        None => ExitCode::SUCCESS,
        Some("trap") => std::process::abort(),
        Some(status) => match status.parse() {
            Ok(status) => {
                wasip2::cli::exit::exit_with_code(status);
                unreachable!("it does not return")
            }
            Err(_) => ExitCode::FAILURE,
        },
    }
}
