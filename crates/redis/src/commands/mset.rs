//! `MSET key value [key value ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "mset",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::PAIRS,
    group: Group::String,
    since: "1.0.1",
    complexity: "O(N) where N is the number of keys.",
    summary: "Sets the string values of keys.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    check_pairs(call)?;
    set_pairs(call)?;
    call.reply.ok();
    Ok(())
}

/// Refuses a key without a value.
pub(crate) fn check_pairs(call: &Call<'_, '_>) -> Result<(), Error> {
    if call.args.len().is_multiple_of(2) { Err(Error::wrong_arity(&call.name())) } else { Ok(()) }
}

/// Sets every key to the value behind it.
pub(crate) fn set_pairs(call: &mut Call<'_, '_>) -> Result<(), Error> {
    for index in COMMAND.keys.positions(call.args.len()) {
        let key = call.open(index)?;
        call.set_string(key, call.arg(index + 1))?;
    }
    Ok(())
}
