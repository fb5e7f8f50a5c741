//! `UNWATCH`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "unwatch",
    arity: Arity::Exactly(1),
    flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Transactions,
    since: "2.2.0",
    complexity: "O(N) in the number of watched keys.",
    summary: "Forgets what WATCH said.",
    run: Run::Connection(Connection::Unwatch),
};
