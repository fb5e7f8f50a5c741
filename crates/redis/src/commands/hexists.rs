//! `HEXISTS key field`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hexists",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Tells whether a hash has a field.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let is_there = match call.open_hash()? {
        Some(hash) => call.field(hash, call.arg(2))?.is_some(),
        None => false,
    };
    call.reply.integer(i64::from(is_there));
    Ok(())
}
