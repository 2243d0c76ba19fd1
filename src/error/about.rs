//! Saying what an error is about.

use std::fmt::Display;

use super::{Code, Details, Error, HttpError};
use crate::text::cut;

/// Most bytes of a name here, before the mark.
const ROOM: usize = 1000;

impl Error {
    /// What it is about.
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    /// This error, about an import.
    #[must_use]
    pub(crate) fn of_import(mut self, path: impl Display) -> Self {
        self.0.details.import = Some(name(path));
        self
    }

    /// This error, about something that was passed.
    #[must_use]
    pub(crate) fn of_argument(mut self, argument: impl Display) -> Self {
        self.0.details.argument = Some(name(argument));
        self
    }

    /// This error, by the limit of a setting.
    #[must_use]
    pub(crate) fn met(mut self, setting: &'static str, asked: Option<u64>, allowed: u64) -> Self {
        let allowed = Some(allowed);
        self.0.details = Details { setting: Some(setting), asked, allowed, ..self.0.details };
        self
    }

    /// The setting that limits what failed. How much it allows, [`with_limit`](Self::with_limit)
    /// says.
    #[must_use]
    pub(crate) fn with_setting(mut self, setting: &'static str) -> Self {
        self.0.details.setting = Some(setting);
        self
    }

    /// Says how much that setting allows, also in words.
    #[must_use]
    pub(crate) fn with_limit(mut self, limit: u64) -> Self {
        let Some(setting) = self.0.details.setting else { return self };
        self.0.details.allowed = Some(limit);
        let named = format!("`{setting}`: ");
        let problem = self.0.message.strip_prefix(&named).unwrap_or(&self.0.message).to_owned();
        self.reword(format_args!("`{setting}` is {limit}: {problem}"))
    }

    /// This error, which `cause` explains: under its code, with its message in front, about what it
    /// is about.
    #[must_use]
    pub(crate) fn because_of(self, cause: Self) -> Self {
        let mut it = self.context(cause.message());
        it.0.code = cause.0.code;
        it.0.details = cause.0.details;
        it
    }

    /// Of HTTP, for this reason.
    #[cfg(feature = "http")]
    pub(crate) fn http(why: HttpError, problem: impl Display) -> Self {
        let mut it = Self::new(Code::Http, format_args!("{}: {problem}", why.name()));
        it.0.http = Some(why);
        it
    }

    /// Why HTTP failed, if it was that.
    pub fn http_error(&self) -> Option<HttpError> {
        self.0.http
    }

    /// The status to answer an HTTP client with whose request failed so.
    pub fn http_status(&self) -> u16 {
        match self.code() {
            Code::InvalidArgument => 400,
            Code::InstanceLimit | Code::Cancelled | Code::Shutdown => 503,
            Code::Timeout => 504,
            Code::Http => self.http_error().map_or(500, HttpError::status),
            _ => 500,
        }
    }
}

fn name(text: impl Display) -> Box<str> {
    cut(text, ROOM).into()
}
