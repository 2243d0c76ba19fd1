//! What of a guest's stdio is where.

use std::sync::{Arc, Mutex};

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

use super::Stdio;
use super::input::Input;
use super::outlet::Outlet;
use super::port::{Port, Stdin};
use crate::output::Stream;
use crate::sandbox::{Sandbox, Sink, Source, inherited};

/// Gives `builder` the streams that `sandbox` describes; those of the host are the result.
pub(in crate::sandbox) fn install(
    sandbox: &Sandbox,
    builder: &mut WasiCtxBuilder,
) -> Option<Arc<Stdio>> {
    let input = match &sandbox.stdin {
        Source::Read(read) => Some(Input::new(read.clone())),
        Source::Closed => None,
        Source::Bytes(bytes) => {
            let bytes = bytes::Bytes::from_owner(bytes.clone());
            builder.stdin(MemoryInputPipe::new(bytes));
            None
        }
        Source::Inherit => {
            inherited::stdin(builder);
            None
        }
    };
    let outlet = |sink: &Sink| match sink {
        Sink::Write { write, whole_lines } => Some(Outlet::new(write.clone(), *whole_lines)),
        Sink::Drop | Sink::Capture | Sink::Inherit => None,
    };
    let (stdout, stderr) = (outlet(&sandbox.stdout), outlet(&sandbox.stderr));
    let stdio = Arc::new(Stdio { call: Mutex::new(None), stdin: input, stdout, stderr });
    let mut used = false;
    if stdio.stdin.is_some() {
        builder.stdin(Stdin(stdio.clone()));
        used = true;
    }
    for (sink, stream) in [(&sandbox.stdout, Stream::Stdout), (&sandbox.stderr, Stream::Stderr)] {
        match sink {
            Sink::Drop => {}
            Sink::Inherit => inherited::output(builder, stream),
            Sink::Capture | Sink::Write { .. } => {
                used = true;
                let port = Port { stdio: stdio.clone(), stream };
                match stream {
                    Stream::Stdout => builder.stdout(port),
                    Stream::Stderr => builder.stderr(port),
                };
            }
        }
    }
    used.then_some(stdio)
}
