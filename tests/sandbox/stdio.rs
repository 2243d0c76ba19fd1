//! stdin, stdout and stderr.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use wasmcell::host::HostCall;
use wasmcell::marshal::Args;
use wasmcell::sandbox::{ReadFn, Sink, Source};
use wasmcell::{CallOptions, CancelToken, Code, Component, Error, Instance, Output, Sandbox};

use crate::{call, call_with, check_stack, fails, load, on_large_stack, options};

fn capturing() -> Component {
    load(Sandbox::new().stdout(Sink::Capture).stderr(Sink::Capture))
}

fn with_output(cap: usize) -> (CallOptions, Arc<Output>) {
    let output = Arc::new(Output::new(cap));
    (CallOptions { output: Some(output.clone()), ..options() }, output)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn captured_output_belongs_to_the_call() {
    let component = capturing();
    let (options, output) = with_output(100);
    call_with(&component, r#"print("one")"#, &options).unwrap();
    assert_eq!((text(&output.stdout()), text(&output.stderr())), ("one", ""));
    call_with(&component, r#"complain("two")"#, &options).unwrap();
    assert_eq!((text(&output.stdout()), text(&output.stderr())), ("", "two"));
    // A call without output drops it.
    call(&component, r#"print("three")"#);
    assert_eq!(text(&output.stderr()), "two");
    assert!(!output.is_truncated());
}

#[test]
fn captured_output_ends_at_its_cap_and_the_guest_goes_on() {
    let (options, output) = with_output(10);
    call_with(&capturing(), "print-lines(8, 100000)", &options).unwrap();
    assert_eq!(text(&output.stdout()), "xxxxxxx\nxx");
    assert!(output.is_truncated());
}

#[test]
fn what_is_not_captured_is_not_captured() {
    let component = load(Sandbox::new().stderr(Sink::Capture));
    let (options, output) = with_output(10);
    call_with(&component, r#"print("one")"#, &options).unwrap();
    assert_eq!(text(&output.stdout()), "");
}

#[test]
fn captured_output_arrives_however_the_call_ends() {
    let component = capturing();
    for (end, code) in [
        ("trap", Code::Trap),
        ("spin", Code::Timeout),
        ("sleep", Code::Timeout),
        ("exit", Code::Exit),
    ] {
        let (mut options, output) = with_output(100);
        options.timeout = Some(Duration::from_millis(200));
        let call = format!("print-and-{end}(\"so far\")");
        assert_eq!(call_with(&component, &call, &options).unwrap_err().code(), code);
        assert_eq!(text(&output.stdout()), "so far", "{end}");
    }
}

#[test]
fn an_instance_captures_into_the_output_of_each_call() {
    let component = capturing();
    let print = component.function("wasmcell:test/outside@0.1.0#print").unwrap();
    let instance = Instance::new(&component, &options()).unwrap();
    for word in ["one", "two"] {
        let (options, output) = with_output(100);
        instance.call_text(&print, &format!("(\"{word}\")"), &options).unwrap();
        assert_eq!(text(&output.stdout()), word);
    }
}

#[test]
fn stdin_comes_from_bytes_anew_for_each_instance() {
    let component = load(Sandbox::new().stdin(Source::Bytes((*b"one\ntwo").into())));
    assert_eq!(call(&component, "read-line()"), r#"ok("one\n")"#);
    assert_eq!(call(&component, "read-all()"), r#"ok("one\ntwo")"#);
}

type Chunks = Arc<Mutex<Vec<String>>>;

/// A component whose stdout goes to a callback that runs on the native stack, and what it gets.
fn writing(whole_lines: bool) -> (Component, Chunks) {
    let chunks = Chunks::default();
    let into = chunks.clone();
    let write = move |_: &HostCall, bytes: &[u8]| {
        check_stack();
        into.lock().unwrap().push(text(bytes).to_owned());
    };
    let sink = Sink::Write { write: Arc::new(write), whole_lines };
    (load(Sandbox::new().stdout(sink.clone()).stderr(sink)), chunks)
}

#[test]
fn stdout_goes_to_a_callback_while_the_guest_runs() {
    let (component, chunks) = writing(false);
    let function = component.function("wasmcell:test/outside@0.1.0#print-and-sleep").unwrap();
    let cancel = CancelToken::new();
    let (send, receive) = mpsc::channel();
    let options = CallOptions { cancel: Some(cancel.clone()), ..options() };
    let early = [wasmcell::Value::String("early".into())];
    let args = Args::from_values(&early, function.signature()).unwrap();
    function.call_async(args, &options, move |result| send.send(result).unwrap()).unwrap();
    for _ in 0..1000 {
        if !chunks.lock().unwrap().is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(*chunks.lock().unwrap(), ["early"]);
    cancel.trigger();
    let result = receive.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(result.unwrap_err().code(), Code::Cancelled);
    assert_eq!(*chunks.lock().unwrap(), ["early"]);
}

#[test]
fn a_callback_gets_whole_lines_if_asked() {
    let (component, chunks) = writing(true);
    let print = component.function("wasmcell:test/outside@0.1.0#print").unwrap();
    let instance = Instance::new(&component, &options()).unwrap();
    instance.call_text(&print, r#"("one\ntwo\nthr")"#, &options()).unwrap();
    // The rest comes when the call ends.
    assert_eq!(*chunks.lock().unwrap(), ["one\n", "two\n", "thr"]);
    instance.call_text(&print, r#"("ee\n\n")"#, &options()).unwrap();
    assert_eq!(chunks.lock().unwrap()[3..], ["ee\n", "\n"]);
}

#[test]
fn a_long_line_comes_in_pieces() {
    let (component, chunks) = writing(true);
    call(&component, "print-lines(100000, 2)");
    let chunks = chunks.lock().unwrap();
    let lengths: Vec<_> = chunks.iter().map(String::len).collect();
    assert_eq!(lengths, [65536, 34464, 65536, 34464]);
    assert!(chunks[1].ends_with("x\n"));
}

#[test]
fn a_callback_gets_everything_however_the_call_ends() {
    for whole_lines in [false, true] {
        let (component, chunks) = writing(whole_lines);
        for (end, code) in [
            ("trap", Code::Trap),
            ("spin", Code::Timeout),
            ("sleep", Code::Timeout),
            ("exit", Code::Exit),
        ] {
            chunks.lock().unwrap().clear();
            let short = CallOptions { timeout: Some(Duration::from_millis(200)), ..options() };
            let call = format!("print-and-{end}(\"so\\nfar\")");
            assert_eq!(call_with(&component, &call, &short).unwrap_err().code(), code);
            assert_eq!(chunks.lock().unwrap().concat(), "so\nfar", "{end}");
        }
    }
}

#[test]
fn a_guest_that_never_waits_is_delivered_too() {
    for whole_lines in [false, true] {
        let (component, chunks) = writing(whole_lines);
        let long = "y".repeat(10_000);
        call(&component, &format!("print-without-waiting(\"{long}\")"));
        assert_eq!(chunks.lock().unwrap().concat(), long);
    }
}

#[test]
fn much_output_arrives_whole() {
    let (component, chunks) = writing(false);
    call(&component, "print-lines(1000, 1000)");
    let all = chunks.lock().unwrap().concat();
    assert_eq!((all.len(), all.lines().count()), (1_000_000, 1000));
}

fn reading(
    read: impl Fn(&HostCall, &mut [u8]) -> Result<usize, Error> + Send + Sync + 'static,
) -> Component {
    let read: Arc<ReadFn> = Arc::new(read);
    load(Sandbox::new().stdin(Source::Read(read)))
}

#[test]
fn stdin_comes_from_a_callback() {
    let calls = AtomicUsize::new(0);
    let component = reading(move |_, buffer| {
        check_stack();
        let part: &[u8] = match calls.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => b"one\nt",
            1 => b"wo\n",
            _ => b"",
        };
        buffer[..part.len()].copy_from_slice(part);
        Ok(part.len())
    });
    assert_eq!(call(&component, "read-all()"), r#"ok("one\ntwo\n")"#);
    assert_eq!(call(&component, "read-all()"), r#"ok("one\ntwo\n")"#);
}

#[test]
fn an_error_of_stdin_ends_the_call_untouched() {
    let component = reading(|_, _| Err(Error::new(Code::Host, "no more tape")));
    let error = fails(&component, "read-all()");
    assert_eq!((error.code(), error.message()), (Code::Host, "no more tape"));
    let component = reading(|_, buffer| Ok(buffer.len() + 1));
    let error = fails(&component, "read-all()");
    assert_eq!(error.code(), Code::Host);
    assert!(error.message().contains("65537 bytes where 65536 fit"), "{error}");
}

#[test]
fn stdin_can_be_polled_beside_a_timer() {
    let component = reading(|_, buffer| {
        buffer[..2].copy_from_slice(b"hi");
        Ok(2)
    });
    assert_eq!(call(&component, "stdin-or-timer(10000)"), r#""stdin: hi""#);
    let component = load(&Sandbox::new());
    assert_eq!(call(&component, "stdin-or-timer(10000)"), r#""stdin: StreamError::Closed""#);
}

#[test]
fn callbacks_see_the_call_that_they_serve() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = seen.clone();
    let write = move |call: &HostCall, _: &[u8]| {
        let name = call.context().and_then(|it| it.downcast_ref::<&str>().copied());
        into.lock().unwrap().push(name);
    };
    let sink = Sink::Write { write: Arc::new(write), whole_lines: false };
    let component = load(Sandbox::new().stdout(sink));
    let options = CallOptions { context: Some(Arc::new("me")), ..options() };
    call_with(&component, r#"print("x")"#, &options).unwrap();
    call(&component, r#"print("x")"#);
    assert_eq!(*seen.lock().unwrap(), [Some("me"), None]);
}

#[test]
fn callbacks_have_the_callers_whole_stack() {
    let read = |_: &HostCall, _: &mut [u8]| {
        check_stack();
        Ok(0)
    };
    on_large_stack(|| {
        for whole_lines in [false, true] {
            let (component, chunks) = writing(whole_lines);
            call(&component, r#"print("a\nb")"#);
            assert_eq!(chunks.lock().unwrap().concat(), "a\nb");
        }
        assert_eq!(call(&reading(read), "read-all()"), r#"ok("")"#);
    });
}
