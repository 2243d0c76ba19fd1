//! A component as a whole: its functions by text, and commands.

use crate::call::CallOptions;
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::types::Name;
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

    /// Runs a command: a component that exports `run` of wasi:cli. Gives the status that it ends
    /// with, from 0 to 255.
    ///
    /// # Errors
    /// `NOT_FOUND` if it is not a command; and as [`Function::call`](crate::Function::call), except
    /// that `EXIT` is none.
    pub fn run(&self, options: &CallOptions) -> Result<i32> {
        let is_run = |name: &&Name| {
            name.outermost().starts_with("wasi:cli/run@") && name.as_str().ends_with("#run")
        };
        let Some(name) = self.types().exports.iter().map(|item| &item.name).find(is_run) else {
            let problem = "the component is no command: it does not export `run` of wasi:cli/run";
            return Err(Error::new(Code::NotFound, problem));
        };
        match self.function(name.as_str())?.call_values(&[], options) {
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
}
