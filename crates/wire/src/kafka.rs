//! The Kafka protocol, the broker's side: requests in, responses out, and record batches.
//!
//! Knows no topic and no socket. Requests borrow the frame that they were read from; responses are
//! written into the caller's buffer. Each message has a module with its request and its response.
//!
//! Invariants:
//! 1. What is supported stands in one table ([`Api::versions`]); `ApiVersions` is answered from it and
//!    no other version is decoded.
//! 2. Counts are bounded by the bytes that are there and, over a whole frame, by
//!    [`Limits::elements_max`]: a small frame cannot take much memory.
//! 3. A frame is read to its last byte, or refused; but for a Metadata that asks for all topics, behind
//!    which a widespread client leaves bytes over.
//!
//! Source: the message definitions of Apache Kafka 4.0, and KIP-98 for record batches.

mod api;
pub mod api_versions;
pub mod batch;
mod code;
pub mod create_topics;
pub mod delete_topics;
pub mod fetch;
mod field;
pub mod find_coordinator;
mod frame;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
pub mod produce;
pub mod sasl_authenticate;
pub mod sasl_handshake;

pub use api::{Api, NEVER, VersionRange};
pub use code::ErrorCode;
pub use frame::{
    Error, Header, Limits, Request, Response, decode, encode, encode_empty, frame_wants,
    split_frame,
};

/// A topic's id as Kafka knows it; all zeros where there is none.
pub type TopicId = [u8; 16];
