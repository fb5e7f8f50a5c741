//! `HSTRLEN key field`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hstrlen",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "3.2.0",
    complexity: "O(1)",
    summary: "Returns the length of the value of a field of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let value = match call.open_hash()? {
        Some(hash) => call.field(hash, call.arg(2))?,
        None => None,
    };
    let len = value.map_or(0, <[u8]>::len);
    call.reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
    Ok(())
}
