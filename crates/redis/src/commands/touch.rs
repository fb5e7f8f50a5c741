//! `TOUCH key [key ...]`

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::exists;

pub(crate) static COMMAND: Command = Command {
    name: "touch",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ALL,
    group: Group::Generic,
    since: "3.2.1",
    complexity: "O(N) where N is the number of keys.",
    summary: "Marks keys as used, as every command on them does, and counts those that are there.",
    run: Run::Txn(exists::run),
};
