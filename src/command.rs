//! A component as a whole: its functions by text, and commands.

use crate::call::CallOptions;
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::function::Function;
use crate::marshal::Results;
use crate::types::{Name, Type};
use crate::value::{self, Value};

impl Component {
    /// Calls a function on a fresh instance, in WAVE text: `greet("world")`.
    ///
    /// # Errors
    /// As [`function`](Self::function) and [`Function::call_text`](crate::Function::call_text).
    pub fn call_text(&self, text: &str, options: &CallOptions) -> Result<String> {
        let (name, _) = value::parse_call(text)?;
        self.function(&name)?.call_text(text, options)
    }

    /// As [`call_text`](Self::call_text), on the runtime's workers; the outcome, as the text that
    /// is its only value, goes to `done` there.
    ///
    /// # Errors
    /// As [`call_text`](Self::call_text), as far as it is known before the guest starts; then
    /// `done` is dropped unused.
    pub fn call_text_async(
        &self,
        text: &str,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        let (name, _) = value::parse_call(text)?;
        self.function(&name)?.call_text_async(text, options, done)
    }

    /// Runs a command: a component that exports `run` of wasi:cli. Gives the status that it ends
    /// with, from 0 to 255.
    ///
    /// # Errors
    /// `NOT_FOUND` if it is not a command; and as [`Function::call`](crate::Function::call), except
    /// that `EXIT` is none.
    pub fn run(&self, options: &CallOptions) -> Result<i32> {
        status(self.command()?.call_values(&[], options))
    }

    /// As [`run`](Self::run), on the runtime's workers; the outcome, with the status as its only
    /// value, an `s32`, goes to `done` there.
    ///
    /// # Errors
    /// As [`run`](Self::run), as far as it is known before the guest starts; then `done` is dropped
    /// unused.
    pub fn run_async(
        &self,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        let done = |outcome| done(status(outcome).and_then(laid_out));
        self.command()?.call_values_async(Vec::new(), options, done)
    }

    /// `run` of wasi:cli.
    ///
    /// # Errors
    /// `NOT_FOUND` if it is not a command.
    pub(crate) fn command(&self) -> Result<Function> {
        let is_run = |name: &&Name| {
            name.outermost().starts_with("wasi:cli/run@") && name.as_str().ends_with("#run")
        };
        let Some(name) = self.types().exports.iter().map(|item| &item.name).find(is_run) else {
            let problem = "the component is no command: it does not export `run` of wasi:cli/run";
            return Err(Error::new(Code::NotFound, problem));
        };
        let function = self.function(name.as_str())?;
        let signature = function.signature();
        match &signature.result {
            Some(Type::Result(cases))
                if signature.params.is_empty() && cases.ok.is_none() && cases.err.is_none() =>
            {
                Ok(function)
            }
            _ => {
                let problem = "the component is no command: its `run` is not of type \
                               `func() -> result`";
                Err(Error::new(Code::NotFound, problem))
            }
        }
    }
}

/// The status that a command ended with.
pub(crate) fn status(outcome: Result<Vec<Value>>) -> Result<i32> {
    match outcome {
        Ok(results) => match &results[..] {
            [Value::Result(Ok(_))] => Ok(0),
            _ => Ok(1),
        },
        Err(error) => match error.exit_status() {
            Some(status @ 0..=255) => Ok(status),
            _ => Err(error),
        },
    }
}

/// A status as the only value of an outcome.
pub(crate) fn laid_out(status: i32) -> Result<Results> {
    Results::of(&Value::S32(status), &Type::S32)
}
