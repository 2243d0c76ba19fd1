//! In the place of HTTP in a build without it: nothing of it can be had.

use std::sync::Arc;

use super::beginning::Beginning;
use super::piece::Piece;
use crate::call::CallOptions;
use crate::component::Component;
use crate::error::{Code, Error, Result};

/// There is none.
#[derive(Clone, Debug)]
pub enum Handler {}

/// There is none.
#[derive(Clone, Debug)]
pub enum Exchange {}

/// None.
#[derive(Clone, Debug, Default)]
pub struct Fields;

impl Fields {
    /// None.
    pub fn new() -> Self {
        Self
    }
}

/// One that nobody reads.
#[derive(Debug, Default)]
pub struct Request;

/// Of no response.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// A status.
    pub status: u16,
    /// Headers.
    pub fields: Fields,
    /// A length.
    pub body_len: Option<u64>,
}

fn unsupported() -> Error {
    Error::new(Code::Unsupported, "this library was built without its feature `http`")
}

impl Component {
    /// None.
    ///
    /// # Errors
    /// `UNSUPPORTED`.
    pub fn http_handler(&self) -> Result<Handler> {
        Err(unsupported())
    }
}

/// # Errors
/// `UNSUPPORTED`.
pub fn add(_: &mut Fields, _: &[u8], _: &[u8], _: &str) -> Result<()> {
    Err(unsupported())
}

/// None.
pub fn each(_: &Fields) -> impl Iterator<Item = (&str, &[u8])> {
    std::iter::empty()
}

impl Request {
    /// One.
    pub fn new() -> Self {
        Self
    }

    /// # Errors
    /// None.
    pub fn method(&mut self, _: &str) -> Result<&mut Self> {
        Ok(self)
    }

    /// # Errors
    /// None.
    pub fn scheme(&mut self, _: &str) -> Result<&mut Self> {
        Ok(self)
    }

    /// # Errors
    /// None.
    pub fn authority(&mut self, _: &str) -> Result<&mut Self> {
        Ok(self)
    }

    /// # Errors
    /// None.
    pub fn path(&mut self, _: &str) -> Result<&mut Self> {
        Ok(self)
    }

    /// # Errors
    /// None.
    pub fn field(&mut self, _: &[u8], _: &[u8], _: &str) -> Result<&mut Self> {
        Ok(self)
    }
}

impl Exchange {
    /// # Errors
    /// There is no handler to ask it of.
    pub fn open(handler: &Handler, _: Request, _: Beginning, _: &CallOptions) -> Result<Self> {
        match *handler {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn response(&self) -> Result<Option<Arc<ResponseHead>>> {
        match *self {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn read(&self) -> Result<Piece> {
        match *self {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn trailers(&self) -> Result<Option<Fields>> {
        match *self {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn write(&self, _: &[u8]) -> Result<usize> {
        match *self {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn finish(&self, _: Fields) -> Result<()> {
        match *self {}
    }

    /// # Errors
    /// There is no exchange to ask it of.
    pub fn end(&self) -> Result<()> {
        match *self {}
    }
}
