//! `HLEN key`

use kv::Type;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hlen",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Returns the number of fields of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let key = call.open(1)?;
    let rows = call.header_of(key, Type::Hash)?.map_or(0, |header| header.rows);
    call.reply.integer(i64::try_from(rows).unwrap_or(i64::MAX));
    Ok(())
}
