//! `KEYS pattern`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "keys",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::NO_MULTI).and(Flags::DANGEROUS),
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(N) in the number of keys of the database.",
    summary: "Returns all keys that match a pattern.",
    run: Run::Connection(Connection::Keys),
};
