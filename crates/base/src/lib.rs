//! What every crate of Groundsill agrees on: ids, bounds, byte codecs, error kinds, time, events.
//!
//! Knows no I/O, no runtime, no thread, and no meaning of a key or a value.
//!
//! Invariants:
//! 1. Nothing here reads the machine: clocks are a trait, implemented at the rim ([`clock::Clock`]).
//! 2. A decoder never panics and never allocates by a length that it has not checked ([`codec`]).

pub mod clock;
pub mod codec;
pub mod event;
pub mod id;
pub mod kind;
pub mod limits;
pub mod rng;

pub use clock::{Clock, HandClock, Monotonic, StoreTime};
pub use event::{Event, Observer};
pub use id::{Generation, Namespace, Sequence, Space, StoreId, Tenant};
pub use kind::Kind;
