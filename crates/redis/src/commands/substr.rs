//! `SUBSTR key start end`

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::commands::getrange;

pub(crate) static COMMAND: Command = Command {
    name: "substr",
    arity: Arity::Exactly(4),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(N) where N is the length of what is returned.",
    summary: "Returns a part of the string value of a key; the old name of GETRANGE.",
    run: Run::Txn(getrange::run),
};
