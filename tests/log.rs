//! Log records, in a process of their own: what tracing remembers of a place in the code is global.

use std::sync::{Arc, Mutex};

use wasmcell::{Component, ComponentOptions, Runtime, RuntimeBuilder};

fn load(builder: &RuntimeBuilder) {
    let runtime = builder.build().unwrap();
    Component::new(&runtime, b"(component)", &ComponentOptions::default()).unwrap();
}

fn builder() -> RuntimeBuilder {
    let mut builder = Runtime::builder();
    builder.max_components(10);
    builder
}

/// tracing asks only the thread's own subscriber about a place in the code that it meets for the
/// first time, as long as there is but one subscriber in the process; and does not ask again.
#[test]
fn records_come_from_code_that_a_runtime_without_a_log_ran_first() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let mut logging = builder();
    logging.log(
        tracing::Level::DEBUG,
        Arc::new(move |_, _, message| sink.lock().unwrap().push(message.to_owned())),
    );
    let runtime = logging.build().unwrap();
    std::thread::spawn(|| load(&builder())).join().unwrap();
    Component::new(&runtime, b"(component)", &ComponentOptions::default()).unwrap();
    let lines = lines.lock().unwrap().join("\n");
    assert!(lines.contains("component loaded"), "{lines}");
}
