//! One golden table: what a refusal is called on each wire.

use base::Kind;
use kv::{Error, Refusal};
use wire::kafka::ErrorCode;

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
    format!("{code} {}", with_causes(error))
}

/// An error and all that led to it, in one line.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// What a Kafka client is told of something that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What a Kafka client is told of a refused transaction: a code of its own where there is one that clients
/// act on, else that of the kind.
pub(crate) fn kafka_refusal(refusal: &Refusal) -> Fault {
    let code = match refusal.code {
        "NOTOPIC" | "NOPARTITION" => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        "TOPICEXISTS" => ErrorCode::TOPIC_ALREADY_EXISTS,
        "BADTOPIC" => ErrorCode::INVALID_TOPIC,
        "BADPARTITIONS" => ErrorCode::INVALID_PARTITIONS,
        "OUTOFORDER" => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        "STALEPRODUCER" => ErrorCode::INVALID_PRODUCER_EPOCH,
        "UNKNOWNPRODUCER" => ErrorCode::UNKNOWN_PRODUCER_ID,
        _ => ErrorCode::from(refusal.kind),
    };
    Fault::new(code, refusal.message.clone())
}

/// What a Kafka client is told of a failure of the store.
pub(crate) fn kafka_error(error: &Error) -> Fault {
    Fault::new(ErrorCode::from(error.kind()), with_causes(error))
}

/// A number that no partition has.
pub(crate) fn no_partition(number: i32) -> Fault {
    let text = format!("there is no partition {number}: they are numbered from 0");
    Fault::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, text)
}

#[cfg(test)]
mod tests;
