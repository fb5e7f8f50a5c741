//! `FindCoordinator`: the broker that takes requests for a group or a transactional id.

use super::field::{FieldWriter, Fields};
use super::{Error, ErrorCode};

/// The key is a consumer group.
pub const GROUP: i8 = 0;

/// The key is a transactional id.
pub const TRANSACTION: i8 = 1;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// [`GROUP`] or [`TRANSACTION`].
    pub key_type: i8,
    /// Groups or transactional ids: exactly one before version 4.
    pub keys: Vec<&'a str>,
}

/// The coordinators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
    /// One for each key, in their order: before version 4 only the first is sent, and there has to be
    /// one.
    pub coordinators: Vec<Coordinator>,
}

/// The coordinator of one key, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinator {
    /// The key (version 4).
    pub key: String,
    /// The broker's number; -1 for none.
    pub node_id: i32,
    /// The name or address that clients reach it under.
    pub host: String,
    /// Its port; -1 for none.
    pub port: i32,
    /// Why there is none.
    pub error: ErrorCode,
    /// The same in words (from version 1 on).
    pub error_message: Option<String>,
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    let mut keys = vec![];
    if version < 4 {
        keys.push(f.string("a key")?);
    }
    let key_type = if version >= 1 { f.i8("a type of key")? } else { GROUP };
    if version >= 4 {
        keys = f.array("keys", |f| f.string("a key"))?;
    }
    f.tags()?;
    Ok(Request { key_type, keys })
}

pub(super) fn encode(response: &Response, version: i16, w: &mut FieldWriter<'_>) {
    if version >= 1 {
        w.i32(response.throttle_time_ms);
    }
    if version >= 4 {
        w.array(&response.coordinators, |w, coordinator| {
            w.string(&coordinator.key);
            encode_place(coordinator, w);
            w.i16(coordinator.error.0);
            w.nullable_string(coordinator.error_message.as_deref());
            w.tags();
        });
    } else {
        let none = Coordinator::unavailable();
        let coordinator = response.coordinators.first().unwrap_or(&none);
        w.i16(coordinator.error.0);
        if version >= 1 {
            w.nullable_string(coordinator.error_message.as_deref());
        }
        encode_place(coordinator, w);
    }
    w.tags();
}

fn encode_place(coordinator: &Coordinator, w: &mut FieldWriter<'_>) {
    w.i32(coordinator.node_id);
    w.string(&coordinator.host);
    w.i32(coordinator.port);
}

impl Coordinator {
    const fn unavailable() -> Self {
        Self {
            key: String::new(),
            node_id: -1,
            host: String::new(),
            port: -1,
            error: ErrorCode::COORDINATOR_NOT_AVAILABLE,
            error_message: None,
        }
    }
}
