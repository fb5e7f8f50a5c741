//! `STRLEN key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "strlen",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Returns the length of the string value of a key.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    let len = call.string_len(key)?;
    call.reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
    Ok(())
}
