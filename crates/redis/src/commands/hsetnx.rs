//! `HSETNX key field value`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hsetnx",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENYOOM.and(Flags::FAST)),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1)",
    summary: "Sets a field of a hash unless it is there.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = call.arg(2);
    if let Some(hash) = call.open_hash()?
        && call.field(hash, name)?.is_some()
    {
        call.reply.integer(0);
        return Ok(());
    }
    let hash = call.make_hash()?;
    call.set_field(hash, name, call.arg(3))?;
    call.reply.integer(1);
    Ok(())
}
