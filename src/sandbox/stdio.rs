//! A guest's stdin, stdout and stderr, where the host provides them.
//!
//! The guest reads and writes on its fiber, where the host's callbacks must not run (see
//! [`crate::host`]). So its streams only fill and drain buffers there; when one has to wait, it
//! asks by the call's mailbox, and the thread that drives the call runs the callbacks on a native
//! stack. What is left when the call ends is delivered then.

mod input;
mod install;
mod outlet;
mod port;

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use input::Input;
use outlet::Outlet;

pub(super) use install::install;

use crate::host::{AtEnd, HostCall, Mailbox};
use crate::output::{Output, Stream};

/// The streams of one instance, and the call that it is in.
pub(crate) struct Stdio {
    call: Mutex<Option<Attached>>,
    stdin: Option<Input>,
    stdout: Option<Outlet>,
    stderr: Option<Outlet>,
}

/// What the streams need of a call.
#[derive(Clone)]
struct Attached {
    host: HostCall,
    mailbox: Weak<Mailbox>,
    output: Option<Arc<Output>>,
}

impl Stdio {
    /// Connects the streams to a call, until [`finish`](AtEnd::finish).
    pub(crate) fn attach(
        self: &Arc<Self>,
        host: HostCall,
        output: Option<Arc<Output>>,
        mailbox: &Arc<Mailbox>,
    ) {
        *self.attached() = Some(Attached { host, mailbox: Arc::downgrade(mailbox), output });
        mailbox.attach(self.clone());
    }

    /// Does what the guest waits for. Called on a native stack.
    fn serve(&self) {
        let Some(call) = self.attached().clone() else { return };
        for outlet in [&self.stdout, &self.stderr].into_iter().flatten() {
            outlet.deliver(&call.host);
        }
        if let Some(input) = &self.stdin {
            input.fetch(&call.host);
        }
    }

    /// Asks the thread that drives the call to [`serve`](Self::serve).
    fn request(self: &Arc<Self>) {
        let mailbox = self.attached().as_ref().and_then(|call| call.mailbox.upgrade());
        if let Some(mailbox) = mailbox {
            let stdio = self.clone();
            mailbox.post(move || stdio.serve());
        }
    }

    /// Waits until callbacks have got what the guest has flushed.
    pub(super) async fn flushed(self: &Arc<Self>) {
        poll_fn(|context| {
            let outlets = [&self.stdout, &self.stderr].into_iter().flatten();
            let late: Vec<&Outlet> = outlets.filter(|it| it.is_flushing()).collect();
            if late.is_empty() || self.attached().is_none() {
                return Poll::Ready(());
            }
            late.iter().for_each(|it| it.wait(context.waker()));
            self.request();
            Poll::Pending
        })
        .await;
    }

    fn capture(&self, stream: Stream, bytes: &[u8]) {
        if let Some(output) = self.attached().as_ref().and_then(|call| call.output.as_ref()) {
            output.push(stream, bytes);
        }
    }

    fn outlet(&self, stream: Stream) -> Option<&Outlet> {
        match stream {
            Stream::Stdout => self.stdout.as_ref(),
            Stream::Stderr => self.stderr.as_ref(),
        }
    }

    fn attached(&self) -> MutexGuard<'_, Option<Attached>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AtEnd for Stdio {
    fn tells_host(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Delivers what the guest printed and was not delivered yet.
    fn finish(&self) {
        let Some(call) = self.attached().take() else { return };
        for outlet in [&self.stdout, &self.stderr].into_iter().flatten() {
            outlet.deliver(&call.host);
            outlet.deliver_rest(&call.host);
        }
    }
}
