//! `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "scan",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY.and(Flags::NO_MULTI),
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "2.8.0",
    complexity: "O(1) for every call, O(N) for a complete walk.",
    summary: "Walks over the keys of the database, a piece at a time.",
    run: Run::Connection(Connection::Scan),
};
