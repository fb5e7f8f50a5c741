//! `HKEYS key`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::hash;

pub(crate) static COMMAND: Command = Command {
    name: "hkeys",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY,
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(N) where N is the number of fields.",
    summary: "Returns the names of all fields of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let Some(hash) = call.open_hash()? else {
        call.reply.array(0);
        return Ok(());
    };
    let fields = hash::fields(call.txn, hash)?;
    call.reply.array(fields.len());
    for (name, _) in fields {
        call.reply.bulk(name);
    }
    Ok(())
}
