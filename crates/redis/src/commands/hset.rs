//! `HSET key field value [field value ...]`

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hset",
    arity: Arity::AtLeast(4),
    flags: Flags::WRITE.and(Flags::DENYOOM.and(Flags::FAST)),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1) a field.",
    summary: "Sets fields of a hash, and answers how many are new.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let added = call.set_fields("hset")?;
    call.reply.integer(added);
    Ok(())
}
