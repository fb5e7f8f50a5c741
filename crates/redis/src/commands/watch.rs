//! `WATCH key [key ...]`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "watch",
    arity: Arity::AtLeast(2),
    flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
    keys: KeySpec::ALL,
    group: Group::Transactions,
    since: "2.2.0",
    complexity: "O(1) for every key.",
    summary: "Lets the next EXEC run only if these keys stay as they are.",
    run: Run::Connection(Connection::Watch),
};
