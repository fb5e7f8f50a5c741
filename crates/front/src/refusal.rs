//! One golden table: what a refusal is called on each wire.

use base::Kind;
use kv::{Error, Refusal};

/// The error reply of RESP for a refused transaction.
pub(crate) fn resp_refusal(refusal: &Refusal) -> String {
    format!("{} {}", refusal.code, refusal.message)
}

/// The error reply of RESP for a failure of the store.
pub(crate) fn resp_error(error: &Error) -> String {
    let code = match error.kind() {
        Kind::Corrupt => "CORRUPT",
        Kind::Closed => "UNKNOWN",
        Kind::Unavailable => "UNAVAILABLE",
        Kind::Limit => "LIMIT",
        Kind::Denied => "NOPERM",
        Kind::Conflict => "CONFLICT",
        Kind::Invalid | Kind::NotFound | Kind::Exists | Kind::Internal => "ERR",
    };
    let mut text = format!("{code} {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
