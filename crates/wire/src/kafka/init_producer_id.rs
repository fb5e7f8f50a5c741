//! `InitProducerId`: an identity for a producer, so that what it sends again is recognised.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// `None` for a producer that is idempotent and not transactional.
    pub transactional_id: Option<&'a str>,
    /// After what time of silence its transactions are aborted, in milliseconds.
    pub transaction_timeout_ms: i32,
    /// The identity it has; -1 for none (from version 3 on).
    pub producer_id: i64,
    /// The epoch it has; -1 for none (from version 3 on).
    pub producer_epoch: i16,
}

/// The identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why there is none.
    pub error: ErrorCode,
    /// -1 for none.
    pub producer_id: i64,
    /// -1 for none.
    pub producer_epoch: i16,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let request = Request {
        transactional_id: f.nullable_string("a transactional id")?,
        transaction_timeout_ms: f.i32("a transaction timeout")?,
        producer_id: if version >= 3 { f.i64("a producer id")? } else { -1 },
        producer_epoch: if version >= 3 { f.i16("a producer epoch")? } else { -1 },
    };
    f.tags()?;
    Ok(request)
}

pub(super) fn encode(response: &Response, w: &mut FieldWriter<'_>) {
    w.i32(response.throttle_time_ms);
    w.i16(response.error.0);
    w.i64(response.producer_id);
    w.i16(response.producer_epoch);
    w.tags();
}
