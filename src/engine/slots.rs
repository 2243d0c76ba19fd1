//! Places for instances that are alive, of which there are so many.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::workers::Workers;
use crate::error::{Code, Error, Result};

/// So many places, and how long an instance waits for one.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    max: u32,
    wait: Duration,
    /// The setting that says how many there are.
    setting: &'static str,
}

impl Slots {
    pub(crate) fn new(setting: &'static str, max: u32, wait: Duration) -> Self {
        Self { free: Arc::new(Semaphore::new(max as usize)), max, wait, setting }
    }

    /// Waits for `places`, as long as the builder said.
    ///
    /// # Errors
    /// `INSTANCE_LIMIT`.
    pub(crate) async fn take(
        &self,
        places: u32,
        workers: &Workers,
    ) -> Result<OwnedSemaphorePermit> {
        if let Ok(slot) = self.free.clone().try_acquire_many_owned(places) {
            return Ok(slot);
        }
        // The thread that drives the call need not be in the context of the reactor.
        let reactor = workers.reactor();
        let entered = reactor.enter();
        let acquired = self.free.clone().acquire_many_owned(places);
        let mut slot = pin!(tokio::time::timeout(self.wait, acquired));
        drop(entered);
        let slot = poll_fn(|context| {
            let _entered = reactor.enter();
            slot.as_mut().poll(context)
        });
        match slot.await {
            Ok(Ok(slot)) => Ok(slot),
            // The semaphore is never closed, so it is the time that ran out.
            Ok(Err(_)) | Err(_) => Err(self.taken(places)),
        }
    }

    fn taken(&self, places: u32) -> Error {
        let Self { max, setting, .. } = self;
        let wait = self.wait.as_millis();
        let problem = match places {
            1 => format!(
                "all {max} instances that `{setting}` allows stayed alive for the {wait} ms that \
                 `instance_wait` allows"
            ),
            _ => format!(
                "an instance with {places} linear memories counts as {places}, and so many of the \
                 {max} that `{setting}` allows were not free within the {wait} ms that \
                 `instance_wait` allows"
            ),
        };
        Error::new(Code::InstanceLimit, problem).met(setting, None, (*max).into())
    }
}
