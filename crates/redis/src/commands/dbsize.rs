//! `DBSIZE`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "dbsize",
    arity: Arity::Exactly(1),
    flags: Flags::READONLY.and(Flags::FAST).and(Flags::NO_MULTI),
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Counts the keys of the database.",
    run: Run::Connection(Connection::DbSize),
};
