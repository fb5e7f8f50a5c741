//! Deterministic simulation: the whole store below its protocols on one thread, with every choice
//! drawn from a seed, crashed and read again, and held to its rules.
//!
//! The log, its recovery, the transactions and the workers are the product's own; simulated are the
//! medium, the clocks, the order in which anything goes next, and in most scenarios the tables.
//!
//! Knows no protocol, no socket and no thread.
//!
//! Invariants:
//! 1. A seed is a history: the same seed gives the same trace, byte for byte.
//! 2. A run in which what it is about did not happen fails.
//! 3. Every checker has been seen to find a bug that was planted for it ([`planted`], `sim/teeth.toml`).

pub mod audit;
pub mod book;
pub mod check;
pub mod client;
pub mod clock;
pub mod ground;
pub mod leases;
pub mod model;
pub mod notes;
pub mod planted;
pub mod scenario;
pub mod session;
pub mod stripes;
pub mod tally;
pub mod teeth;
pub mod trace;
pub mod violation;
pub mod world;
