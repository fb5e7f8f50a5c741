//! What the caller of a failed operation is to do next.

/// A closed, prescriptive classification that every crate's `Error::kind()` maps to, and that each
/// wire maps to its own code in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed or breaks a rule: change it.
    Invalid,
    /// What it names is not there: create it, or accept its absence.
    NotFound,
    /// What it would create is there already.
    Exists,
    /// Somebody else was first, or a guard did not hold: read again and retry.
    Conflict,
    /// Not permitted to this caller.
    Denied,
    /// Over a bound that the message names: send less.
    Limit,
    /// Not possible at present: retry later.
    Unavailable,
    /// This handle is of no more use: reconnect. The outcome of what was under way is unknown.
    Closed,
    /// Stored bytes are not what was written: stop, verify, restore.
    Corrupt,
    /// A defect of Groundsill: report it.
    Internal,
}
