//! `HGETALL key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::hash;

pub(crate) static COMMAND: Command = Command {
    name: "hgetall",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(N) where N is the number of fields.",
    summary: "Returns all fields of a hash and their values.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let hash = call.open_hash()?;
    let fields = hash::all_fields(call.txn, hash)?;
    call.reply.map(fields.len());
    for (name, value) in fields {
        call.reply.bulk(name);
        call.reply.bulk(value);
    }
    Ok(())
}
