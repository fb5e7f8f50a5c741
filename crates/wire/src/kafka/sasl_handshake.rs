//! `SaslHandshake`: which way of authenticating the client is about to take.
//!
//! After version 0 the client sends what that way wants as it is, behind a length and without a header; after
//! version 1 within `SaslAuthenticate`.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// What the client is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The name of the mechanism.
    pub mechanism: &'a str,
}

/// Whether it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Why not.
    pub error: ErrorCode,
    /// The mechanisms that it may choose from.
    pub mechanisms: Vec<&'static str>,
}

pub(super) fn decode<'a>(f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    Ok(Request { mechanism: f.string("a mechanism")? })
}

pub(super) fn encode(response: &Response, w: &mut FieldWriter<'_>) {
    w.i16(response.error.0);
    w.array(&response.mechanisms, |w, mechanism| w.string(mechanism));
}
