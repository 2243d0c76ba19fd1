//! Host functions as the host writes them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::resources::HostType;
use crate::engine::deadline::{Deadline, DeadlineRef};
use crate::error::Result;
use crate::marshal::{Number, Reply, Results, Values};
use crate::types::FunctionType;
use crate::value::Value;

/// What a host function is told about the call that led to it.
#[derive(Clone)]
pub struct HostCall {
    deadline: Deadline,
    context: Option<Context>,
    /// The component whose guest calls, by its number; 0 if it is no function that is called.
    component: u64,
}

/// What a caller attached to its call for its host functions.
pub type Context = Arc<dyn Any + Send + Sync>;

impl HostCall {
    pub(crate) fn new(deadline: DeadlineRef<'_>, context: Option<Context>) -> Self {
        Self { deadline: deadline.to_owned(), context, component: 0 }
    }

    /// Time left before the call runs out of time.
    pub fn remaining(&self) -> Duration {
        self.deadline.as_ref().remaining()
    }

    /// Whether the call was cancelled or has run out of time: whatever the host function answers,
    /// the guest is stopped soon afterwards.
    pub fn is_cancelled(&self) -> bool {
        self.deadline.as_ref().check().is_err()
    }

    /// The call of a function, by a guest of the component with this number.
    pub(crate) fn of(self, component: u64) -> Self {
        Self { component, ..self }
    }

    /// The number of the component whose guest calls: the one that the host called, or one that
    /// provides for it.
    pub fn component_id(&self) -> u64 {
        self.component
    }

    /// What the caller attached to its call.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }
}

impl fmt::Debug for HostCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCall").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// What a host function answers.
pub enum Answer {
    /// The results, or why there are none.
    Now(Result<Box<dyn Reply>>),
    /// The result, of a function that gives a number, bool or char.
    Number(Number),
    /// They come later, from any thread. Dropping the sender is an error.
    Later(oneshot::Receiver<Result<Box<dyn Reply>>>),
}

impl Answer {
    /// No results, or an error.
    pub fn done(result: Result<()>) -> Self {
        Self::Now(result.map(|()| -> Box<dyn Reply> { Box::new(()) }))
    }
}

/// A host function. It runs on the calling thread's own stack, may block, and may call other
/// components.
pub type HostFn = dyn Fn(&HostCall, Arguments) -> Answer + Send + Sync;

/// The arguments of a host function, with the handles in them already looked up.
#[derive(Debug)]
pub struct Arguments {
    /// The values, in which resources are numbers.
    pub values: Values,
    /// The type of the function: what the guest passes and expects.
    pub ty: Arc<FunctionType>,
    /// The types of the host's resources, if the function takes or gives any resources.
    pub(crate) types: Option<Arc<[HostType]>>,
}

impl Arguments {
    /// The values, for hosts in Rust.
    ///
    /// # Errors
    /// `UNSUPPORTED` for resources.
    pub fn read(&self) -> Result<Vec<Value>> {
        self.values.to_args(&self.ty)
    }

    /// An answer of `results`, for hosts in Rust.
    pub fn answer(&self, results: &[Value]) -> Answer {
        let results = Results::from_values(results, &self.ty);
        Answer::Now(results.map(|results| -> Box<dyn Reply> { Box::new(results) }))
    }
}
