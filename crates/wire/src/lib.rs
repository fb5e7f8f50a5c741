//! Sans-I/O codecs: bytes to frames and frames to bytes, for RESP ([`resp`]) and Kafka ([`kafka`]).
//!
//! Knows no socket, no clock, no store and no meaning of a command: what arrives is split into its
//! parts and checked for form, what leaves is laid out as the protocol asks.
//!
//! Invariants:
//! 1. No decoder panics, whatever the bytes.
//! 2. No decoder allocates by a length or count that it has not checked against a limit and against
//!    the bytes that are there.
//! 3. The work on a frame grows with its bytes, however they are cut up on the way.

pub mod kafka;
pub mod resp;
