//! Drives a call on its caller's thread.
//!
//! Not `tokio::runtime::Runtime::block_on`: that panics on a thread of another tokio runtime, and
//! hosts may be tokio programs. The thread parks between polls, and wakes for the guest's event,
//! for cancellation, and at the deadline.

use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::coop::unconstrained;

use crate::engine::deadline::DeadlineRef;
use crate::engine::epoch::Ticker;
use crate::engine::parker::Parker;
use crate::error::Result;
use crate::host::Mailbox;
use crate::interrupt::Interrupt;
use crate::system::log::Log;
use crate::system::process::{Birthplace, Kept};

/// What a call on its caller's thread goes by.
pub(crate) struct Surroundings<'a> {
    /// Whose WASI timers and sockets are; a guest that imports none of WASI needs none.
    pub reactor: Option<&'a Handle>,
    pub deadline: DeadlineRef<'a>,
    /// Where host functions are asked for.
    pub mailbox: &'a Mailbox,
    /// The log that records go to meanwhile.
    pub log: &'a Log,
    pub ticker: &'a Ticker,
    /// Who is asked now and then whether the call may go on.
    pub interrupt: Option<&'a Interrupt>,
    /// The process that the call began in.
    pub birthplace: Birthplace,
}

impl Surroundings<'_> {
    /// Asks the host whether the call may go on.
    fn ask(&self) -> Result<()> {
        let Some(interrupt) = self.interrupt else { return Ok(()) };
        interrupt.ask(self.ticker.ticks())?;
        self.birthplace.check()
    }

    /// Waits until `parker` is woken.
    fn wait(&self, parker: &Parker) -> Result<()> {
        let end = self.deadline.at();
        loop {
            let until = match self.interrupt {
                Some(_) => end.min(Instant::now() + self.ticker.tick()),
                None => end,
            };
            if parker.park_until(until) {
                return Ok(());
            }
            if until == end {
                return Err(self.deadline.timed_out());
            }
            self.ask()?;
        }
    }
}

/// Polls `call` on this thread until it is done, cancelled or late.
///
/// # Errors
/// `TIMEOUT`, `CANCELLED`, what the host says when it is asked, or `FORKED` if one of its callbacks
/// came back in a fork; and then `call` is to be dropped where it stands.
#[inline(always)]
pub(crate) fn block_on<F: Future>(
    around: &Surroundings<'_>,
    mut call: Pin<&mut F>,
) -> Result<F::Output> {
    let Surroundings { reactor, deadline, mailbox, log, ticker, birthplace, .. } = *around;
    let _reactor = reactor.map(Handle::enter);
    let mut cancellation = pin!(Kept::new(ticker.cancellations().wait(deadline.cancel)));
    // Most calls never wait: who wakes them is only made when one does, and asked once more.
    let mut parker = None;
    let mut ticks = ticker.ticks();
    loop {
        let waker = parker.as_ref().map_or(Waker::noop(), |(_, waker)| waker);
        let mut context = Context::from_waker(waker);
        let polled = match parker {
            None => call.as_mut().poll(&mut context),
            // Within a task of tokio's, a completion callback's, nobody would renew the budget.
            Some(_) => pin!(unconstrained(call.as_mut())).poll(&mut context),
        };
        log.release();
        if let Poll::Ready(output) = polled {
            return Ok(output);
        }
        if mailbox.serve() {
            birthplace.check()?;
            // The host function may have taken all the time there was; no need to look at the
            // clock for one that was done within a tick.
            let before = mem::replace(&mut ticks, ticker.ticks());
            let in_time = match before == ticks {
                true => deadline.check_cancel(),
                false => deadline.check(),
            };
            if in_time.is_err() {
                // Right away, while what the answer points to is there.
                mailbox.discard();
            }
            in_time?;
            continue;
        }
        around.ask()?;
        let Some((parker, _)) = &parker else {
            parker = Some(Parker::here());
            continue;
        };
        if cancellation.as_mut().poll(&mut context).is_ready() {
            return Err(deadline.cancelled());
        }
        around.wait(parker)?;
    }
}
