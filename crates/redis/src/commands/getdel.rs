//! `GETDEL key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "getdel",
    arity: Arity::Exactly(2),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Returns the string value of a key and removes it.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    call.reply_with_string(key)?;
    call.txn.delete(key)?;
    Ok(())
}
