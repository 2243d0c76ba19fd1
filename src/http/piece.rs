//! A part of a response's body.

use bytes::Bytes;

/// What comes next of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Some bytes, at least one.
    Data(Bytes),
    /// Nothing more: it is complete.
    End,
    /// Nothing before the host has written more of the request's body.
    NotYet,
}
