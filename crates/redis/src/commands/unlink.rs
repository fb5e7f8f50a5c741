//! `UNLINK key [key ...]`

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::del;

pub(crate) static COMMAND: Command = Command {
    name: "unlink",
    arity: Arity::AtLeast(2),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ALL,
    group: Group::Generic,
    since: "4.0.0",
    complexity: "O(N) where N is the number of keys; their size does not matter.",
    summary: "Removes keys; DEL does not wait for their rows to be reclaimed either.",
    run: Run::Txn(del::run),
};
