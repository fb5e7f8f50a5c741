//! `SaslAuthenticate`: one step of authenticating, in the form of the mechanism that `SaslHandshake` named.

use std::fmt;

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// What the client shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// In the mechanism's form. With PLAIN it holds the password.
    pub auth_bytes: &'a [u8],
}

/// Shows how long it is, never what it holds.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("auth_bytes", &self.auth_bytes.len()).finish()
    }
}

/// What the broker makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Why the client is not let in.
    pub error: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'static str>,
    /// In the mechanism's form: empty with PLAIN.
    pub auth_bytes: Vec<u8>,
    /// After what time the client has to authenticate anew, in milliseconds; 0 for never (from version 1
    /// on).
    pub session_lifetime_ms: i64,
}

pub(super) fn decode<'a>(f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let expected = "what the client shows";
    let auth_bytes = f.nullable_bytes(expected)?.ok_or(Error::Malformed { expected })?;
    f.tags()?;
    Ok(Request { auth_bytes })
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    w.i16(response.error.0);
    w.nullable_string(response.error_message);
    w.bytes(&[&response.auth_bytes]);
    if version >= 1 {
        w.i64(response.session_lifetime_ms);
    }
    w.tags();
}
