//! `APPEND key value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::string;

pub(crate) static COMMAND: Command = Command {
    name: "append",
    arity: Arity::Exactly(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "2.0.0",
    complexity: "O(N) where N is the length of what is appended.",
    summary: "Appends to the string value of a key, and sets it if it is not there.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    let len = call.string_len(key)?;
    let len = string::write(call.txn, key, len, call.arg(2))?;
    call.reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
    Ok(())
}
