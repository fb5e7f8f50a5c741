//! Doctor: finds the silent failures of a host and of the systems on it, and says what each will break and when, what
//! proves it, and what mending it costs.
//!
//! A check is two parts. A *probe* looks at the world and takes a typed [`snapshot`] of it; a *rule* is a pure function
//! from two snapshots, some seconds apart, to what is wrong. So every rule can be tried on snapshots of machines that
//! nobody can reach any more, and a snapshot from such a machine can be judged here.
//!
//! Knows no store, no protocol of ours and no log: of this project it sees nothing. The clock is handed in.
//!
//! Invariants:
//! 1. It changes nothing on what it looks at. Only a lab does, on a machine that is said to be disposable.
//! 2. What could not be looked at is never fine: a rule cannot reach a value without saying what happens where there is none.
//! 3. Counters are judged by what they grew between the two snapshots, never by their totals.
//! 4. An id is one culprit and one fix, for ever.

pub mod bundle;
pub mod check;
pub mod checks;
#[cfg(test)]
mod ground;
pub mod lab;
pub mod probe;
pub mod record;
pub mod report;
pub mod snapshot;
pub mod suppress;
mod words;
