//! `RANDOMKEY`

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

pub(crate) static COMMAND: Command = Command {
    name: "randomkey",
    arity: Arity::Exactly(1),
    flags: Flags::READONLY.and(Flags::NO_MULTI),
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns a key drawn at random, or nil if there is none.",
    run: Run::Connection(Connection::RandomKey),
};
