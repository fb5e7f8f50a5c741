//! `HMSET key field value [field value ...]`: HSET with the reply of long ago.

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;

pub(crate) static COMMAND: Command = Command {
    name: "hmset",
    arity: Arity::AtLeast(4),
    flags: Flags::WRITE.and(Flags::DENYOOM.and(Flags::FAST)),
    keys: KeySpec::ONE,
    group: Group::Hash,
    since: "2.0.0",
    complexity: "O(1) a field.",
    summary: "Sets fields of a hash.",
    run: Run::Txn(run),
};

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    call.set_fields("hmset")?;
    call.reply.ok();
    Ok(())
}
