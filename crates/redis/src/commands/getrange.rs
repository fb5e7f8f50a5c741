//! `GETRANGE key start end`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "getrange",
    arity: Arity::Exactly(4),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.4.0",
    complexity: "O(N) where N is the length of what is returned.",
    summary: "Returns a part of the string value of a key.",
    run: Run::Txn(run),
};

pub(crate) fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (first, last) = (call.integer(2)?, call.integer(3)?);
    let key = call.open(1)?;
    call.reply_with_range(key, first, last)
}
