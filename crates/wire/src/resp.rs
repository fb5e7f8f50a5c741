//! RESP2 and RESP3, the server's side: requests in, replies out, and the small grammars that Redis
//! clients rely on (numbers, decimal sums, glob patterns).
//!
//! Knows no command: a request is a list of byte strings, a reply is what the caller writes.
//!
//! Source: the Redis serialization protocol specification, and the behaviour of Redis 7.2. Where
//! the two differ from this code, `docs/protocols/redis.md` says so.

mod decimal;
pub mod glob;
mod number;
mod reply;
mod request;
mod value;

pub use decimal::{DecimalError, add_decimal};
pub use number::{
    DOUBLE_TEXT_BYTES_MAX, DoubleText, INTEGER_TEXT_BYTES_MAX, IntegerText, parse_f64, parse_i64,
};
pub use reply::{Mark, Protocol, Writer};
pub use request::{Args, ArgsBuf, Limits, Parser, ProtocolError, Requests};
pub use value::{DecodeError, Value, decode_reply};
