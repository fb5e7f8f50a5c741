//! What the checkers are called, and what one has found.

use std::fmt;

use serde::Deserialize;

/// A rule that the store is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checker {
    /// No acknowledged commit is lost.
    Acknowledged,
    /// What is recovered is what had been committed up to some point, every value of it.
    Recovered,
    /// A transaction read what the commits before it had left, every value of it.
    Reads,
    /// A reply waits as long as its namespaces and its transaction ask for, and no longer.
    Waits,
    /// No reply rested on something that was lost later.
    Dependency,
    /// A store opens after a crash, and refuses to after rot that took what was acknowledged.
    Opens,
    /// Watermarks do not go back and keep their order; a crash takes nothing that one had passed.
    Watermarks,
    /// Sequences are gapless within an open, and never given twice.
    Sequences,
    /// Transactions on lists have an order that explains what each saw, and it is that of sequences.
    Order,
    /// Balances, events and idempotency records say the same, and no money comes or goes.
    Money,
    /// No transfer happens twice, and none under a lock that was lost.
    Guards,
    /// A lock is its holder's until its lease is over, and nobody's after.
    Leases,
    /// The number of keys that the tables keep is the number of keys that there are.
    KeyCount,
    /// Store time neither jumps nor goes back.
    Time,
    /// No transaction ran that was to run only if nothing watched had changed, and something had.
    Watched,
    /// Who waits for a change is woken by it.
    Woken,
    /// Records are numbered without gaps and are what was appended; what was shown stays.
    Records,
    /// A walk finds what has been there all the time and nothing that has not; counts are right.
    Listing,
    /// What was asked is answered in bounded time.
    Progress,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which rule.
    pub checker: Checker,
    /// By what.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.checker, self.what)
    }
}
