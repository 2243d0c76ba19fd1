//! An instance while a call is in it, and where it goes back to.

use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::marshal::{Args, Handles, Results};
use crate::store::{Live, Passage, Session};
use crate::system::process::Kept;
use crate::types::FunctionType;
use crate::value::Value;

/// An instance, or why there is none.
#[derive(Default)]
pub(super) struct State {
    /// `None` while a call is in it, and for ever after one failed.
    pub live: Option<Box<Kept<Live>>>,
    /// How that one failed.
    pub failure: Option<String>,
}

/// Where an instance goes back to after a call.
pub(super) trait Keeper {
    fn put(&mut self, live: Box<Kept<Live>>);

    fn poison(&mut self, failure: String);
}

/// Locked for as long as a call on its caller's thread takes.
pub(super) struct Locked<'a> {
    pub state: MutexGuard<'a, State>,
    pub poisoned: &'a AtomicBool,
}

impl Keeper for Locked<'_> {
    #[inline(always)]
    fn put(&mut self, live: Box<Kept<Live>>) {
        self.state.live = Some(live);
    }

    fn poison(&mut self, failure: String) {
        self.poisoned.store(true, Ordering::Release);
        self.state.failure = Some(failure);
    }
}

/// An instance while a call is in it. Unless the call comes back with results, the instance is
/// poisoned: it may have stopped anywhere.
pub(super) struct Entered<P: Keeper> {
    live: Option<Box<Kept<Live>>>,
    /// Resources among the arguments.
    pub passage: Option<Box<Passage>>,
    failed: Option<String>,
    place: P,
}

impl<P: Keeper> Entered<P> {
    pub(super) fn new(live: Box<Kept<Live>>, place: P) -> Self {
        Self { live: Some(live), passage: None, failed: None, place }
    }

    pub(super) fn live(&mut self) -> Result<&mut Live> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        self.live.as_deref_mut().map(|it| &mut **it).ok_or_else(gone)
    }

    pub(super) fn read<'a>(
        &mut self,
        function: &Function,
        read: impl FnOnce(&FunctionType, &mut dyn Handles) -> Result<Args<'a>>,
    ) -> Result<Args<'a>> {
        let (args, passage) = self.live()?.read(function.export(), read)?;
        self.passage = passage;
        Ok(args)
    }

    pub(super) fn check(&mut self, handle: u64) -> Result<()> {
        self.live()?.peek(handle)
    }

    pub(super) async fn call(
        &mut self,
        function: &Function,
        args: &Args<'_>,
        call: Call,
    ) -> Result<Results> {
        let passage = self.passage.take();
        self.within(call, async |it| it.call(function.export(), args, passage).await).await
    }

    pub(super) async fn call_values(
        &mut self,
        function: &Function,
        args: &[Value],
        call: Call,
    ) -> Result<Vec<Value>> {
        self.within(call, async |session| {
            let values = session.call_values(function.export(), args).await?;
            session.give(&values)?;
            Ok(values)
        })
        .await
    }

    pub(super) async fn drop_resource(&mut self, handle: u64, call: Call) -> Result<()> {
        self.within(call, async |session| session.drop_resource(handle).await).await
    }

    /// The call failed after it came back with results.
    pub(super) fn fail(&mut self, error: &Error) {
        self.live = None;
        self.failed.get_or_insert_with(|| error.message().to_owned());
    }

    /// Runs `body` as one call.
    pub(super) async fn within<T>(
        &mut self,
        call: Call,
        body: impl AsyncFnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        let mut session = self.begin(|it| *it = call)?;
        let outcome = body(&mut session).await;
        self.end(session, outcome)
    }

    /// Takes the instance into a call.
    #[inline(always)]
    pub(super) fn begin(&mut self, set: impl FnOnce(&mut Call)) -> Result<Session> {
        let gone = || Error::new(Code::Poisoned, "the instance is gone");
        Session::begin(self.live.take().ok_or_else(gone)?, set)
    }

    /// The instance comes back only if the call ended well.
    #[inline(always)]
    pub(super) fn end<T>(&mut self, session: Session, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Ok(_) => self.live = Some(session.finish()),
            Err(error) => self.failed = Some(error.message().to_owned()),
        }
        outcome
    }
}

impl<P: Keeper> Drop for Entered<P> {
    fn drop(&mut self) {
        if let (Some(live), Some(passage)) = (&mut self.live, self.passage.take()) {
            // The call did not begin.
            let _ = live.undo(*passage);
        }
        match self.live.take() {
            Some(live) => self.place.put(live),
            None => {
                let stopped = || "it was stopped on its way".to_owned();
                self.place.poison(self.failed.take().unwrap_or_else(stopped));
            }
        }
    }
}
